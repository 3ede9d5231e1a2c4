#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: a bridge between two namespaces. load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe -a bridge veth
	;;
run)
	ip link add br0 type bridge stp_state 1 forward_delay 200 vlan_filtering 1 mcast_snooping 1
	ip link set br0 up
	for end in 1 2; do
		ip netns add far$end
		ip link add port$end type veth peer name end netns far$end
		ip link set port$end master br0 up
		ip -n far$end addr add 10.9.6.$end/24 dev end
		ip -n far$end link set end up
	done
	ip addr add 10.9.6.3/24 dev br0
	# Until its ports forward.
	until bridge link show dev port2 | grep -q 'state forwarding'; do
		sleep 1
	done
	ip netns exec far1 busybox ping -q -c 2 -W 20 10.9.6.2
	busybox ping -q -c 1 -W 20 10.9.6.1
	bridge fdb show br br0
	bridge fdb add 02:00:00:00:00:01 dev port1 master static
	! bridge fdb add 02:00:00:00:00:01 dev port1 master static
	bridge fdb del 02:00:00:00:00:01 dev port1 master
	bridge vlan add dev port1 vid 10-12 tagged
	bridge vlan add dev br0 vid 10 self
	bridge -s vlan show
	bridge mdb add dev br0 port port1 grp 239.1.1.1 permanent vid 1
	bridge -d mdb show
	ip link set port1 type bridge_slave cost 5 isolated on learning off
	! ip link set br0 type bridge forward_delay 1
	ip link set br0 type bridge stp_state 0 vlan_filtering 0 group_fwd_mask 8 ageing_time 1000
	cat /sys/class/net/br0/bridge/* /sys/class/net/port1/brport/* >/dev/null 2>&1 || :
	ip link set port1 nomaster
	ip link del br0
	ip netns del far1
	ip netns del far2
	# What is released later.
	sleep 2
	;;
esac
