#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: an NVMe disk that QEMU plays, by fio and nvme. machine: what QEMU
# is told for it; load: make it ready; run: use it.
set -eu

case $1 in
machine)
	echo -blockdev driver=null-co,node-name=disk,size=67108864,read-zeroes=on \
		-device nvme,drive=disk,serial=1
	;;
load)
	modprobe nvme
	for _ in 1 2 3 4 5 6 7 8 9; do
		[ ! -b /dev/nvme0n1 ] || break
		sleep 1
	done
	sleep 1
	;;
run)
	fio --name=both --filename=/dev/nvme0n1 --direct=1 --rw=randrw --bs=4k --size=256k \
		--ioengine=libaio --iodepth=4 --minimal >/dev/null
	nvme list
	nvme id-ctrl /dev/nvme0 >/dev/null
	nvme id-ns /dev/nvme0n1 >/dev/null
	nvme smart-log /dev/nvme0 >/dev/null
	nvme error-log /dev/nvme0 >/dev/null
	nvme get-feature /dev/nvme0 -f 1 || :
	nvme write-zeroes /dev/nvme0n1 -s 8 -c 7
	nvme flush /dev/nvme0n1
	blkdiscard -o 8192 -l 8192 /dev/nvme0n1
	# No such log; behind the end.
	! nvme get-log /dev/nvme0 --log-id=0xbb --log-len=64
	! nvme read /dev/nvme0n1 -s 999999999 -c 0 -z 512
	nvme ns-rescan /dev/nvme0
	nvme reset /dev/nvme0
	dd if=/dev/nvme0n1 of=/dev/null bs=64k count=2 iflag=direct
	cat /sys/class/nvme/nvme0/* >/dev/null 2>&1 || :
	# What the reset has started.
	sleep 2
	;;
esac
