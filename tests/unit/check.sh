# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh - for tests that are written in shell, which read this file once they are at the
# project's root: a line 'ok NAME' or 'not ok NAME' for each. Their last line is exit $failed.

set -u
work=$(mktemp -d) || exit 1
trap 'rm -r "$work"' EXIT
failed=0

# check NAME COMMAND...: one test; what COMMAND says is of interest if it fails
check()
{
	name=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name"
		sed 's/^/# /' "$work/log"
		# shellcheck disable=SC2034 # by those who read this
		failed=1
	fi
}
