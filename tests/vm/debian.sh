# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packages of Debian, unpacked into a cache and used from there.  For bash scripts that
# set -euo pipefail.
# shellcheck disable=SC2034 # some variables are for those scripts

cache=$(realpath -m "${LIVECOV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/livecov}")

die()
{
	printf '%s: %s\n' "$0" "$*" >&2
	exit 1
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# How apt is asked: this machine's, until use_suites() says otherwise.
apt_options=(-o APT::Sandbox::User=root)
apt_update=(as_root apt-get -qq update)

# The address that the machine itself takes SUITE's archive from: security updates have
# one of their own.
mirror_of()
{
	local label=Debian

	case $1 in
	*-security) label=Debian-Security ;;
	esac
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		awk -v label=$label '$1 == label { print $2; found = 1; exit } END { exit !found }'
}

# use_suites DIR SUITE...: from here on apt is asked for these suites of Debian, of which
# the machine's sources need not know.  Its state is in DIR; the machine's own stays as it is.
use_suites()
{
	local state=$1 suite mirror
	shift

	mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
	: >"$state/status"
	for suite; do
		mirror=$(mirror_of "$suite") || continue
		echo "deb $mirror $suite main"
	done >"$state/sources.list"
	[ -s "$state/sources.list" ] ||
		die "apt's sources name no archive of Debian to take $* from (or its lists are empty: try apt-get update)"
	apt_options+=(-o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State=$state" -o "Dir::State::Lists=$state/lists"
		-o "Dir::State::status=$state/status" -o "Dir::Cache=$state/cache")
	apt_update=(apt-get "${apt_options[@]}" -qq update)
}

# unpack DIR PACKAGE...
unpack()
{
	local tree=$1 debs deb
	shift

	debs=$(mktemp -d "$tree.deb.XXXXXX")
	(cd "$debs" && apt-get "${apt_options[@]}" -qq download "$@") >&2 || return
	for deb in "$debs"/*.deb; do
		dpkg -x "$deb" "$tree"
	done
	rm -r "$debs"
}

# fetch_once DIR WHAT FUNCTION...: DIR/info is there afterwards.  If it was not (or with
# $refresh set to true), "FUNCTION... WORK DIR" makes it, and all else, in WORK, which then
# becomes DIR.
fetch_once()
{
	local final=$1 what=$2 name work
	shift 2

	name=$(basename "$final")
	mkdir -p "$(dirname "$final")"
	# One fetch at a time; who waited finds it there.
	exec 9>"$(dirname "$final")/.lock-$name"
	flock 9
	if ${refresh:-false} || [ ! -e "$final/info" ]; then
		work=$(mktemp -d "$(dirname "$final")/.new-$name.XXXXXX")
		# shellcheck disable=SC2064 # expand now: work is local
		trap "rm -rf '$work'" EXIT
		echo "livecov-vm: fetching $what (once)" >&2
		"$@" "$work" "$final"
		chmod 755 "$work"
		rm -rf "$final"
		mv "$work" "$final"
	fi
}
