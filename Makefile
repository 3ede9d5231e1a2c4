# SPDX-License-Identifier: GPL-2.0-only
#
# For people. `make` builds everything for the running kernel, `make help` says
# what else there is. The kernel's build system reads Kbuild.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build

.PHONY: all help module userspace setup demo test clean
all: userspace module

help:
	@echo 'make               livecov.ko for the running kernel, libcov and covstat'
	@echo 'make module        livecov.ko alone; KVER=RELEASE for another installed kernel'
	@echo 'make userspace     libcov and covstat alone, in build/'
	@echo 'make install       covstat, libcov, its Python module, man pages; PREFIX=/usr/local DESTDIR='
	@echo 'make uninstall     remove those, and what modules_install has installed'
	@echo 'make modules_install   livecov.ko, to where modprobe finds it'
	@echo 'make demo          vivid under v4l2-compliance in a virtual machine, with its coverage'
	@echo 'make test          every test but the long ones; SUITES="NAME..." for some of them'
	@echo 'make unit          the unit tests alone, under sanitizers'
	@echo 'make test-modules  the module on every kernel, with the tests that take long'
	@echo 'make test-oracle   every target, kernel and mode against the log of executed code'
	@echo 'make test-oracle-all   each in every engine and scope, which takes a day'
	@echo 'make test-storm    ten minutes of everything at once; STORM_SECONDS=N STORM_SEED=N'
	@echo '                   STORM_THREADS=multi: both processors at the same time'
	@echo 'make test-decoder-all   the decoder against objdump on every module of a kernel'
	@echo 'make figures       what attaching and running cost: vivid, ext4, covtarget'
	@echo 'make bench         livecov beside its peers, in one table; BENCH="--quick --only hit" for less'
	@echo 'make clean         remove what was built'

module:
	@test -d $(KDIR) || { echo "No headers for kernel $(KVER) in $(KDIR): try: sudo apt install linux-headers-$(KVER)" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

include libcov/libcov.mk
include tools/covstat/covstat.mk
include install.mk
include tests/unit/unit.mk
include tests/decoder/decoder.mk
include tests/target/target.mk
include tests/codecov/codecov.mk
include tests/vm/suite/suite.mk
include tests/storm/storm.mk
include tests/oracle/oracle.mk

userspace: libcov covstat

# Installs what is missing, through apt; silent and without a network otherwise.
setup:
	@tests/vm/setup

demo: setup
	@mkdir -p build/demo
	@tests/vm/run --tty --timeout 1200 --out build/demo -- tests/demo.sh
	@echo
	@echo 'The same again: build/demo/coverage.txt and build/demo/coverage.json'

test: setup
	@tests/run $(SUITES)

# The module's tests with those that take long, and are not part of make test.
.PHONY: test-modules
test-modules: setup
	@status=0; for kernel in 5.10 6.1 6.12 sid debug; do \
		tests/vm/suite/run-suite $$kernel --all || status=1; done; exit $$status

clean:
	rm -rf build
	-test ! -d $(KDIR) || $(MAKE) -C $(KDIR) M=$(CURDIR) clean

# What attaching, running and detaching cost: vivid, ext4 and the tests' own target.
.PHONY: figures
figures: setup
	@# Not a prerequisite: setup may have to install the compiler first.
	@$(MAKE) build/covtarget-call
	@for target in covtarget vivid ext4; do \
		tests/vm/run --timeout 3600 --mem 4096 -- bench/figures.sh $$target || exit 1; \
	done

# What livecov costs beside other tracers and compiled-in coverage; see bench/run --help.
.PHONY: bench
bench:
	@bench/run $(BENCH)
