#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: a network card that QEMU plays, with interrupts. machine: what
# QEMU is told for it; load: make it ready; run: use it.
set -eu

wait_for_carrier()
{
	until [ "$(cat /sys/class/net/eth0/operstate)" = up ]; do
		sleep 1
	done
}

case $1 in
machine)
	echo -netdev user,id=net,restrict=on -device e1000e,netdev=net
	;;
load)
	modprobe e1000e
	;;
run)
	ip addr add 10.0.2.15/24 dev eth0
	ip link set eth0 up
	wait_for_carrier
	busybox ping -q -c 3 -s 4000 10.0.2.2
	ethtool eth0
	for of in -S -d -g -c; do
		ethtool $of eth0 >/dev/null || :
	done
	ethtool -K eth0 tso off rx off
	ethtool -G eth0 rx 512 tx 128
	ethtool -C eth0 rx-usecs 30
	ip link set eth0 mtu 3000
	! ip link set eth0 mtu 60000
	sleep 1
	wait_for_carrier
	busybox ping -q -c 2 -s 1000 10.0.2.2
	ip link set eth0 promisc on
	ip link add link eth0 name tagged type vlan id 7 || :
	ip link del tagged || :
	ip link set eth0 down
	sleep 1
	;;
esac
