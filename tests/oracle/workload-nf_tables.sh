#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: a set of rules of many kinds, and packets that they match.
# load: make it ready; run: use it.
set -eu

case $1 in
load)
	modprobe -a nf_tables nft_counter nft_limit nft_ct nft_reject_inet nft_log nft_hash \
		nft_numgen || :
	ip link set lo up
	;;
run)
	nft -f - <<-RULES
		table inet filter {
			counter echoes { }
			set ports { type inet_service; flags interval; elements = { 7-9, 80, 1000-2000 } }
			set hosts { type ipv4_addr; flags timeout, dynamic; timeout 10m; }
			set pairs {
				type ipv4_addr . inet_service; flags interval
				elements = { 127.0.0.0/8 . 5000-5010, 10.0.0.1-10.0.0.9 . 53 }
			}
			map verdicts { type inet_service : verdict; elements = { 9 : drop, 5001 : jump deeper } }
			chain deeper {
				meta length > 20 counter
				ip ttl 64 return
				drop
			}
			chain input {
				type filter hook input priority 0; policy accept;
				icmp type echo-request counter name echoes
				ip saddr 127.0.0.1 add @hosts { ip saddr }
				ip daddr . udp dport @pairs counter
				udp dport @ports counter
				udp dport vmap @verdicts
				ip6 saddr ::1 counter
				udp length & 0x1 == 0 limit rate 100/second counter
				meta mark set meta cpu
				ip protocol tcp tcp flags & (fin|syn) == syn counter reject with tcp reset
			}
		}
		table ip other {
			chain output { type filter hook output priority 10; ip dscp set cs1; }
		}
	RULES
	busybox ping -q -c 2 127.0.0.1
	for port in 7 9 500 1500 5001 5005; do
		echo datagram | busybox nc -u -w 1 127.0.0.1 $port || :
	done
	! busybox nc -w 1 127.0.0.1 80 </dev/null
	nft list ruleset
	nft add element inet filter ports '{ 3000 }'
	! nft add element inet filter ports '{ 1500-1700 }'
	nft delete element inet filter ports '{ 80 }'
	nft get element inet filter pairs '{ 127.0.0.1 . 5003 }'
	! nft add rule inet filter nothing counter
	# All of it or nothing.
	! printf 'add table ip third\nadd rule ip third nothing counter\n' | nft -f -
	nft reset counters
	nft flush set inet filter hosts
	nft flush ruleset
	# What is released later.
	sleep 1
	;;
esac
