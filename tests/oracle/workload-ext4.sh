#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: ext4 on a RAM disk. load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe brd rd_nr=2 rd_size=16384
	modprobe ext4
	mkfs.ext4 -q -b 1024 -O ^metadata_csum,^64bit -E lazy_itable_init=0 /dev/ram0
	mkdir -p /tmp/mnt
	;;
run)
	mount -t ext4 /dev/ram0 /tmp/mnt
	cd /tmp/mnt
	mkdir dir
	echo some text >dir/file
	echo more of it >>dir/file
	ln -s file dir/link
	ln dir/file other
	mv other renamed
	cat dir/link renamed >/dev/null
	dd if=/dev/zero of=sparse bs=1k seek=300 count=3 conv=fsync
	truncate -s 100k sparse
	ls -l dir >/dev/null
	rm dir/file
	! rmdir dir
	sync
	cd /
	umount /tmp/mnt
	# Nothing is there to be mounted.
	! mount -t ext4 /dev/ram1 /tmp/mnt
	;;
esac
