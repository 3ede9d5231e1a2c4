#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: two tunnels that meet over a veth. load: make it ready; run:
# use it.
set -eu

ends()
{
	ip netns add far
	ip link add near type veth peer name end netns far
	ip addr add 10.9.8.1/24 dev near
	ip -n far addr add 10.9.8.2/24 dev end
	ip link set near up
	ip -n far link set end up
}

case $1 in
load)
	modprobe veth
	modprobe wireguard
	cd /tmp
	wg genkey >near.key
	wg genkey >far.key
	ends
	;;
run)
	cd /tmp
	ip link add wg0 type wireguard
	ip -n far link add wg0 type wireguard
	wg set wg0 listen-port 4000 private-key near.key peer "$(wg pubkey <far.key)" \
		allowed-ips 10.9.9.2/32,fd09::/64 endpoint 10.9.8.2:4000
	ip netns exec far wg set wg0 listen-port 4000 private-key far.key \
		peer "$(wg pubkey <near.key)" allowed-ips 10.9.9.1/32
	ip addr add 10.9.9.1/24 dev wg0
	ip -n far addr add 10.9.9.2/24 dev wg0
	ip link set wg0 up
	ip -n far link set wg0 up
	# A machine that logs takes its time for the handshake.
	busybox ping -q -c 3 -W 120 10.9.9.2
	# Nobody's address.
	! busybox ping -q -c 1 -W 1 10.9.9.3
	wg show
	wg set wg0 peer "$(wg pubkey <far.key)" remove
	ip link del wg0
	ip -n far link del wg0
	# Its workers come to rest.
	sleep 1
	;;
esac
