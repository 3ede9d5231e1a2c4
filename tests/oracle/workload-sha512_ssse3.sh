#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: SHA-512 in assembly, with the lengths at which its padding takes
# another block.
# load: make it ready; run: use it; alone: the same, because nothing is left for others.
set -eu

case $1 in
load)
	modprobe -a sha512_ssse3 algif_hash
	# Its self-tests come to rest.
	sh "$0" run
	sleep 1
	;;
run)
	afalg-call hash sha512 0 0 0 3 111 112 128 300 , hash sha384 0 0 200
	;;
alone)
	sh "$0" run
	;;
esac
