#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A workload for run-oracle: a USB host controller that QEMU plays, with a disk. machine: what
# QEMU is told for it; load: make it ready; run: use it.
set -eu

# Until there is a disk, or none.
wait_for()
{
	for _ in 1 2 3 4 5 6 7 8 9; do
		! [ "$@" ] || break
		sleep 1
	done
}

case $1 in
machine)
	echo -blockdev driver=null-co,node-name=disk,size=4194304,read-zeroes=on \
		-device qemu-xhci,id=usb -device usb-storage,bus=usb.0,drive=disk
	;;
load)
	modprobe usbcore autosuspend=-1
	modprobe usb-storage delay_use=0
	modprobe -a sd_mod xhci-pci
	wait_for -b /dev/sda
	sleep 1
	;;
run)
	dd if=/dev/zero of=/dev/sda bs=64k count=2 oflag=direct
	dd if=/dev/sda of=/dev/null bs=512 count=3 iflag=direct
	sg_inq /dev/sda >/dev/null
	sg_reset --device /dev/sda || :
	device=$(basename "$(ls -d /sys/bus/usb/devices/[0-9]-[0-9])")
	cat "/sys/bus/usb/devices/$device"/* >/dev/null 2>&1 || :
	cat /sys/kernel/debug/usb/xhci/*/* /sys/kernel/debug/usb/xhci/*/*/* \
		>/dev/null 2>&1 || :
	echo 0 >"/sys/bus/usb/devices/$device/authorized"
	wait_for ! -b /dev/sda
	echo 1 >"/sys/bus/usb/devices/$device/authorized"
	wait_for -b /dev/sda
	echo "$device" >/sys/bus/usb/drivers/usb/unbind
	echo "$device" >/sys/bus/usb/drivers/usb/bind
	wait_for -b /dev/sda
	sleep 1
	;;
esac
