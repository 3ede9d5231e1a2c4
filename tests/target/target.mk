# SPDX-License-Identifier: GPL-2.0-only
#
# target.mk - builds build/covtarget-call. Included by the top Makefile, or used
# alone from the project's root: make -f tests/target/target.mk covtarget-call
# The module beside it is built for each kernel by tests/vm/build, or by
# make -C KERNEL_BUILD M=DIR with a copy of this directory.

.PHONY: covtarget-call
covtarget-call: build/covtarget-call

build/covtarget-call: tests/target/covtarget-call.c tests/target/covtarget.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O2 -g -pthread -o $@ $<
