#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: filters of a queue, and packets that they match. load: make it
# ready; run: use it.
set -eu

case $1 in
load)
	modprobe -a veth sch_ingress sch_htb cls_flower act_gact act_mirred act_pedit act_vlan \
		act_skbedit act_police
	;;
run)
	ip netns add far
	ip link add near type veth peer name end netns far
	ip addr add 10.9.2.1/24 dev near
	ip -n far addr add 10.9.2.2/24 dev end
	ip link set near up
	ip -n far link set end up
	tc qdisc add dev near clsact
	filter='tc filter add dev near egress protocol ip'
	$filter pref 1 handle 7 flower ip_proto icmp type 8 action skbedit priority 3 continue
	$filter pref 1 flower dst_ip 10.9.2.0/24 ip_ttl 64 action pass
	$filter pref 2 flower ip_proto udp dst_port 7-9 action drop
	$filter pref 3 flower ip_proto tcp tcp_flags 0x2/0x12 src_ip 10.0.0.0/8 action drop
	tc filter add dev near ingress protocol arp flower arp_op reply action pass
	tc filter add dev near ingress protocol 802.1q flower vlan_id 7 vlan_prio 3 action drop
	tc chain add dev near egress protocol ip chain 5 flower dst_ip 0.0.0.0/16
	busybox ping -q -c 2 -W 20 10.9.2.2
	echo datagram | busybox nc -u -w 1 10.9.2.2 8 || :
	! busybox nc -w 1 10.9.2.2 80 </dev/null
	tc -s filter show dev near egress
	! $filter pref 1 handle 7 flower ip_proto icmp action drop
	! $filter flower ip_proto icmp dst_port 7 action drop
	tc filter del dev near egress protocol ip pref 2
	tc filter get dev near egress protocol ip pref 1 handle 7 flower
	tc qdisc del dev near clsact
	ip link del near
	ip netns del far
	# What is released later.
	sleep 1
	;;
esac
