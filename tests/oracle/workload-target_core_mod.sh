#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: a disk that the SCSI target plays in memory, for the same machine.
# load: make it ready; run: use it.
set -eu

target=/sys/kernel/config/target
disk=$target/core/rd_mcp_0/disk
port=$target/loopback/naa.6001405000000001/tpgt_1

disk()
{
	mkdir -p $disk
	echo rd_pages=256 >$disk/control
	echo 1 >$disk/enable
	mkdir -p $port/lun/lun_0
	echo naa.6001405000000002 >$port/nexus
	ln -s $disk $port/lun/lun_0/disk
	for _ in 1 2 3 4 5 6 7 8 9; do
		[ ! -b /dev/sda ] || break
		sleep 1
	done
}

case $1 in
load)
	modprobe -a target_core_mod tcm_loop sd_mod sg
	# Where reservations are kept.
	mkdir -p /var/target/pr
	;;
run)
	disk
	cat $target/version $disk/info $disk/attrib/* $disk/wwn/* $disk/alua/*/* \
		>/dev/null 2>&1 || :
	dd if=/bin/sh of=/dev/sda bs=4k count=4 oflag=direct
	dd if=/dev/sda of=/dev/null bs=512 count=3 iflag=direct
	sg_inq /dev/sda >/dev/null
	for page in 0x83 0xb0 0xb1 0xb2; do
		sg_inq --page=$page /dev/sda >/dev/null || :
	done
	sg_readcap --16 /dev/sda
	sg_modes /dev/sda >/dev/null
	sg_luns /dev/sda
	sg_requests /dev/sda
	sg_opcodes /dev/sda >/dev/null || :
	sg_persist --out --register --param-sark=7 /dev/sda || :
	sg_persist --out --reserve --param-rk=7 --prout-type=5 /dev/sda || :
	sg_persist --in --read-full-status /dev/sda || :
	! sg_persist --out --register --param-rk=8 --param-sark=9 /dev/sda
	sg_persist --out --release --param-rk=7 --prout-type=5 /dev/sda || :
	sg_persist --out --clear --param-rk=7 /dev/sda || :
	sg_write_same --lba=64 --num=8 --in=/dev/zero --xferlen=512 /dev/sda || :
	sg_verify --lba=0 --count=4 /dev/sda || :
	sg_rtpg /dev/sda || :
	# Behind the end.
	! sg_dd if=/dev/sda of=/dev/null bs=512 skip=99999 count=1
	echo 0 >$disk/attrib/emulate_fua_write
	! echo 7 >$disk/attrib/block_size
	sg_reset --device /dev/sda || :
	rm $port/lun/lun_0/disk
	rmdir $port/lun/lun_0 $port "${port%/*}" $disk "${disk%/*}"
	# What is released later.
	sleep 1
	;;
esac
