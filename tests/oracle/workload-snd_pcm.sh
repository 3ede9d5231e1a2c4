#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: ALSA's core, with a card that is none. load: make it ready; run:
# use it.
set -eu

case $1 in
load)
	modprobe snd-dummy pcm_devs=1 pcm_substreams=2 hrtimer=1
	;;
run)
	cd /proc/asound
	aplay -l
	cat pcm card0/pcm0p/info card0/pcm0p/sub0/* >/dev/null
	dd if=/dev/zero bs=4k count=2 | aplay -q -t raw -D hw:Dummy,0 -f S16_LE -r 44100 -c 2
	dd if=/dev/zero bs=4k count=4 |
		aplay -q -t raw -M -D hw:Dummy,0 -f S16_LE -r 48000 -c 2 --period-size=256 \
			--buffer-size=1024
	dd if=/dev/zero bs=1k count=8 | aplay -q -t raw -N -D hw:Dummy,0 -f U8 -r 8000 -c 1
	arecord -q -t raw -M -D hw:Dummy,0 -f S16_LE -r 44100 -c 2 -s 2000 /dev/null
	aplay -q -t raw --dump-hw-params -D hw:Dummy,0 -f S16_LE -s 10 /dev/zero
	# One of two is busy; nobody has that format; nothing comes.
	! aplay -q -t raw -D hw:Dummy,0 -f FLOAT_LE -r 44100 /dev/zero
	aplay -q -t raw -D hw:Dummy,0 -f S16_LE -s 4000 /dev/zero &
	aplay -q -t raw -D hw:Dummy,0 -f S16_LE -s 4000 /dev/zero
	wait
	cat card0/pcm0p/sub0/status >/dev/null
	# Its timer comes to rest.
	sleep 1
	;;
esac
