#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: the sound card that is none. load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe snd-dummy pcm_devs=1 pcm_substreams=2 hrtimer=1
	;;
run)
	amixer -c Dummy scontents >/dev/null
	amixer -q -c Dummy sset Master 50,20
	! amixer -q -c Dummy sset Nothing 50
	dd if=/dev/zero bs=4k count=2 | aplay -q -t raw -D hw:Dummy,0 -f S16_LE -r 44100 -c 2
	! aplay -q -t raw -D hw:Dummy,0 -f U8 -r 8000 -c 77 /dev/zero
	arecord -q -t raw -D hw:Dummy,0 -f S16_LE -r 44100 -c 2 -s 2000 /dev/null
	[ ! -e /proc/asound/Dummy/dummy_pcm ] || cat /proc/asound/Dummy/dummy_pcm
	;;
esac
