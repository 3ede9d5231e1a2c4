#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: the tests' own module.  load: make it ready; run: use
# it; alone: use it in this task and its children alone, without interrupts.  Not
# every function and not every way: what did not run must be right too.
set -eu

# What is beside jumps: tests/target/beside_asm.S, beside.c.
beside()
{
	covtarget-call rip_before 5 , rip_after 5 5 , rip_after 3 2 , rip_percpu 0 , \
		flags 1 2 , flags 5 5 , flags -1 1 , carry -1 2 4 , carry 0 0 4 , \
		carry -1 1 -1
	covtarget-call into_before 3 10 15 , into_after 1 2 , into_after 0 0 , \
		body 4 7 , spin 5 9 , rcx_beside 2 3 0 , rcx_beside 0x100000000 2 1
	covtarget-call fault_before 0 , fault_before 1 , fault_after 2 2 1 , \
		fault_after 2 1 0 , deep 4 , give_way 4 5 , from_cold 0 5 , \
		from_cold 1 5 , from_cold 2 5 , after_call 7 3 , \
		after_call 7 0x101 , island 4 5 7
	covtarget-call key_beside 1 1 , key_beside_set 1 , key_beside 1 1 , \
		key_first , key_beside_set 0 , key_first , call_beside 3 0 , call_beside_set 1 , \
		call_beside 3 1 , call_beside_set 0 , warn_beside 1 5 , warn_beside 0 0
}

case $1 in
functions)
	# All but covt_ifs_1000: attaching to it alone takes a minute.
	cat <<-GLOBS
		covt_[!i]*
		covt_i[!f]*
		covt_if_*
		covt_ifs_?
		covt_ifs_??
		covt_ifs_???
		[!c]*
	GLOBS
	;;
load)
	modprobe covtarget
	# Its thread sleeps in the middle of a block when the measurement begins.
	covtarget-call thread_start
	;;
run)
	covtarget-call thread_stop
	covtarget-call if_else 2 1 , nested 1 0 1 , errors 2 , errors 0 , \
		compare_tree 1 , compare_tree 6 , compare_tree 5000 , \
		cold 4 0 0 , cold 0 0 1 , warn 0 , warn_never 0
	covtarget-call conditions 1 2 , conditions 5 5 , \
		conditions 0x8000000000000000 1 , jump_sizes 0 1 , jump_sizes 1 3 , \
		rcxz 0 , rcxz 0x100000000
	covtarget-call static_key , static_key_set 1 , static_key , \
		static_key_set 0 , static_key
	covtarget-call for_loop 5 , while_loop 3 , do_loop 3 , leave_loop 4 2 , \
		loop_insns 3 0 , loop_insns 1 0 , recurse 4
	covtarget-call leaf 1 2 3 , chain 1 , tail 3 0 , tail_jcc 3 0 , tail_jcc 3 1 , \
		tail_jcc 3 0 , indirect 0 5 , indirect_tail 1 5 , inline_one 1 , \
		inline_two 9
	covtarget-call fixup 0 , fixup 1 , unsafe_get good , unsafe_get bad , \
		get bad , copy good , copy bad
	covtarget-call hardirq 0 , softirq 1 , work 0
	beside
	covtarget-call interrupted 0 2 , interrupted 1 2
	covtarget-call ifs_10 0x8000000000000005 , ifs_100 0xaaaaaaaaaaaaaaaa
	# Two processes at a time, and one that sleeps in a call.
	covtarget-call -f 2 -t 2 -r 3 if_else 1 2
	covtarget-call wait_jump 1 &
	covtarget-call wait_reached
	covtarget-call wake
	wait
	covtarget-call wait_test 3 5 &
	covtarget-call wait_reached
	covtarget-call wake
	wait
	# It sleeps there again when the measurement ends.
	covtarget-call thread_start
	;;
alone)
	beside
	covtarget-call if_else 2 1 , errors 2 , compare_tree 6 , cold 4 0 0 , \
		conditions 1 2 , jump_sizes 1 3 , rcxz 0 , static_key , for_loop 5 , \
		recurse 4 , chain 1 , tail 3 0 , tail_jcc 3 1 , fixup 1 , get bad , \
		ifs_10 0x8000000000000005
	covtarget-call -f 2 -t 2 -r 3 if_else 1 2
	# Nobody sleeps here: the thread that load has started would be woken instead.
	;;
esac
