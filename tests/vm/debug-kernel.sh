#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build the debug kernel from Debian's linux-source-6.1 with debug-kernel.config.
# Takes some ten minutes and 3 GB on two processors; tests/vm/kernel debug calls
# this once and keeps the result.
#
# Leaves in DIR: bzImage, config, modules.tar.xz (lib/modules/RELEASE) and
# build.tar.xz (build/, for make -C build M=... modules).

set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/vm/debian.sh
. "$here/debian.sh"

unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

# In the current directory.
get_source()
{
	if ! apt-get -qq -o APT::Sandbox::User=root download linux-source-6.1; then
		as_root apt-get -qq update || true
		apt-get -qq -o APT::Sandbox::User=root download linux-source-6.1 ||
			die "cannot download linux-source-6.1: is bookworm among apt's sources, and the network there?"
	fi
	dpkg -x linux-source-6.1_*.deb unpacked
	tar -xJf unpacked/usr/src/linux-source-6.1.tar.xz
	mv linux-source-6.1 linux
	rm -r unpacked linux-source-6.1_*.deb
}

# An option that another compiler or kernel does not offer vanishes in silence;
# a debug kernel without KASAN would find nothing, and say so of everything.
configure()
{
	local option

	cp "$here/debug-kernel.config" .config
	make -s olddefconfig
	grep '^CONFIG_' "$here/debug-kernel.config" | while read -r option; do
		grep -qxF "$option" .config || die "$option did not take"
	done
}

# What building a module against this kernel takes, as Debian's headers do it.
pack_build_tree()
{
	local to=$1

	{
		find . arch/x86 -maxdepth 1 -name 'Makefile*'
		find include scripts -type f -o -type l
		find arch/x86 -name Kbuild.platforms -o -name Platform
		find arch/x86/include arch/x86/scripts -type f 2>/dev/null || true
		find tools/objtool -maxdepth 1 -type f -name objtool
		echo .config
		echo Module.symvers
	} | grep -Ev '\.(o|cmd|d)$' |
		tar -cJf "$to/build.tar.xz" --transform 's,^\(\./\)\?,build/,SH' -T -
}

pack_modules()
{
	local to=$1 staging=$2

	make -s INSTALL_MOD_PATH="$staging" modules_install
	# They point into this tree, which goes away.
	rm -f "$staging"/lib/modules/*/build "$staging"/lib/modules/*/source
	tar -C "$staging" -cJf "$to/modules.tar.xz" lib
}

main()
{
	local to work

	[ $# -eq 1 ] || {
		echo "Usage: tests/vm/debug-kernel.sh DIR" >&2
		exit 2
	}
	mkdir -p "$1"
	to=$(readlink -f "$1")
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/livecov-kernel.XXXXXX")
	# shellcheck disable=SC2064 # expand now: work is local
	trap "rm -rf '$work'" EXIT

	echo "livecov-vm: building the debug kernel, this takes a while" >&2
	cd "$work"
	get_source
	cd linux
	configure
	make -s -j"$(nproc)" bzImage modules
	cp arch/x86/boot/bzImage .config "$to/"
	mv "$to/.config" "$to/config"
	pack_build_tree "$to"
	pack_modules "$to" "$work/staging"
}

main "$@"
