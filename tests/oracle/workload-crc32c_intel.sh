#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: CRC-32C in assembly, with the lengths at which it jumps into
# unrolled code.
# load: make it ready; run: use it; alone: the same, because nothing is left for others.
set -eu

case $1 in
load)
	modprobe -a crc32c_intel algif_hash
	# Its self-tests come to rest.
	sh "$0" run
	sleep 1
	;;
run)
	afalg-call hash crc32c 4 0 1 9 200 511 512 513 1000 2100 4000
	;;
alone)
	sh "$0" run
	;;
esac
