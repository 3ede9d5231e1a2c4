# SPDX-License-Identifier: GPL-2.0-only
#
# covstat: build/covstat. Included by the top-level Makefile after
# libcov/libcov.mk; all paths are from there. The run path is $ORIGIN for the
# build directory and $ORIGIN/../lib for an installation.

COVSTAT_SOURCES := main attach detach run status list list_json next reset doctor \
	checkpoint samples samples_places samples_reaching samples_smallest callers map \
	map_build map_records map_print watch records engines condition unhit ranges words \
	table json
COVSTAT_CFLAGS := -std=gnu11 -Wall -Wextra -Werror -O2 -g -D_GNU_SOURCE -Ilibcov
COVSTAT_LIBS := -ljson-c -lcapstone

COVSTAT_OBJECTS := $(COVSTAT_SOURCES:%=build/obj/covstat/%.o)

.PHONY: covstat
covstat: build/covstat

build/obj/covstat/%.o: tools/covstat/%.c tools/covstat/covstat.h tools/covstat/map.h libcov/libcov.h
	@mkdir -p $(@D)
	$(CC) $(COVSTAT_CFLAGS) $(CFLAGS) -c -o $@ $<

build/covstat: $(COVSTAT_OBJECTS) build/libcov.so
	$(CC) $(LDFLAGS) -o $@ $(COVSTAT_OBJECTS) -Lbuild -lcov $(COVSTAT_LIBS) \
		'-Wl,-rpath,$$ORIGIN:$$ORIGIN/../lib'
