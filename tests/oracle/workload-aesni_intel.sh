#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: AES in assembly, each mode of operation, with the lengths
# at which its loops take another way.
# load: make it ready; run: use it; alone: the same, because nothing is left for others.
set -eu

case $1 in
load)
	modprobe -a aesni_intel cbc ctr cts ecb xts gcm seqiv algif_skcipher algif_aead
	# Its self-tests come to rest.
	sh "$0" run
	sleep 1
	;;
run)
	afalg-call skcipher 'ecb(aes)' 16 0 16 64 80 , \
		skcipher 'cbc(aes)' 24 16 16 64 144 , \
		skcipher 'cts(cbc(aes))' 16 16 16 31 65 , \
		skcipher 'ctr(aes)' 32 16 1 16 127 129 , \
		skcipher 'ctr(aes)' 16 16 260 , \
		skcipher 'xts(aes)' 32 16 16 33 144 , \
		skcipher 'xts(aes)' 64 16 64 , \
		aead 'gcm(aes)' 16 12 1 16 70 700 , \
		aead 'gcm(aes)' 32 12 33 , \
		aead 'rfc4106(gcm(aes))' 20 8 15 64
	;;
alone)
	sh "$0" run
	;;
esac
