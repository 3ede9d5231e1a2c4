#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: two ends of a wire, one in a namespace of its own. load: make
# it ready; run: use it.
set -eu

case $1 in
load)
	modprobe veth
	;;
run)
	ip netns add far
	ip link add near type veth peer name end netns far
	# It exists.
	! ip link add near type veth peer name other
	ip addr add 10.9.9.1/24 dev near
	ip -n far addr add 10.9.9.2/24 dev end
	ip link set near up
	ip -n far link set end up
	busybox ping -q -c 3 -s 1000 10.9.9.2
	ip link set near mtu 9000
	! ip link set near mtu 1
	ip -s -d link show near
	ip link set near promisc on
	ip link set near down
	ip link del near
	ip netns del far
	;;
esac
