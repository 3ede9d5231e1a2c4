# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libcov: build/libcov.so.1 (and the symlink libcov.so), build/libcov.a,
# build/libcov.pc. Included by the top-level Makefile; all paths are from there.

LIBCOV_VERSION := $(shell sed -n 's/^.define LIBCOV_VERSION "\(.*\)"/\1/p' libcov/libcov.h)

LIBCOV_SOURCES := cov file module_file unit_list section_list sections attach task checkpoint engines \
	samples map news trace snapshot snapshot_get known_sets sample_table sample_places graph symbols \
	records rank query lines
LIBCOV_HEADERS := libcov/libcov.h libcov/internal.h libcov/known_sets.h include/cov_ioctl.h \
	include/cov_release.h
# Empty for a compiler that warns of more than ours.
WERROR ?= -Werror
LIBCOV_CFLAGS := -std=gnu11 -Wall -Wextra $(WERROR) -O2 -g -D_GNU_SOURCE -Iinclude -Ilibcov \
	-fvisibility=hidden
LIBCOV_LIBS := -ldw -lelf

LIBCOV_OBJECTS := $(LIBCOV_SOURCES:%=build/obj/libcov/%.o)

.PHONY: libcov
libcov: build/libcov.so build/libcov.a build/libcov.pc build/libcodecov.so build/libcodecov.a

include compat/compat.mk

build/obj/libcov/%.o: libcov/%.c $(LIBCOV_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LIBCOV_CFLAGS) $(CPPFLAGS) $(CFLAGS) -fPIC -c -o $@ $<

build/libcov.so.1: $(LIBCOV_OBJECTS) libcov/libcov.map
	$(CC) -shared -Wl,-soname,libcov.so.1 -Wl,--version-script=libcov/libcov.map \
		-Wl,-z,defs $(LDFLAGS) -o $@ $(LIBCOV_OBJECTS) $(LIBCOV_LIBS)

build/libcov.so: build/libcov.so.1
	ln -sf libcov.so.1 $@

