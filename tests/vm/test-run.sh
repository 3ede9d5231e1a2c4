#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of tests/vm/run itself, and of how tests/vm/build is called.  Prints a line
# 'ok N - NAME' or 'not ok N - NAME' for each; exits 1 when one failed.  Arguments, such
# as --kernel 6.12, are handed on to each run.

set -u

here=$(dirname "$(readlink -f "$0")")
project=$(readlink -f "$here/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run=("$here/run" "$@")
count=0
failed=0

# guest [RUN-OPTION]... -- COMMAND...: leaves $status, $work/stdout, $work/stderr
guest()
{
	"${run[@]}" "$@" >"$work/stdout" 2>"$work/stderr"
	status=$?
}

# build [ARGUMENT]...: as guest
build()
{
	"$here/build" "$@" >"$work/stdout" 2>"$work/stderr"
	status=$?
}

# check NAME CONDITION...: one line of the report
check()
{
	local name=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $name"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $count - $name"
	echo "# failed: $*, status was $status, stderr:"
	tail -n 15 "$work/stderr" | sed 's/^/#   /'
}

stdout_is()
{
	printf '%s' "$1" | cmp -s - "$work/stdout"
}

stderr_is()
{
	printf '%s' "$1" | cmp -s - "$work/stderr"
}

stderr_has()
{
	grep -qF -- "$1" "$work/stderr"
}

# No boot.
build_tells_its_usage()
{
	local argument

	for argument in --help -h; do
		build $argument
		check "build $argument succeeds" test $status -eq 0
		check "build $argument prints the usage" \
			grep -q '^Usage: tests/vm/build ' "$work/stdout"
		check "build $argument says nothing else" stderr_is ''
	done
	for argument in '' 5.9 --refresh --into '--into /nonexistent 6.1' '6.1 6.12'; do
		# shellcheck disable=SC2086 # some are several words
		build $argument
		check "build '$argument' gives 2" test $status -eq 2
		check "build '$argument' shows the usage" stderr_has 'Usage: tests/vm/build '
		check "build '$argument' has no output" stdout_is ''
	done
}

# One boot tells all of this.
command_sees_its_contract()
{
	mkdir "$work/out"
	# shellcheck disable=SC2016 # for the guest's shell
	LIVECOV_TEST=$'two\nlines' guest --out "$work/out" -- sh -c '
		echo "$LIVECOV_TEST"
		printf "<%s>" "$@"; echo
		echo to-stderr >&2
		echo again >/dev/stderr
		(: >"$0/tests/new-file") 2>/dev/null && echo "project is writable"
		[ "$PWD" = "$0" ] || echo "in $PWD"
		[ "$(id -u)" = 0 ] || echo "not root"
		[ -d /sys/kernel/debug/tracing ] || echo "no debugfs"
		[ -d "/lib/modules/$(uname -r)/build/include" ] || echo "no build tree"
		modprobe loop || echo "no modprobe"
		echo kept >"$OUT/file"
		printf "\000\377\r\n"
		exit 42' "$project" 'a  b' '' $'c\nd' "e'f" '$HOME' '*' \\
	check "status is passed on" test $status -eq 42
	# shellcheck disable=SC2016 # not to be expanded
	check "arguments, environment and surroundings are right" \
		cmp -s "$work/stdout" <(
			printf 'two\nlines\n<a  b><><c\nd><e'\''f><$HOME><*><\\>\n\000\377\r\n')
	check "stderr is apart from stdout" stderr_is $'to-stderr\nagain\n'
	check "OUT is writable" grep -qx kept "$work/out/file"
	check "the console is kept" test -e "$work/out/console.log"
	check "the kernel's log is kept" \
		grep -q 'ended with status 42' "$work/out/kernel.log"
}

# emulator VERSION: as guest, where that version of qemu is installed and no other to be had
emulator()
{
	mkdir -p "$work/emulator"
	touch "$work/emulator/.no-qemu-backport"
	printf '#!/bin/sh\necho QEMU emulator version %s\n' "$1" >"$work/emulator/qemu-system-x86_64"
	chmod 755 "$work/emulator/qemu-system-x86_64"
	PATH=$work/emulator:$PATH LIVECOV_CACHE=$work/emulator "$here/qemu" \
		>"$work/stdout" 2>"$work/stderr"
	status=$?
}

# emulator_is VERSION THREADS
emulator_is()
{
	stdout_is "command='$work/emulator/qemu-system-x86_64'
version='$1'
threads='$2'
"
}

emulator_is_chosen()
{
	emulator 7.2.18
	check "an old qemu has one thread" emulator_is 7.2.18 single
	check "which is told once" stderr_is ''
	emulator 8.1
	check "qemu 8.1 has a thread for each processor" emulator_is 8.1 multi
	emulator 10.0.2
	check "qemu 10 is newer than 8" emulator_is 10.0.2 multi
}

success_is_silent()
{
	guest true
	check "success gives 0" test $status -eq 0
	check "success is silent on stdout" stdout_is ''
	check "success is silent on stderr" stderr_is ''
}

output_is_live()
{
	local begin
	begin=$(date +%s)
	# shellcheck disable=SC2016
	"${run[@]}" -- sh -c 'echo now; sleep 15; exit 1' >"$work/stdout" \
		2>"$work/stderr" &
	until grep -q now "$work/stdout" || [ $(($(date +%s) - begin)) -gt 200 ]; do
		sleep 0.2
	done
	status=none
	check "output arrives before the command ends" kill -0 $!
	wait $!
	status=$?
	check "status 1 is passed on" test $status -eq 1
}

panic_fails()
{
	guest -- sh -c 'echo before; echo c >/proc/sysrq-trigger; sleep 60'
	check "a panic gives 254" test $status -eq 254
	check "output up to a panic arrives" stdout_is $'before\n'
	check "a panic is shown" stderr_has 'sysrq triggered crash'
}

power_off_fails()
{
	guest -- sh -c 'echo o >/proc/sysrq-trigger; sleep 60'
	check "switching off without a status gives 254" test $status -eq 254
}

time_out_fails()
{
	guest --timeout 20 -- sleep 600
	check "a time-out gives 253" test $status -eq 253
	check "a time-out is named" stderr_has 'time-out after 20 s'
	# It outlives its time by telling what it does, and then falls silent.
	guest --silence 20 -- sh -c \
		'for _ in 1 2 3 4; do echo .; sleep 8; done; echo told; sleep 600'
	check "silence gives 253" test $status -eq 253
	check "silence is named" stderr_has 'time-out after 20 s without output'
	check "output begins the time again" grep -qx told "$work/stdout"
}

no_boot_fails()
{
	guest --append 'rdinit=/nothing root=/dev/none' true
	check "no boot gives 252" test $status -eq 252
}

setup_failures()
{
	guest --qemu '-device no-such-device' true
	check "qemu's refusal gives 125" test $status -eq 125
	check "qemu's refusal is shown" stderr_has no-such-device
	guest --no-such-option true
	check "wrong usage gives 125" test $status -eq 125
}

# The kernel itself quotes a module's unknown parameter in its log.
log_is_scanned()
{
	guest -- modprobe loop 'Oops=1'
	check "a fault in the kernel's log gives 120" test $status -eq 120
	check "the faulty line is shown" stderr_has "unknown parameter 'Oops'"
	guest -- sh -c 'modprobe loop Oops=1; exit 3'
	check "a fault leaves the status of a failed command" test $status -eq 3
	guest -- sh -c 'echo "WARNING: from a program" >/dev/kmsg'
	check "what programs write to the log is no fault" test $status -eq 0
}

terminal_is_passed_on()
{
	local command

	printf -v command '%q ' "${run[@]}" --tty -- \
		sh -c 'test -t 1 && test -t 2 && stty size </dev/tty && exit 9'
	: >"$work/stderr"
	script -qec "stty cols 90 rows 30; $command" /dev/null \
		</dev/null >"$work/stdout"
	status=$?
	check "--tty gives the command a terminal" test $status -eq 9
	check "a terminal's size is passed on" stdout_is $'30 90\r\n'
}

interrupt_leaves_nothing()
{
	local qemus

	# A job in the background of a script ignores SIGINT; SIGTERM it is.
	TMPDIR=$work "${run[@]}" -- sleep 600 >"$work/stdout" 2>"$work/stderr" &
	until qemus=$(pgrep -P $! qemu) || ! kill -0 $!; do
		sleep 0.2
	done
	kill $!
	wait $!
	status=$?
	check "SIGTERM ends a run" test $status -eq 143
	check "no qemu is left" test ! -e "/proc/${qemus:-none}"
	check "no files are left" \
		test -z "$(find "$work" -maxdepth 1 -name 'livecov-*')"
}

build_tells_its_usage
emulator_is_chosen
success_is_silent
command_sees_its_contract
output_is_live
panic_fails
power_off_fails
time_out_fails
no_boot_fails
setup_failures
log_is_scanned
terminal_is_passed_on
interrupt_leaves_nothing
[ $failed -eq 0 ]
