#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: one RAM disk caches another. load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe brd rd_nr=2 rd_size=131072
	modprobe bcache
	make-bcache --writeback -b 64k -B /dev/ram0 -C /dev/ram1
	;;
run)
	for disk in /dev/ram1 /dev/ram0; do
		echo $disk >/sys/fs/bcache/register
	done
	until [ -b /dev/bcache0 ]; do
		sleep 1
	done
	dd if=/bin/sh of=/dev/bcache0 bs=4k count=8 oflag=direct
	dd if=/dev/bcache0 of=/dev/null bs=16k count=3 iflag=direct
	dd if=/dev/zero of=/dev/bcache0 bs=64k count=2 conv=fsync
	cd /sys/block/bcache0/bcache
	cat ./* stats_total/* cache/* cache/internal/* >/dev/null 2>&1 || :
	echo writethrough >cache_mode
	dd if=/bin/sh of=/dev/bcache0 bs=4k seek=8 count=4 oflag=direct
	! echo nonsense >cache_mode
	! echo /dev/null >/sys/fs/bcache/register
	cd /
	echo 1 >/sys/block/bcache0/bcache/stop
	for set in /sys/fs/bcache/*-*; do
		echo 1 >"$set/stop"
	done
	while ls -d /sys/fs/bcache/*-*; do
		sleep 1
	done
	sleep 1
	;;
esac
