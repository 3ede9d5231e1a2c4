#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: what is played at one end is recorded at the other. load: make
# it ready; run: use it.
set -eu

case $1 in
load)
	modprobe snd-aloop pcm_substreams=1
	;;
run)
	amixer -c Loopback contents >/dev/null
	amixer -q -c Loopback cset iface=PCM,name='PCM Rate Shift 100000' 100010
	arecord -q -t raw -D hw:Loopback,1,0 -f S16_LE -r 8000 -c 1 -s 1000 /dev/null &
	dd if=/dev/zero bs=1k count=4 | aplay -q -t raw -D hw:Loopback,0,0 -f S16_LE -r 8000 -c 1
	wait
	cat /proc/asound/Loopback/cable* >/dev/null
	# Nobody listens.
	dd if=/dev/zero bs=1k count=2 | aplay -q -t raw -D hw:Loopback,0,0 -f S16_LE -r 8000 -c 1
	! aplay -q -t raw -D hw:Loopback,0,7 -f S16_LE /dev/zero
	;;
esac
