#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# demo.sh - what `make demo` runs in the virtual machine: the coverage of Debian's
# vivid driver under v4l2-compliance. Nothing here is special to the machine: on
# one's own the same commands do the same.

set -eu

say()
{
	if [ -t 1 ]; then
		printf '\n\033[1m# %s\033[0m\n' "$*"
	else
		printf '\n# %s\n' "$*"
	fi
}

# show COMMAND...: say what is run, and run it
show()
{
	say "$*"
	"$@"
}

# The nodes that vivid has made.
nodes()
{
	for node in /dev/video* /dev/vbi* /dev/radio* /dev/swradio* /dev/v4l-touch*; do
		[ ! -c "$node" ] || echo "$node"
	done
}

# v4l2-compliance of 1.22 finds fault with newer drivers: its verdict is not ours.
suite()
{
	for node in $(nodes); do
		v4l2-compliance -d "$node" | grep '^Total' || true
	done
}

if [ "${1-}" = suite ]; then
	suite
	exit
fi

say "$(uname -sr), $(. /etc/os-release && echo "$PRETTY_NAME"): nothing recompiled"
show modprobe vivid
show insmod livecov.ko
show covstat attach vivid
say 'covstat run -- v4l2-compliance -d NODE   (for each node of vivid)'
covstat run -- "$0" suite
show covstat list vivid
show covstat next -n 10

covstat list vivid >"$OUT/coverage.txt"
covstat next -n 10 >>"$OUT/coverage.txt"
covstat list vivid --json >"$OUT/coverage.json"
show covstat detach vivid
show rmmod livecov
