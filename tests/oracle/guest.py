#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Inside the virtual machine: measure a workload with livecov while QEMU logs.

    guest.py MODULE MODE SCOPE ENGINE

Leaves in $OUT:

    snapshot.json, snapshot-after.json   the target's text before livecov was
                                         loaded and after it has gone
    armed.json                           and while it is attached
    list.json                            covstat list --json
    guest.json                           which functions were wanted, how long
                                         things took, whether all that ran counts
    exec.log                             (QEMU's, on the host's side)

The log is switched on from here, by way of a virtio port that tests/oracle/
run-oracle has wired to QEMU's own monitor: attaching and booting need not be
logged, and no program on the host has to wait for the guest.

Exit status 77: livecov has not got what is asked for; the last line says what.
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
EXIT_SKIP = 77
# kprobes would take many minutes to arm all of them: so much of each is armed instead.
BIG = {"ext4": "*dir*", "btrfs": "*dir*", "xfs": "*dir*", "f2fs": "*dir*", "mac80211": "*scan*"}


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


def workload(module, step, *how):
    return run(*how, "sh", workload_script(module), step)


def has_step(module, step):
    with open(workload_script(module), encoding="utf-8") as script:
        return f"\n{step})\n" in script.read()


def functions_wanted(module):
    """Shell patterns; none means every function."""
    return subprocess.run(
        ["sh", workload_script(module), "functions"], check=True, text=True,
        stdout=subprocess.PIPE).stdout.split()


def by_kprobes_alone(engine):
    """Asked for, or all that there is?"""
    return engine == "kprobe" or "detour" not in livecov_status()["engines"]


def livecov_status():
    return json.loads(subprocess.run(["covstat", "status", "--json"], check=True,
                                     stdout=subprocess.PIPE).stdout)


def mark(name):
    with open("/sys/module/covmark/parameters/pass", "w",
              encoding="ascii") as file:
        file.write(name)


def require(mode, scope, engine):
    """Leave if livecov cannot do that here."""
    status = livecov_status()
    missing = [f"no {word}" for word, key in (
        (mode, "modes"), (scope, "scopes"), (engine, "engines"))
        if word not in status[key]]
    if missing:
        print(", ".join(missing))
        sys.exit(EXIT_SKIP)


def measure(module, mode, scope, engine, out):
    """All of it, for one target."""
    times = {}
    globs = functions_wanted(module)
    tracked = scope == "tracked"
    # In scope tracked a workload of one's own, if there is one: see judge.py.
    step = "alone" if tracked and has_step(module, "alone") else "run"
    run("modprobe", "-a", "virtio_console", "covmark")
    monitor = Monitor()
    workload(module, "load")
    target_text.take_snapshot(module, os.path.join(out, "snapshot.json"))
    run("modprobe", "livecov")
    require(mode, scope, engine)
    if module in BIG and by_kprobes_alone(engine):
        globs = globs or [BIG[module]]
    times["attach seconds"] = run(
        "covstat", "attach", module, "--mode", mode, "--scope", scope,
        "--engine", engine, *(f"--functions={glob}" for glob in globs))
    target_text.take_armed(module, os.path.join(out, "armed.json"))

    monitor.command("log exec,nochain,in_asm,int")
    mark("quiet")
    run("covstat", "reset")
    monitor.single_step("on")
    mark("start")
    times["workload seconds"] = workload(
        module, step, *(("covstat", "run", "--") if tracked else ()))
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
        json.dump({"globs": globs, "times": times,
                   "complete": not tracked or step == "alone"}, file)


if __name__ == "__main__":
    measure(*sys.argv[1:5], os.environ["OUT"])
