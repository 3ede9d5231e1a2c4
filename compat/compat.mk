# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The calls of codecov on libcov: build/libcodecov.so.1 (and the symlink libcodecov.so)
# and build/libcodecov.a. Included by libcov.mk; all paths are from the top.

COMPAT_SOURCES := codecov backend
COMPAT_HEADERS := compat/codecov.h compat/backend.h
COMPAT_OBJECTS := $(COMPAT_SOURCES:%=build/obj/compat/%.o)

build/obj/compat/%.o: compat/%.c $(COMPAT_HEADERS) libcov/libcov.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -fvisibility=hidden,$(LIBCOV_CFLAGS)) $(CPPFLAGS) $(CFLAGS) -pthread \
		-fPIC -c -o $@ $<

build/libcodecov.so.1: $(COMPAT_OBJECTS) compat/codecov.map build/libcov.so
	$(CC) -shared -pthread -Wl,-soname,libcodecov.so.1 \
		-Wl,--version-script=compat/codecov.map -Wl,-z,defs $(LDFLAGS) -o $@ \
		$(COMPAT_OBJECTS) -Lbuild -lcov

build/libcodecov.so: build/libcodecov.so.1
	ln -sf libcodecov.so.1 $@

build/libcodecov.a: $(COMPAT_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $(COMPAT_OBJECTS)
