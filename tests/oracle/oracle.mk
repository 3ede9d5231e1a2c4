# SPDX-License-Identifier: GPL-2.0-only
#
# oracle.mk - runs the oracle. Included by the top Makefile, or used alone from
# the project's root: make -f tests/oracle/oracle.mk test-oracle-quick

# What livecov reports must be what QEMU executed.
ORACLE_KERNELS := 6.1 6.12
ORACLE_MODES := blocks edges count
ORACLE_QUICK := covtarget brd
ORACLE_LONG := loop vivid
# Only with engines that patch text; they are skipped where there is none.
ORACLE_BIG := ext4 btrfs xfs
# Drivers of all kinds: in two modes and both scopes. Not overlay: the guest's root is one.
ORACLE_DRIVERS := dm_mod i2c_stub null_blk scsi_debug snd_aloop snd_dummy veth \
	wireguard zram nf_tables aesni_intel chacha_x86_64 crc32c_intel sha512_ssse3
# More kinds, one run each. The other workloads there are run by name.
ORACLE_ONCE := aegis128_aesni sctp

# What test-oracle-all is made of; each can be set to have a part of it.
ORACLE_ALL := covtarget brd loop vivid ext4 btrfs
ORACLE_ENGINES := auto detour breakpoint kprobe
ORACLE_SCOPES := all tracked
# And covtarget on these. There are no detours and breakpoints on 5.10: those are skipped.
ORACLE_OTHER_KERNELS := 5.10 sid

# Runs of targets, on kernels: those of ORACLE_KERNELS if none are named.
oracle_runs = $(foreach target,$(1),$(foreach kernel,$(or $(2),$(ORACLE_KERNELS)),\
		$(addprefix $(target)/$(kernel)/,$(ORACLE_MODES))))

.PHONY: test-oracle test-oracle-all test-oracle-quick test-oracle-self afalg-call

# What workloads of cryptography call.
afalg-call: build/afalg-call

build/afalg-call: tests/oracle/afalg-call.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O2 -g -o $@ $<

# The oracle's own tests, without a virtual machine.
test-oracle-self:
	@tests/oracle/test_oracle.py

test-oracle-quick:
	@tests/oracle/run-oracle $(call oracle_runs,$(ORACLE_QUICK))

# One engine at a time, each mode and both scopes of it; then the other targets.
test-oracle:
	@failed=0; \
	for engine in detour breakpoint kprobe; do for scope in all tracked; do \
		tests/oracle/run-oracle --engine $$engine --scope $$scope \
			$(call oracle_runs,$(ORACLE_QUICK)) || failed=1; \
	done; done; \
	tests/oracle/run-oracle $(call oracle_runs,$(ORACLE_QUICK) $(ORACLE_LONG) \
		$(ORACLE_BIG)) || failed=1; \
	for scope in all tracked; do tests/oracle/run-oracle --scope $$scope \
		$(filter-out %/count,$(call oracle_runs,$(ORACLE_DRIVERS))) || failed=1; \
	done; \
	tests/oracle/run-oracle $(addsuffix /6.1/edges,$(ORACLE_ONCE)) || failed=1; \
	exit $$failed

# Every engine, mode and scope for each target. It takes a day, and goes on where it was stopped
# as long as the commit is the same.
test-oracle-all:
	@failed=0; \
	for engine in $(ORACLE_ENGINES); do for scope in $(ORACLE_SCOPES); do \
		tests/oracle/run-oracle --resume --engine $$engine --scope $$scope \
			$(call oracle_runs,$(filter covtarget,$(ORACLE_ALL)),\
				$(ORACLE_OTHER_KERNELS)) \
			$(call oracle_runs,$(ORACLE_ALL)) || failed=1; \
	done; done; \
	exit $$failed
