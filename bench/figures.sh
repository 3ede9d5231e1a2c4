#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# figures.sh - in a guest: what measuring one target costs. Prints one JSON line:
# sites, refused by errno, seconds to attach and detach, seconds of the target's
# workload without livecov, in mode blocks (first and second run) and in mode edges.
#
#	bench/figures.sh vivid|ext4|covtarget

set -euo pipefail

target=$1
oracle=$(dirname "$(readlink -f "$0")")/../tests/oracle

prepare()
{
	case $target in
	ext4)
		modprobe brd rd_nr=1 rd_size=131072
		modprobe ext4
		mkdir -p /tmp/ext4
		;;
	covtarget) sh "$oracle/workload-covtarget.sh" load ;;
	*) modprobe "$target" ;;
	esac
}

# All of them end with the target idle.
workload()
{
	case $target in
	vivid)
		for node in /dev/video0 /dev/video1 /dev/vbi0 /dev/radio0; do
			v4l2-compliance -d "$node" || true
		done
		;;
	ext4)
		mke2fs -q -t ext4 /dev/ram0
		mount -t ext4 /dev/ram0 /tmp/ext4
		for ((i = 0; i < 400; i++)); do
			echo "$i" >"/tmp/ext4/file$i"
		done
		rm /tmp/ext4/file1*
		sync
		umount /tmp/ext4
		;;
	covtarget) sh "$oracle/workload-covtarget.sh" run ;;
	esac >/dev/null 2>&1
}

# seconds COMMAND...: how long it takes
seconds()
{
	local begin=$EPOCHREALTIME

	"$@" >/dev/null
	echo "$EPOCHREALTIME $begin" | awk '{ printf "%.2f", $1 - $2 }'
}

# of EXPRESSION: from the list of what is attached
of()
{
	covstat list "$target" --json | python3 -c "
import json, sys
t = json.load(sys.stdin)['targets'][0]
print($1)"
}

refused='json.dumps({e: n for e, n in sorted(__import__("collections").Counter(
	x["errno"] for f in t["functions"]
	for x in [f["entry"]] + f["blocks"] + f["branches"] if x.get("errno")).items())})'

prepare >/dev/null
workload		# caches filled, nodes opened once
modprobe livecov
without=$(seconds workload)

blocks_attach=$(seconds covstat attach "$target" --mode blocks)
blocks_sites=$(of "t['totals']['sites']")
blocks_refused=$(of "$refused")
blocks_first=$(seconds workload)
blocks_second=$(seconds workload)
blocks_detach=$(seconds covstat detach "$target")

edges_attach=$(seconds covstat attach "$target" --mode edges)
edges_sites=$(of "t['totals']['sites']")
edges_refused=$(of "$refused")
edges_run=$(seconds workload)
totals=$(of "json.dumps(t['totals'])")
edges_detach=$(seconds covstat detach "$target")
rmmod livecov

cat <<EOF
{"target": "$target", "kernel": "$(uname -r)", "workload_s": $without,
 "blocks": {"sites": $blocks_sites, "refused": $blocks_refused, "attach_s": $blocks_attach, "detach_s": $blocks_detach, "first_s": $blocks_first, "second_s": $blocks_second},
 "edges": {"sites": $edges_sites, "refused": $edges_refused, "attach_s": $edges_attach, "detach_s": $edges_detach, "run_s": $edges_run, "totals": $totals}}
EOF
