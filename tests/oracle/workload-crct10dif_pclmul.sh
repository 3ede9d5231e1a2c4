#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: CRC-T10DIF in assembly, with the lengths at which its loops take
# another way.
# load: make it ready; run: use it; alone: the same, because nothing is left for others.
set -eu

case $1 in
load)
	modprobe -a crct10dif_pclmul algif_hash
	# Its self-tests come to rest.
	sh "$0" run
	sleep 1
	;;
run)
	afalg-call hash crct10dif 0 0 1 2 15 16 17 31 32 200 255 256 257 300 1000
	;;
alone)
	sh "$0" run
	;;
esac
