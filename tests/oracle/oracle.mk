# SPDX-License-Identifier: GPL-2.0-only
#
# oracle.mk - runs the oracle. Included by the top Makefile, or used alone from
# the project's root: make -f tests/oracle/oracle.mk test-oracle-quick

# What livecov reports must be what QEMU executed.
ORACLE_KERNELS := 6.1 6.12
ORACLE_MODES := blocks edges
ORACLE_QUICK := covtarget brd
ORACLE_LONG := loop vivid

oracle_runs = $(foreach target,$(1),$(foreach kernel,$(ORACLE_KERNELS),\
		$(addprefix $(target)/$(kernel)/,$(ORACLE_MODES))))

.PHONY: test-oracle test-oracle-quick test-oracle-self

# The oracle's own tests, without a virtual machine.
test-oracle-self:
	@tests/oracle/test_oracle.py

test-oracle-quick:
	@tests/oracle/run-oracle $(call oracle_runs,$(ORACLE_QUICK))

test-oracle:
	@tests/oracle/run-oracle $(call oracle_runs,$(ORACLE_QUICK) $(ORACLE_LONG))
