#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Inside the virtual machine: measure a workload with livecov while QEMU logs.

    guest.py MODULE MODE

Leaves in $OUT:

    snapshot.json, snapshot-after.json   the target's text before livecov was
                                         loaded and after it has gone
    list.json                            covstat list --json
    guest.json                           which functions were wanted, how long
                                         things took
    exec.log                             (QEMU's, on the host's side)

The log is switched on from here, by way of a virtio port that tests/oracle/
run-oracle has wired to QEMU's own monitor: attaching and booting need not be
logged, and no program on the host has to wait for the guest.
"""

import glob
import json
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import target_text

HERE = os.path.dirname(os.path.realpath(__file__))
PORT = "oracle"


class Monitor:
    """QEMU's monitor, in its JSON form."""

    def __init__(self):
        for path in glob.glob("/sys/class/virtio-ports/*/name"):
            with open(path, encoding="ascii") as name:
                if name.read().strip() == PORT:
                    device = os.path.basename(os.path.dirname(path))
                    break
        else:
            raise SystemExit(f"no virtio port named {PORT}")
        self._port = open(f"/dev/{device}", "r+b", buffering=0)
        self._call("qmp_capabilities")

    def _call(self, command, **arguments):
        self._port.write(json.dumps(
            {"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self._port.readline())
            if "error" in answer:
                raise SystemExit(f"QEMU: {command} {arguments}: {answer}")
            if "return" in answer:
                return answer["return"]

    def try_command(self, line):
        """A command of the human monitor; it answers with words if it fails."""
        return self._call("human-monitor-command",
                          **{"command-line": line}).strip()

    def command(self, line):
        if words := self.try_command(line):
            raise SystemExit(f"QEMU: {line}: {words}")

    def single_step(self, state):
        """It has another name in QEMU 8.1 and later."""
        if self.try_command(f"singlestep {state}"):
            self.command(f"one-insn-per-tb {state}")


def run(*command, **more):
    print("+", *command, flush=True)
    began = time.monotonic()
    subprocess.run(command, check=True, **more)
    return round(time.monotonic() - began, 2)


def workload_script(module):
    return os.path.join(HERE, f"workload-{module}.sh")


def workload(module, step):
    return run("sh", workload_script(module), step)


def functions_wanted(module):
    """Shell patterns; none means every function."""
    return subprocess.run(
        ["sh", workload_script(module), "functions"], check=True, text=True,
        stdout=subprocess.PIPE).stdout.split()


def mark(name):
    with open("/sys/module/covmark/parameters/pass", "w",
              encoding="ascii") as file:
        file.write(name)


def measure(module, mode, out):
    """All of it, for one target."""
    times = {}
    globs = functions_wanted(module)
    run("modprobe", "-a", "virtio_console", "covmark")
    monitor = Monitor()
    workload(module, "load")
    target_text.take_snapshot(module, os.path.join(out, "snapshot.json"))
    run("modprobe", "livecov")
    times["attach seconds"] = run(
        "covstat", "attach", module, "--mode", mode, "--scope", "all",
        *(f"--functions={glob}" for glob in globs))

    monitor.command("log exec,nochain,in_asm,int")
    mark("quiet")
    run("covstat", "reset")
    monitor.single_step("on")
    mark("start")
    times["workload seconds"] = workload(module, "run")
    mark("stop")
    monitor.single_step("off")
    with open(os.path.join(out, "list.json"), "wb") as file:
        times["list seconds"] = run("covstat", "list", "--json", stdout=file)
    mark("end")
    monitor.command("log none")

    times["detach seconds"] = run("covstat", "detach", module)
    run("rmmod", "livecov")
    target_text.take_snapshot(module, os.path.join(out, "snapshot-after.json"))
    with open(os.path.join(out, "guest.json"), "w", encoding="utf-8") as file:
        json.dump({"globs": globs, "times": times}, file)


if __name__ == "__main__":
    measure(sys.argv[1], sys.argv[2], os.environ["OUT"])
