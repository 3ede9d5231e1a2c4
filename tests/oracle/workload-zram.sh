#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: the compressed RAM disk. load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe zram num_devices=1
	;;
run)
	cd /sys/block/zram0
	! echo nonsense >comp_algorithm
	echo 4M >disksize
	# Already in use.
	! echo 8M >disksize
	# The same word all over, what cannot be compressed, what can; pieces of a page.
	dd if=/dev/zero of=/dev/zram0 bs=4k count=4 oflag=direct
	dd if=/dev/urandom of=/dev/zram0 bs=4k count=2 seek=4 oflag=direct
	dd if=/proc/config.gz of=/dev/zram0 bs=4k count=1 seek=8 2>/dev/null ||
		dd if=/bin/sh of=/dev/zram0 bs=4k count=2 seek=8 oflag=direct
	dd if=/dev/zram0 of=/dev/null bs=4k count=16 iflag=direct
	dd if=/dev/zero of=/dev/zram0 bs=4k count=1 seek=4 conv=fsync
	cat mm_stat io_stat comp_algorithm initstate disksize
	blkdiscard -o 16384 -l 8192 /dev/zram0
	echo 1 >compact
	echo 1 >reset
	;;
esac
