#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: AEGIS-128 in assembly, with the lengths at which its loops take
# another way.
# load: make it ready; run: use it; alone: the same, because nothing is left for others.
set -eu

case $1 in
load)
	modprobe -a aegis128_aesni algif_aead
	# Its self-tests come to rest.
	sh "$0" run
	sleep 1
	;;
run)
	afalg-call aead aegis128 16 16 0 1 15 16 17 64 700
	;;
alone)
	sh "$0" run
	;;
esac
