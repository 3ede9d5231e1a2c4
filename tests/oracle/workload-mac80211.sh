#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: two radios that mac80211_hwsim plays meet without an access point.
# load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe mac80211_hwsim radios=2
	# Until somebody would have answered about what may be transmitted where.
	sleep 5
	;;
run)
	ip netns add far
	iw phy "$(cat /sys/class/net/wlan1/phy80211/name)" set netns name far
	iw list >/dev/null
	iw dev wlan0 set type ibss
	ip netns exec far iw dev wlan1 set type ibss
	ip addr add 10.9.7.1/24 dev wlan0
	ip -n far addr add 10.9.7.2/24 dev wlan1
	ip link set wlan0 up
	ip -n far link set wlan1 up
	iw dev wlan0 ibss join meeting 2412 fixed-freq 02:00:00:00:99:99
	ip netns exec far iw dev wlan1 ibss join meeting 2412 fixed-freq 02:00:00:00:99:99
	# A machine that logs takes its time.
	busybox ping -q -c 2 -W 60 10.9.7.2
	iw dev wlan0 station dump
	iw dev wlan0 survey dump
	iw dev wlan0 info
	iw dev wlan0 set txpower fixed 1000 || :
	iw dev wlan0 ibss leave
	ip link set wlan0 down
	ip -n far link set wlan1 down
	ip netns exec far iw dev wlan1 set type managed
	ip -n far link set wlan1 up
	ip netns exec far iw dev wlan1 scan freq 2412 >/dev/null || :
	ip -n far link set wlan1 down
	ip netns del far
	sleep 2
	;;
esac
