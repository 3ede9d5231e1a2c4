#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: a virtual machine in the virtual machine makes KVM emulate
# instructions: its emulator calls into tables of code. load: make it ready; run: use it.
set -eu

case $1 in
functions)
	# Without what the clock calls: that is never at rest.
	cat <<-GLOBS
		em_*
		set[a-z]
		set[a-z][a-z]
		set[a-z][a-z][a-z]
		fastop
		decode*
		linearize*
		segmented_*
		write*
		x86_*
		emulator_*
		kvm_arch_vcpu*
		kvm_get_cr8
	GLOBS
	;;
load)
	modprobe kvm_amd
	;;
run)
	python3 -I -S "$(dirname "$0")/kvm_guest.py"
	# What is released later.
	sleep 1
	;;
esac
