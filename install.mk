# SPDX-License-Identifier: GPL-2.0-only
#
# install.mk - make install, uninstall and modules_install. Included by the
# top-level Makefile; all paths are from there.

DESTDIR ?=
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
COMPLETIONSDIR ?= $(PREFIX)/share/bash-completion/completions

# Where the distribution's python3, which is root's, looks for modules below PREFIX. Empty:
# without the Python module.
PYTHON ?= /usr/bin/python3
PYTHONDIR ?= $(or $(shell $(PYTHON) tools/python-dir $(PREFIX)),$(error $(PYTHON) does not tell \
	where Python looks for modules: set PYTHON to another one, or PYTHONDIR to the directory for \
	livecov.py (PYTHONDIR= leaves it out)))

# FILE:DESTINATION:MODE
INSTALLED = \
	build/covstat:$(BINDIR)/covstat:755 \
	build/libcov.so.1:$(LIBDIR)/libcov.so.1:644 \
	build/libcov.a:$(LIBDIR)/libcov.a:644 \
	build/libcov.pc:$(LIBDIR)/pkgconfig/libcov.pc:644 \
	libcov/libcov.h:$(INCLUDEDIR)/libcov.h:644 \
	build/libcodecov.so.1:$(LIBDIR)/libcodecov.so.1:644 \
	build/libcodecov.a:$(LIBDIR)/libcodecov.a:644 \
	compat/codecov.h:$(INCLUDEDIR)/codecov.h:644 \
	$(if $(PYTHONDIR),python/livecov.py:$(PYTHONDIR)/livecov.py:644) \
	man/covstat.1:$(MANDIR)/man1/covstat.1:644 \
	man/libcov.3:$(MANDIR)/man3/libcov.3:644 \
	man/livecov.4:$(MANDIR)/man4/livecov.4:644 \
	tools/covstat/completion.bash:$(COMPLETIONSDIR)/covstat:644

part = $(word $(1),$(subst :, ,$(2)))

# install_file FILE:DESTINATION:MODE
define install_file
install -D -m $(call part,3,$(1)) $(call part,1,$(1)) '$(DESTDIR)$(call part,2,$(1))'

endef

# As root and for this machine: so that the linker finds libcov.so.1.
LDCONFIG = test -n '$(DESTDIR)' || test ! -w /etc/ld.so.cache || /sbin/ldconfig

.PHONY: install uninstall modules_install
install: userspace
	$(foreach file,$(INSTALLED),$(call install_file,$(file)))
	ln -sf libcov.so.1 '$(DESTDIR)$(LIBDIR)/libcov.so'
	ln -sf libcodecov.so.1 '$(DESTDIR)$(LIBDIR)/libcodecov.so'
	$(LDCONFIG)

# Where modules_install puts livecov.ko: that of the kernel in KDIR.
KERNEL = $(or $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null),$(KVER))
MODULES = $(DESTDIR)/lib/modules/$(KERNEL)

# Only who may write there has installed it: whose PREFIX is in a home directory has not.
REMOVE_MODULE = set -- '$(MODULES)'/updates/livecov.ko*; \
	test ! -e "$$1" || test ! -w '$(MODULES)/updates' || { rm -f "$$@" && \
	{ test ! -e '$(MODULES)/modules.dep' || \
	PATH="$$PATH:/usr/sbin:/sbin" depmod -b '$(or $(DESTDIR),/)' '$(KERNEL)'; }; }

# With the same PREFIX, DESTDIR and KVER or KDIR as before. Directories stay.
uninstall:
	rm -f $(foreach file,$(INSTALLED),'$(DESTDIR)$(call part,2,$(file))') \
		'$(DESTDIR)$(LIBDIR)/libcov.so' '$(DESTDIR)$(LIBDIR)/libcodecov.so' \
		$(if $(PYTHONDIR),'$(DESTDIR)$(PYTHONDIR)'/__pycache__/livecov.*.pyc)
	$(LDCONFIG)
	$(REMOVE_MODULE)

# The kernel's own way: to /lib/modules/KVER/updates, for modprobe. A distribution keeps
# the key that its kernel's configuration would have modules signed with.
modules_install: module
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH='$(DESTDIR)' INSTALL_MOD_DIR=updates \
		$(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=) \
		modules_install
