#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: a disk over the loopback network device. load: make it ready; run:
# use it.
set -eu

case $1 in
load)
	modprobe nbd nbds_max=2 max_part=2
	ip link set lo up
	truncate -s 4M /tmp/image
	printf '%s\n' '[generic]' 'allowlist = true' '[disk]' 'exportname = /tmp/image' \
		'flush = true' 'trim = true' >/tmp/nbd.conf
	nbd-server -C /tmp/nbd.conf
	;;
run)
	nbd-client -N disk -b 512 -t 600 127.0.0.1 /dev/nbd0
	dd if=/bin/sh of=/dev/nbd0 bs=4k count=4 oflag=direct
	dd if=/dev/nbd0 of=/dev/null bs=64k count=2 iflag=direct
	dd if=/dev/zero of=/dev/nbd0 bs=4k count=1 conv=fsync
	blkdiscard -o 8192 -l 8192 /dev/nbd0
	nbd-client -c /dev/nbd0
	! nbd-client -N disk 127.0.0.1 /dev/nbd0
	cat /sys/block/nbd0/pid /sys/kernel/debug/nbd/nbd0/* >/dev/null 2>&1 || :
	nbd-client -d /dev/nbd0
	# By the older way, in a thread of its own.
	nbd-client -L -N disk -t 600 127.0.0.1 /dev/nbd1
	dd if=/dev/nbd1 of=/dev/null bs=4k count=2 iflag=direct
	nbd-client -d /dev/nbd1
	# What is released later.
	sleep 1
	;;
esac
