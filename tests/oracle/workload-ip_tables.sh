#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: rules of iptables as it was, and packets that they match. load: make
# it ready; run: use it.
set -eu

case $1 in
load)
	modprobe -a ip_tables iptable_filter iptable_nat iptable_mangle xt_conntrack xt_limit \
		xt_multiport xt_mark ipt_REJECT xt_REDIRECT xt_LOG xt_comment xt_tcpudp || :
	ip link set lo up
	;;
run)
	iptables-legacy -N deeper
	iptables-legacy -A deeper -p udp -m multiport --dports 7,9,500 -j RETURN
	iptables-legacy -A deeper -p tcp --dport 80 -j REJECT --reject-with tcp-reset
	iptables-legacy -A INPUT -s 127.0.0.0/8 -m comment --comment words -g deeper
	iptables-legacy -I INPUT -p icmp -m limit --limit 100/s -j ACCEPT
	iptables-legacy -I INPUT ! -i lo -f -j DROP
	iptables-legacy -I INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
	iptables-legacy -t nat -A OUTPUT -p udp --dport 9 -j REDIRECT --to-ports 7
	iptables-legacy -t mangle -A OUTPUT -j MARK --set-mark 3
	busybox ping -q -c 2 127.0.0.1
	for port in 7 9 5; do
		echo datagram | busybox nc -u -w 1 127.0.0.1 $port || :
	done
	! busybox nc -w 1 127.0.0.1 80 </dev/null
	iptables-legacy -L -v -n -x
	iptables-legacy-save -c | iptables-legacy-restore -c
	# A loop; a chain that is in use; no such rule.
	iptables-legacy -N loop
	iptables-legacy -A loop -j deeper
	! iptables-legacy -A deeper -j loop
	! iptables-legacy -X deeper
	! iptables-legacy -D INPUT 9
	iptables-legacy -Z
	iptables-legacy -P INPUT ACCEPT
	for table in filter nat mangle; do
		iptables-legacy -t $table -F
		iptables-legacy -t $table -X
	done
	# What is released later.
	sleep 1
	;;
esac
