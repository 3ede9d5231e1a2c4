#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: the device mapper over a RAM disk. load: make it ready; run:
# use it.
set -eu

case $1 in
load)
	modprobe brd rd_nr=1 rd_size=4096
	modprobe dm-mod
	;;
run)
	export DM_DISABLE_UDEV=1
	dmsetup version
	dmsetup create line --table '0 4096 linear /dev/ram0 8'
	dd if=/bin/sh of=/dev/mapper/line bs=4k count=4 oflag=direct
	dmsetup info line
	dmsetup table
	dmsetup suspend line
	printf '%s\n' '0 16 linear /dev/ram0 0' '16 16 error' '32 64 zero' \
		'96 64 striped 2 16 /dev/ram0 1024 /dev/ram0 2048' | dmsetup load line
	dmsetup resume line
	dd if=/dev/mapper/line of=/dev/null bs=8k count=1 iflag=direct
	! dd if=/dev/mapper/line of=/dev/null bs=8k skip=1 count=1 iflag=direct
	dd if=/dev/mapper/line of=/dev/null bs=16k skip=2 count=3 iflag=direct
	dmsetup message line 0 nonsense || :
	dmsetup rename line wire
	# No such target; a table with a hole.
	! dmsetup create other --table '0 8 nothing'
	! dmsetup create other --table '8 8 zero'
	dmsetup status
	dmsetup deps
	dmsetup remove wire
	;;
esac
