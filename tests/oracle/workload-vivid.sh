#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: vivid, one node of each older kind.  load: make it
# ready; run: use it.
set -eu

case $1 in
load)
	# Video, VBI and radio, in and out, and SDR; a webcam and a tuner.
	modprobe vivid n_devs=1 node_types=0x1d3d num_inputs=2 input_types=0x4
	;;
run)
	cd /dev
	v4l2-ctl -d video0 --all >/dev/null
	v4l2-ctl -d video0 --set-input 1 --set-standard ntsc --set-freq 62.25 \
		--set-fmt-video=width=160,height=90,pixelformat=YU12
	v4l2-ctl -d video0 --set-ctrl brightness=100,horizontal_movement=5 \
		--stream-mmap=2 --stream-count=2
	v4l2-ctl -d video1 --set-fmt-video-out=width=160,height=90 \
		--stream-out-mmap=2 --stream-count=2
	v4l2-ctl -d vbi0 --stream-mmap=2 --stream-count=1
	v4l2-ctl -d radio0 --set-freq 97.5 --freq-seek dir=1 --get-tuner
	# Streaming would be four million instructions.
	v4l2-ctl -d swradio0 --set-freq 100 --get-tuner >/dev/null
	# No such input.
	! v4l2-ctl -d video0 --set-input 7
	;;
esac
