#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# work.sh - what a driver is made to do while it is measured.
#
#	work.sh prepare WORK		once, before all
#	work.sh run WORK [NUMBER]	leaves the driver as it found it; NUMBER tells
#					works that run at once apart (0)
#
# WORK is ext4 or btrfs: mkfs, mount, small files by a shell, umount, on a RAM disk;
# ext4-calls or btrfs-calls: the same with nothing but system calls; vivid:
# v4l2-compliance on four of its nodes.

set -euo pipefail

verb=$1
work=$2
number=${3-0}
here=$(dirname "$(readlink -f "$0")")
tools=$here/../../build/bench
disk=/dev/ram$number
place=/tmp/work$number

# By a shell: 400 files twice over, each of a few bytes.
shell_files()
{
	local i round

	for round in 1 2; do
		mkdir "$place/$round"
		for ((i = 0; i < 400; i++)); do
			echo "$i" >"$place/$round/file$i"
		done
	done
	rm "$place"/*/file1*
	sync
}

make_file_system()
{
	case ${work%-calls} in
	ext4) mke2fs -q -F -t ext4 "$disk" ;;
	btrfs) mkfs.btrfs -q -f "$disk" ;;
	esac
}

file_system()
{
	make_file_system
	mount -t "${work%-calls}" "$disk" "$place"
	case $work in
	*-calls) "$tools/file-load" "$place" 1000 ;;
	*) shell_files ;;
	esac
	umount "$place"
}

case $verb-$work in
prepare-ext4* | prepare-btrfs*)
	[ -b /dev/ram1 ] || modprobe brd rd_nr=2 rd_size=262144
	modprobe "${work%-calls}"
	mkdir -p /tmp/work0 /tmp/work1
	;;
prepare-vivid) modprobe vivid ;;
run-ext4* | run-btrfs*) file_system ;;
run-vivid)
	for node in /dev/video0 /dev/video1 /dev/vbi0 /dev/radio0; do
		# Its verdict on newer drivers is not ours.
		v4l2-compliance -d "$node" >/dev/null 2>&1 || true
	done
	;;
*)
	echo "work.sh: no such verb or work: $verb $work" >&2
	exit 2
	;;
esac
