#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: a disk that scsi_debug plays. load: make it ready; run: use it.
set -eu

case $1 in
load)
	# Answers at once, in the caller's context.
	modprobe scsi_debug dev_size_mb=8 delay=0 lbpu=1
	modprobe sd_mod
	modprobe sg
	for _ in 1 2 3 4 5 6 7 8 9; do
		[ ! -b /dev/sda ] || break
		sleep 1
	done
	;;
run)
	dd if=/bin/sh of=/dev/sda bs=4k count=4 oflag=direct
	dd if=/dev/sda of=/dev/null bs=512 count=3 iflag=direct
	sg_inq /dev/sda >/dev/null
	sg_inq --page=0x83 /dev/sda >/dev/null
	sg_readcap --16 /dev/sda
	sg_modes /dev/sda >/dev/null
	sg_logs --page=0xd /dev/sda || :
	sg_luns /dev/sda
	sg_requests /dev/sda
	sg_opcodes /dev/sda >/dev/null || :
	sg_unmap --lba=8 --num=8 /dev/sda
	sg_get_lba_status --lba=8 /dev/sda || :
	sg_write_same --lba=64 --num=8 --in=/dev/zero --xferlen=512 /dev/sda || :
	sg_verify --lba=0 --count=4 /dev/sda || :
	# Behind the end.
	! sg_dd if=/dev/sda of=/dev/null bs=512 skip=99999 count=1
	sg_turs /dev/sda
	cat /sys/bus/pseudo/drivers/scsi_debug/* >/dev/null 2>&1 || :
	;;
esac
