#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: an encrypted RAM disk, in modes of several kinds. load: make it
# ready; run: use it.
set -eu

key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f

# map MODE KEY OPTION...: make it, write and read, take it away.
map()
{
	mode=$1 secret=$2
	shift 2
	dmsetup create secret --table "0 512 crypt $mode $secret 0 /dev/ram0 0 $# $*"
	dd if=/bin/sh of=/dev/mapper/secret bs=4k count=4 oflag=direct
	dd if=/dev/mapper/secret of=/dev/null bs=16k count=1 iflag=direct
	dmsetup status secret
	dmsetup remove secret
}

case $1 in
load)
	modprobe brd rd_nr=1 rd_size=256
	modprobe -a dm-crypt aes_generic sha256_generic md5 xts cbc essiv ecb lrw || :
	# The kernel tests an algorithm when it is first wanted, and waits a minute for that.
	export DM_DISABLE_UDEV=1
	for mode in aes-xts-plain64 aes-cbc-essiv:sha256 aes-cbc-plain; do
		dmsetup create secret --table "0 512 crypt $mode $key 0 /dev/ram0 0"
		dmsetup remove secret
	done
	;;
run)
	export DM_DISABLE_UDEV=1
	map aes-xts-plain64 $key
	map aes-cbc-essiv:sha256 $key same_cpu_crypt
	map aes-cbc-plain $key allow_discards submit_from_crypt_cpus
	map aes:64-cbc-lmk "$(printf "$key%.0s" $(seq 32))"
	map capi:xts\(aes\)-plain64be $key no_read_workqueue no_write_workqueue
	map aes-xts-plain64 $key sector_size:4096 iv_large_sectors
	map cipher_null-ecb-null -
	dmsetup create secret --table "0 512 crypt aes-xts-plain64 $key 0 /dev/ram0 0"
	! dmsetup message secret 0 key wipe
	dmsetup suspend secret
	dmsetup message secret 0 key wipe
	! dmsetup resume secret
	dmsetup message secret 0 key set $key
	dmsetup resume secret
	dmsetup table secret
	dmsetup remove secret
	# A key that is no number, one that is too short, no such cipher.
	! dmsetup create secret --table '0 512 crypt aes-xts-plain64 zz 0 /dev/ram0 0'
	! dmsetup create secret --table '0 512 crypt aes-xts-plain64 00 0 /dev/ram0 0'
	! dmsetup create secret --table "0 512 crypt nothing-cbc-plain $key 0 /dev/ram0 0"
	;;
esac
