#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh - check.py in a guest: each mode once, both scopes.
#
#	make covtarget-call && tests/vm/run -- tests/target/guest.sh

failed=0
for run in edges/tracked blocks/all count/tracked; do
	"$(dirname "$0")/check.py" --mode "${run%/*}" --scope "${run#*/}" || failed=1
done
exit $failed
