#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: null_blk, its devices made by parameters and through
# configfs. load: make it ready; run: use it.
set -eu

device=/sys/kernel/config/nullb/made

case $1 in
load)
	modprobe null_blk nr_devices=1 gb=1 queue_mode=2 submit_queues=1
	;;
run)
	dd if=/dev/zero of=/dev/nullb0 bs=4k count=4 oflag=direct
	dd if=/dev/nullb0 of=/dev/null bs=4k count=4 iflag=direct
	mkdir $device
	cd $device
	echo 8 >size
	echo 1 >memory_backed
	echo 1 >discard
	! echo 7 >blocksize
	echo 4096 >blocksize
	echo +131-132 >badblocks
	cat power size badblocks ../features >/dev/null
	echo 1 >power
	! echo 5 >queue_mode
	# Named after its directory, or by number.
	set -- /dev/made /dev/nullb1
	[ -b "$1" ] || shift
	dd if=/bin/sh of="$1" bs=4k count=4 oflag=direct
	dd if="$1" of=/dev/null bs=4k count=8 iflag=direct
	! dd if="$1" of=/dev/null bs=4k count=1 skip=16 iflag=direct
	blkdiscard -l 8192 "$1" || :
	echo 0 >power
	cd /
	rmdir $device
	;;
esac
