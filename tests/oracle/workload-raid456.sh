#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: RAID 5 and 6 over RAM disks, through the device mapper. load: make
# it ready; run: use it.
set -eu

# array LEVEL...: make it
array()
{
	dmsetup create array --table "0 4096 raid $*"
}

# Until it has been put in step.
wait_idle()
{
	until dmsetup status array | grep -q ' idle '; do
		sleep 1
	done
}

case $1 in
load)
	modprobe brd rd_nr=4 rd_size=1024
	modprobe dm-raid
	;;
run)
	export DM_DISABLE_UDEV=1
	array raid6_zr 1 64 4 - /dev/ram0 - /dev/ram1 - /dev/ram2 - /dev/ram3
	wait_idle
	dd if=/bin/sh of=/dev/mapper/array bs=4k count=20 oflag=direct
	dd if=/bin/sh of=/dev/mapper/array bs=512 count=3 oflag=direct
	dd if=/dev/mapper/array of=/dev/null bs=64k count=2 iflag=direct
	dmsetup remove array
	# One of three is missing.
	array raid5_ls 2 64 nosync 3 - /dev/ram0 - - - /dev/ram2
	dd if=/bin/sh of=/dev/mapper/array bs=8k count=8 oflag=direct
	dd if=/dev/mapper/array of=/dev/null bs=64k count=2 iflag=direct
	dmsetup table array
	dmsetup status array
	dmsetup remove array
	! array raid6_zr 1 64 2 - /dev/ram0 - /dev/ram1
	;;
esac
