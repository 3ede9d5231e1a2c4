#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: the loop device.  load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe loop max_loop=2
	dd if=/dev/zero of=/tmp/image bs=64k count=4
	;;
run)
	losetup /dev/loop0 /tmp/image
	dd if=/dev/zero of=/dev/loop0 bs=4k count=2 oflag=direct
	dd if=/dev/loop0 of=/dev/null bs=512 count=3 iflag=direct
	dd if=/dev/zero of=/dev/loop0 bs=1k count=1 conv=fsync
	fallocate --punch-hole --length 64k /dev/loop0
	losetup -a
	! losetup /dev/loop0 /tmp/image
	losetup -c /dev/loop0
	losetup --direct-io=on /dev/loop0 || :
	! losetup -d /dev/loop1
	losetup -d /dev/loop0
	losetup -r -o 4096 --sizelimit 8192 /dev/loop1 /tmp/image
	! dd if=/dev/zero of=/dev/loop1 bs=512 count=1
	dd if=/dev/loop1 of=/dev/null bs=4k count=1
	losetup -d /dev/loop1
	;;
esac
