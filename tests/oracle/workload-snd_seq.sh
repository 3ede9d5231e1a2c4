#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: ALSA's sequencer, with MIDI devices that are none. load: make it
# ready; run: use it.
set -eu

case $1 in
load)
	modprobe snd-seq-dummy ports=2
	modprobe snd-virmidi midi_devs=1
	modprobe snd-seq-midi
	# A file of one note: a chunk for the file, one for its only track.
	printf 'MThd\0\0\0\6\0\0\0\1\0\140MTrk\0\0\0\23\0\377\121\3\1\206\240' >/tmp/note.mid
	printf '\0\220\74\100\20\200\74\0\0\377\57\0' >>/tmp/note.mid
	;;
run)
	aconnect -l
	virtual=$(aconnect -l | sed -n "s/^client \([0-9]*\): 'Virtual.*/\1/p" | head -n 1)
	aconnect 14:0 14:1
	! aconnect 14:0 14:1
	aconnect 14:1 "$virtual:0"
	timeout 60 aseqdump -p 14:1 >/tmp/dump &
	dumping=$!
	aplaymidi -p 14:0 /tmp/note.mid
	amidi -p hw:VirMIDI,0 -S '90 3C 40 80 3C 00 F0 7E 7F 06 01 F7'
	aplaymidi -p "$virtual:0" /tmp/note.mid
	cat /proc/asound/seq/*
	aconnect -d 14:0 14:1
	kill $dumping
	wait
	aconnect -x
	! aconnect 14:0 99:0
	sleep 1
	;;
esac
