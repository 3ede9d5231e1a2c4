#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: vivid, one node of a kind.  load: make it ready; run:
# use it.
set -eu

case $1 in
load)
	# Video capture and output, VBI and radio receivers, SDR, touch.
	modprobe vivid n_devs=1 node_types=0x40135 num_inputs=2 input_types=0x8
	;;
run)
	cd /dev
	v4l2-ctl -d video0 --all >/dev/null
	v4l2-ctl -d video0 --set-input 1 --set-standard ntsc \
		--set-fmt-video=width=160,height=90,pixelformat=YU12
	v4l2-ctl -d video0 --set-ctrl brightness=100,horizontal_movement=5 \
		--stream-mmap=2 --stream-count=2
	;;
esac
