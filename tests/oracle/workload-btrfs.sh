#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: btrfs on a RAM disk. load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe brd rd_nr=1 rd_size=131072
	modprobe btrfs
	mkfs.btrfs -q -m single -d single /dev/ram0
	mkdir -p /tmp/mnt
	;;
run)
	mount -t btrfs /dev/ram0 /tmp/mnt
	cd /tmp/mnt
	mkdir dir
	echo some text >dir/file
	echo more of it >>dir/file
	ln dir/file other
	mv other renamed
	cat dir/file renamed >/dev/null
	dd if=/dev/zero of=big bs=4k count=5 conv=fsync
	rm dir/file
	! rmdir dir
	sync
	cd /
	umount /tmp/mnt
	;;
esac
