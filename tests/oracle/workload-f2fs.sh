#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: f2fs on a RAM disk. load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe brd rd_nr=2 rd_size=65536
	modprobe f2fs
	mkfs.f2fs -q -O extra_attr,inode_checksum,compression /dev/ram0
	mkdir -p /tmp/mnt
	;;
run)
	mount -t f2fs -o inline_xattr,inline_data /dev/ram0 /tmp/mnt
	cd /tmp/mnt
	mkdir dir
	echo some text >dir/file
	ln -s file dir/link
	ln dir/file other
	mv other renamed
	cat dir/link renamed >/dev/null
	dd if=/dev/zero of=sparse bs=4k seek=30 count=3 conv=fsync
	fallocate --punch-hole --offset 4096 --length 8192 sparse
	truncate -s 10k sparse
	rm dir/file
	! rmdir dir
	sync
	cat /proc/fs/f2fs/ram0/* /sys/fs/f2fs/ram0/* >/dev/null 2>&1 || :
	cd /
	mount -o remount,ro /tmp/mnt
	umount /tmp/mnt
	# Nothing is there to be mounted.
	! mount -t f2fs /dev/ram1 /tmp/mnt
	;;
esac
