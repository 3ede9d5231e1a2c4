# SPDX-License-Identifier: GPL-2.0-only
#
# For people. `make` builds everything for the running kernel, `make help` says
# what else there is. The kernel's build system reads Kbuild.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
BUILD := build

.PHONY: all module userspace help clean
all: userspace module

help:
	@echo 'make             livecov.ko for the running kernel, libcov and covstat'
	@echo 'make module      livecov.ko alone; KVER=RELEASE for another installed kernel'
	@echo 'make userspace   libcov and covstat alone, in $(BUILD)/'
	@echo 'make demo        vivid under v4l2-compliance in a virtual machine, with its coverage'
	@echo 'make test        everything that is tested, in virtual machines'
	@echo 'make unit        the unit tests alone, under sanitizers'
	@echo 'make install     into PREFIX (default /usr/local), DESTDIR is honoured'
	@echo 'make clean       remove what was built'

module:
	@test -d $(KDIR) || { echo "No headers for kernel $(KVER) in $(KDIR): try: sudo apt install linux-headers-$(KVER)" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

-include libcov/libcov.mk
-include tools/covstat/covstat.mk
-include tests/unit/unit.mk

userspace: libcov $(if $(wildcard tools/covstat/covstat.mk),covstat)

clean:
	rm -rf $(BUILD)
	-test ! -d $(KDIR) || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
