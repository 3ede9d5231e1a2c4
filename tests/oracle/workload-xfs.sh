#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: xfs on a RAM disk. load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe brd rd_nr=2 rd_size=327680
	modprobe xfs
	mkfs.xfs -q /dev/ram0
	mkdir -p /tmp/mnt
	;;
run)
	mount -t xfs /dev/ram0 /tmp/mnt
	cd /tmp/mnt
	mkdir dir
	echo some text >dir/file
	ln -s file dir/link
	ln dir/file other
	mv other renamed
	cat dir/link renamed >/dev/null
	dd if=/dev/zero of=sparse bs=4k seek=30 count=3 conv=fsync
	cp --reflink=always sparse copy || :
	truncate -s 10k sparse
	rm dir/file
	! rmdir dir
	cd /
	umount /tmp/mnt
	# Nothing is there to be mounted.
	! mount -t xfs /dev/ram1 /tmp/mnt
	;;
esac
