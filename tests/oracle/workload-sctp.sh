#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: SCTP over the loopback device. load: make it ready; run: use it.
set -eu

# listen ADDRESS:PORT: until it does; a machine that logs takes its time.
listen()
{
	socat -u "$1" OPEN:/dev/null &
	until grep -q "${1##*:}" /proc/net/sctp/eps; do
		sleep 1
	done
}

case $1 in
load)
	modprobe sctp
	ip link set lo up
	;;
run)
	listen SCTP-LISTEN:5300
	dd if=/bin/sh bs=4k count=10 | socat -u - SCTP-CONNECT:127.0.0.1:5300
	wait
	listen SCTP6-LISTEN:5400
	echo some text | socat -u - 'SCTP6-CONNECT:[::1]:5400'
	wait
	# Nobody listens.
	! echo some text | socat -u - SCTP-CONNECT:127.0.0.1:5401
	cat /proc/net/sctp/* >/dev/null
	# Its timers come to rest.
	sleep 2
	;;
esac
