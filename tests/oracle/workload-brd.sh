#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: the RAM disk.  load: make it ready; run: use it; alone:
# use it in this task and its children alone, nothing left for a kernel thread.
set -eu

case $1 in
load)
	modprobe brd rd_nr=1 rd_size=1024
	;;
alone)
	dd if=/dev/ram0 of=/dev/null bs=4k count=2 iflag=direct
	dd if=/dev/zero of=/dev/ram0 bs=16k count=2 oflag=direct
	dd if=/dev/zero of=/dev/ram0 bs=512 count=3 seek=7 oflag=direct
	dd if=/dev/ram0 of=/dev/null bs=1536 count=3 iflag=direct
	;;
run)
	# A page that was never written, whole pages, pieces of a page, the
	# last sector, behind the end.
	dd if=/dev/ram0 of=/dev/null bs=4k count=2 iflag=direct
	dd if=/dev/zero of=/dev/ram0 bs=16k count=2 oflag=direct
	dd if=/dev/zero of=/dev/ram0 bs=512 count=3 seek=7 oflag=direct
	dd if=/dev/ram0 of=/dev/null bs=1536 count=3 iflag=direct
	dd if=/dev/zero of=/dev/ram0 bs=1k seek=1023 count=1 conv=fsync
	! dd if=/dev/zero of=/dev/ram0 bs=1k seek=1024 count=1
	! blkdiscard /dev/ram0
	mknod /tmp/ram3 b 1 3
	dd if=/tmp/ram3 of=/dev/null bs=512 count=1
	;;
esac
