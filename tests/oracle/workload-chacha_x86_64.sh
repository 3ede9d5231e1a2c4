#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: ChaCha in assembly, with the lengths at which its loops take
# another way.
# load: make it ready; run: use it; alone: the same, because nothing is left for others.
set -eu

case $1 in
load)
	modprobe -a chacha_x86_64 poly1305_x86_64 chacha20poly1305 algif_skcipher algif_aead
	# Its self-tests come to rest.
	sh "$0" run
	sleep 1
	;;
run)
	afalg-call skcipher chacha20 32 16 1 64 65 128 200 256 300 512 600 , \
		skcipher xchacha12 32 32 130 , \
		aead 'rfc7539(chacha20,poly1305)' 32 12 17 320
	;;
alone)
	sh "$0" run
	;;
esac
