#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: what a copy of the power button says. load: make it ready; run: use
# it.
set -eu

case $1 in
load)
	modprobe -a evdev uinput button || :
	for _ in 1 2 3 4 5 6 7 8 9; do
		[ ! -e /dev/input/event0 ] || break
		sleep 1
	done
	;;
run)
	evemu-describe /dev/input/event0 >/tmp/button
	evemu-device /tmp/button >/tmp/made &
	made=$!
	until grep -q . /tmp/made; do
		sleep 1
	done
	device=$(sed 's/.*: *//' /tmp/made)
	evemu-record "$device" >/tmp/recorded &
	recording=$!
	sleep 2
	for value in 1 0; do
		evemu-event "$device" --type EV_KEY --code KEY_POWER --value $value --sync
	done
	evtest --query "$device" EV_KEY KEY_POWER
	! evtest --query "$device" EV_KEY nonsense
	kill $recording
	cat /tmp/recorded
	evemu-record "$device" >/tmp/recorded &
	recording=$!
	sleep 2
	# It goes while somebody listens.
	kill $made
	wait || :
	;;
esac
