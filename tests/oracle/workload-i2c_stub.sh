#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: a chip that i2c-stub plays. load: make it ready; run: use it;
# alone: the same, because nothing is left for others.
set -eu

case $1 in
load)
	modprobe i2c-dev
	modprobe i2c-stub chip_addr=0x50,0x51 functionality=0x0fff0000
	;;
run)
	i2cdetect -l
	bus=$(i2cdetect -l | sed -n 's/^i2c-\([0-9]*\).*SMBus stub.*/\1/p')
	i2cset -y "$bus" 0x50 0x10 0x42 b
	i2cset -y "$bus" 0x50 0x12 0x1234 w
	i2cset -y "$bus" 0x51 0x20 1 2 3 4 s
	i2cset -y "$bus" 0x51 0x30 1 2 3 4 i
	i2cget -y "$bus" 0x50 0x10 b
	i2cget -y "$bus" 0x50 0x12 w
	i2cget -y "$bus" 0x51 0x20 s || :
	i2cdump -y -r 0x10-0x1f "$bus" 0x50 i
	i2cdetect -y "$bus" 0x4f 0x52
	# Nobody is there.
	! i2cget -y "$bus" 0x52 0
	;;
alone)
	sh "$0" run
	;;
esac
