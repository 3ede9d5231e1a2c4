# SPDX-License-Identifier: GPL-2.0-only
#
# storm.mk - the storms' program for the guest, build/vm/storm, and what runs it.
# Included by the top Makefile, or used alone from the project's root.

storm_SRCS := $(addprefix tests/storm/,storm.c storm_work.c storm_edges.c storm_ext4.c \
		storm_machine.c storm_calls.c storm_covstat.c storm_failures.c) \
	$(addprefix tests/vm/suite/,harness.c machine.c control.c coexist_target.c)

build/vm/storm: $(storm_SRCS) tests/storm/storm.h tests/storm/storm.mk include/cov_ioctl.h \
		$(wildcard tests/vm/suite/*.h tests/vm/suite/module/*.h) \
		tests/target/covtarget.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O2 -g -D_GNU_SOURCE -Iinclude -pthread \
		-static -o $@ $(storm_SRCS)

# STORM_SECONDS of storm in all; STORM_SEED, to see one again; STORM_THREADS of the emulator,
# multi or single.
.PHONY: test-storm
test-storm: setup
	@tests/storm/run $(if $(STORM_SECONDS),--seconds $(STORM_SECONDS)) \
		$(if $(STORM_SEED),--seed $(STORM_SEED)) \
		$(if $(STORM_THREADS),--threads $(STORM_THREADS))