build/libcov.a: $(LIBCOV_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $(LIBCOV_OBJECTS)

# Checked each time: PREFIX (see install.mk) may have changed.
.PHONY: FORCE
build/libcov.pc: libcov/libcov.pc.in FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(LIBCOV_VERSION)|' $< > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# ---- tests, without a kernel: make libcov-test runs them ---------------------
#
# LIBCOV_TESTS are programs that print a line "ok ..." or "not ok ..." for each
# test (CMocka's with CMOCKA_MESSAGE_OUTPUT=TAP) and exit 0 if all is well. They
# need LIBCOV_TEST_FILES to be built and are run from the project's root.

LIBCOV_TEST := build/unit/libcov
LIBCOV_TEST_CFLAGS := $(filter-out -O2 -fvisibility=hidden,$(LIBCOV_CFLAGS)) -O1 -Itests/unit \
	-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LIBCOV_FAKE := tests/unit/fake_kernel.c tests/unit/fake_tables.c tests/unit/fake_trace.c tests/unit/toy.S
STRIP ?= strip
OBJCOPY ?= objcopy
LIBCOV_WRAPPED := open close ioctl poll mmap fopen opendir access stat statfs
LIBCOV_TEST_HEADERS := $(LIBCOV_HEADERS) tests/unit/fake_kernel.h

LIBCOV_UNIT := test_libcov test_libcov_read test_libcov_samples test_libcov_records \
	test_libcov_trace
LIBCOV_TEST_FILES := $(LIBCOV_UNIT:%=$(LIBCOV_TEST)/%.asan) $(LIBCOV_TEST)/fake_kernel.so \
	$(LIBCOV_TEST)/covstat.asan $(LIBCOV_TEST)/test_codecov.asan build/covstat build/libcov.a
LIBCOV_TESTS := $(LIBCOV_UNIT:%=$(LIBCOV_TEST)/%.asan) $(LIBCOV_TEST)/test_codecov.asan tests/unit/test_libcov_exports.sh \
	tests/unit/test_covstat.py tests/unit/test_covstat_paths.py tests/unit/test_livecov.py \
	tests/unit/test_example.py tests/unit/test_install.sh tests/unit/test_man.py

.PHONY: libcov-test
libcov-test: libcov covstat $(LIBCOV_TEST_FILES)
	@status=0; for test in $(LIBCOV_TESTS); do \
		echo "--- $$test"; ./$$test || status=1; done; exit $$status

# The build-id is that of fake_kernel.h.
$(LIBCOV_TEST)/toy.ko: tests/unit/toy.S
	@mkdir -p $(@D)
	$(CC) -g -c -o $@.o $<
	$(LD) -r --build-id=0x0123456789abcdef0123456789abcdef01234567 -o $@ $@.o
	@rm -f $@.o
	@mkdir -p $(@D)/stripped
	$(STRIP) -g -o $(@D)/stripped/toy.ko $@

# What clang leaves out.
$(LIBCOV_TEST)/no_aranges/toy.ko: $(LIBCOV_TEST)/toy.ko
	@mkdir -p $(@D)
	$(OBJCOPY) -R .debug_aranges -R .rela.debug_aranges $< $@

$(LIBCOV_UNIT:%=$(LIBCOV_TEST)/%.asan): $(LIBCOV_TEST)/%.asan: tests/unit/%.c \
		tests/unit/libcov_fixture.c tests/unit/libcov_fixture.h $(LIBCOV_FAKE) \
		$(LIBCOV_SOURCES:%=libcov/%.c) $(LIBCOV_TEST_HEADERS) \
		$(LIBCOV_TEST)/toy.ko $(LIBCOV_TEST)/no_aranges/toy.ko
	$(CC) $(LIBCOV_TEST_CFLAGS) -DTOY_DIRECTORY='"$(abspath $(LIBCOV_TEST))"' \
		-DTOY_SOURCE='"tests/unit/toy.S"' -o $@ $(filter %.c %.S,$^) \
		$(LIBCOV_WRAPPED:%=-Wl,--wrap=%) $(LIBCOV_LIBS) -lcmocka

# A program as users of codecov write it, with the library, libcov and the fake kernel in
# it. It is compiled separately, without libcov's headers.
$(LIBCOV_TEST)/test_codecov.o: tests/unit/test_codecov.c compat/codecov.h tests/unit/fake_kernel.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -Ilibcov,$(LIBCOV_TEST_CFLAGS)) -Icompat -c -o $@ $<

$(LIBCOV_TEST)/test_codecov.asan: $(LIBCOV_TEST)/test_codecov.o $(LIBCOV_FAKE) \
		$(COMPAT_SOURCES:%=compat/%.c) $(COMPAT_HEADERS) \
		$(LIBCOV_SOURCES:%=libcov/%.c) $(LIBCOV_TEST_HEADERS)
	$(CC) $(LIBCOV_TEST_CFLAGS) -pthread -o $@ $(filter %.o %.c %.S,$^) \
		$(LIBCOV_WRAPPED:%=-Wl,--wrap=%) $(LIBCOV_LIBS) -lcmocka

# For LD_PRELOAD; not sanitized itself, so that it works with any program.
$(LIBCOV_TEST)/fake_kernel.so: $(LIBCOV_FAKE) $(LIBCOV_TEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(filter-out -fvisibility=hidden,$(LIBCOV_CFLAGS)) -Itests/unit -DFAKE_PRELOAD \
		-shared -fPIC -o $@ $(LIBCOV_FAKE) -ldl

# covstat and libcov in one sanitized program.
$(LIBCOV_TEST)/covstat.asan: $(LIBCOV_SOURCES:%=libcov/%.c) $(wildcard tools/covstat/*.[ch]) \
		$(LIBCOV_HEADERS) build/obj/covstat/syscall_names.h
	@mkdir -p $(@D)
	$(CC) $(LIBCOV_TEST_CFLAGS) -Ibuild/obj/covstat -o $@ $(filter %.c,$^) $(LIBCOV_LIBS) -ljson-c
