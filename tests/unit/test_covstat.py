#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""covstat as a process, with the fake kernel of fake_kernel.h preloaded.

Run from the project's root, or anywhere, once `make libcov-test` has built what
it needs. COVSTAT names another program to test: by default both build/covstat
and the one under sanitizers are.
"""

import contextlib
import errno
import fcntl
import gzip
import json
import lzma
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import headers
import tap
# pylint: enable=wrong-import-position

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = os.path.join(ROOT, "build/unit/libcov")
FAKE = os.path.join(BUILT, "fake_kernel.so")
MINOR = headers.abi_minor(ROOT)
TEXT = 0xFFFFFFFFC0A00000
COLD = TEXT + 0x2000
NR = {"VERSION": 0x00, "STATUS": 0x02, "TARGET": 0x03, "ARM": 0x11, "KEEP": 0x12,
      "DETACH": 0x13, "RESET": 0x14, "FUNCTIONS": 0x20, "SAMPLES": 0x28, "REGISTER": 0x30}
# Samples that have run functions of toy: FAKE_SAMPLE() of fake_kernel.h.
MAIN, STOPS, CHECKS = (0x10000 + bit for bit in (0x01, 0x10, 0x20))
MAIN_STOPS, MAIN_STOPS_CHECKS, FELL = 0x10011, 0x10031, 0x10081
# How an address is in JSON.
AT_START = {"function_address": TEXT, "function_address_hex": "0xffffffffc0a00000"}
COMMANDS = ("attach", "run", "list", "next", "status", "reset", "detach", "checkpoint",
            "samples", "callers", "map", "watch", "trace", "doctor")


def sanitizer_runtime(program):
    """ASan's library has to come before whatever else is preloaded."""
    linked = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    found = re.search(r"libasan\S* => (\S+)", linked)
    return [found.group(1)] if found else []


def heed_signals():
    """A job in the background of a script ignores these, and its children with it."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def ignore_children():
    """As a program does that wants no zombies: what it executes inherits that."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


class Case(unittest.TestCase):
    """Settings of the fake (covstat()'s keywords) stay until they are set anew."""

    program = os.path.join(ROOT, "build/covstat")

    @classmethod
    def setUpClass(cls):
        cls.preload = " ".join(sanitizer_runtime(cls.program) + [FAKE])

    def setUp(self):
        # So that a program that hangs is a failure, and not a test that hangs.
        def too_long(*_):
            self.fail("no answer within a minute")
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(60)
        self.addCleanup(signal.alarm, 0)
        self.dir = tempfile.mkdtemp(prefix="test_covstat.")
        self.addCleanup(shutil.rmtree, self.dir)
        self.tree = os.path.join(self.dir, "root")
        self.put("/sys/module/toy/sections/.text", "%#x\n" % TEXT)
        self.put("/sys/module/toy/sections/.text.unlikely", "%#x\n" % COLD)
        self.put("/proc/sys/debug/kprobes-optimization", "1\n")
        self.put("/sys/module/livecov/initstate", "live\n")

    def path(self, path):
        return self.tree + path

    def put(self, path, text):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), "w") as file:
            file.write(text)

    def environment(self, settings, **more):
        env = dict(os.environ, FAKE_ROOT=self.tree, LD_PRELOAD=self.preload,
                   FAKE_KERNEL=os.path.join(self.dir, "kernel"), **more)
        env["FAKE_KERNEL_SET"] = ",".join("%s=%d" % pair for pair in settings.items())
        if "NO_COLOR" not in more:
            env.pop("NO_COLOR", None)
        return env

    def covstat(self, *args, status=0, env=None, stdout=subprocess.PIPE, signals=heed_signals,
                **settings):
        done = subprocess.run([self.program, *args], stdout=stdout, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, text=True, preexec_fn=signals,
                              errors="surrogateescape",
                              env=self.environment(settings, **(env or {})))
        if done.returncode != status:
            self.fail("covstat %s: status %d, not %d\n%s%s" % (
                " ".join(args), done.returncode, status, done.stdout, done.stderr))
        return done

    def json(self, *args, **kwargs):
        done = self.covstat(*args, "--json", **kwargs)
        document = json.loads(done.stdout)
        self.assertEqual(document["format_version"], 1)
        self.check_addresses(document)
        return document

    def check_addresses(self, value):
        """What a double cannot hold is there as a string, too."""
        if isinstance(value, list):
            for element in value:
                self.check_addresses(element)
        if not isinstance(value, dict):
            return
        for key, member in value.items():
            self.check_addresses(member)
            # What a function returned, a mask and what the user calls a sample are no addresses.
            if (isinstance(member, int) and member > 1 << 53
                    and key not in ("value", "levels", "sample")):
                self.assertEqual(value.get(key + "_hex"), hex(member), key)
            if key.endswith("address"):
                self.assertIn(key + "_hex", value)
            if key.endswith("_hex"):
                number = value[key[:-len("_hex")]]
                self.assertEqual(member, None if number is None else hex(number), key)

    def on_terminal(self, stream, *args, width=80, when=None, env=None, **settings):
        """Run with a stream ("stdout" or "stderr") on a terminal. Sends SIGINT once @when
        has been shown. Returns (status, what was shown)."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        streams = {"stdout": subprocess.DEVNULL, stream: slave}
        process = subprocess.Popen([self.program, *args], stdin=subprocess.DEVNULL, **streams,
                                   env=self.environment(settings, **(env or {})),
                                   preexec_fn=heed_signals)
        self.addCleanup(process.kill)
        os.close(slave)
        shown = b""
        while True:
            try:
                got = os.read(master, 4096)
            except OSError:     # EIO: the other end is closed
                break
            if not got:
                break
            shown += got
            if when and when.encode() in shown:
                process.send_signal(signal.SIGINT)
                when = None
        os.close(master)
        return process.wait(), shown.decode()

    def attach(self, *options):
        """By default with the engine that counts in mode edges."""
        self.covstat("attach", "toy", *(options or ("--engine", "kprobe")))


class CommandLine(Case):
    def test_help_of_every_command_has_usage_purpose_options_and_example(self):
        for command in COMMANDS:
            for option in ("--help", "-h"):
                done = self.covstat(command, option, open_errno=errno.EACCES)
                lines = done.stdout.splitlines()
                self.assertTrue(lines[0].startswith("Usage: covstat %s " % command))
                self.assertTrue(lines[1].endswith("."))
                self.assertIn("--json", done.stdout)
                self.assertIn("Example:", done.stdout)
                self.assertIn("covstat %s" % command, done.stdout.split("Example:")[1])
                self.assertEqual(done.stderr, "")

    def test_help_lists_every_command(self):
        done = self.covstat("--help")
        for command in COMMANDS:
            self.assertRegex(done.stdout, r"(?m)^  %s +\S" % command)

    def test_help_of_a_command_can_be_asked_for_first(self):
        for command in COMMANDS:
            self.assertEqual(self.covstat("help", command).stdout,
                             self.covstat(command, "--help").stdout)
        self.assertIn("'nosuch' is not a command", self.covstat("help", "nosuch", status=2).stderr)

    def test_version(self):
        self.assertRegex(self.covstat("-V").stdout, r"^covstat \d+\.\d+\.\d+\n$")
        self.assertEqual(self.covstat("--version").stdout, self.covstat("-V").stdout)

    def test_wrong_usage_is_2_with_a_hint_and_touches_nothing(self):
        wrong = [(), ("nosuch",)]
        wrong += [(command, "--nosuch") for command in COMMANDS]
        wrong += [
            ("attach",), ("attach", "toy", "toy_two"), ("attach", "toy", "--mode", "x"),
            ("attach", "toy", "--mode"), ("attach", "toy", "--scope", "x"),
            ("attach", "toy", "--engine", "x"), ("attach", "toy", "--level", "0"),
            ("attach", "toy", "--level", "65"), ("attach", "toy", "--level", "x"),
            ("attach", "toy", "--color", "x"), ("detach",), ("detach", "toy", "--all"),
            ("run",), ("run", "--sample", "0", "true"), ("run", "--sample", "-1", "true"),
            ("run", "--sample", "9z", "true"), ("list", "toy", "x"),
            ("list", "--hit", "--unhit"), ("list", "--fail-under", "101"),
            ("list", "--fail-under", "-1"), ("list", "--fail-under", "x"),
            ("list", "--fail-under", "100.0001"), ("list", "--fail-under", "99.9999x"),
            ("next", "x"), ("next", "-n", "x"), ("next", "-n", "0"), ("next", "--count", "0"),
            ("next", "--skip", "-1"),
            ("next", "--level", "0"), ("status", "x"), ("reset", "toy", "x"),
            ("doctor", "x"), ("checkpoint",), ("checkpoint", "add", "x"),
            ("checkpoint", "add", "x", ":f"), ("checkpoint", "add", "x", "f+x"),
            ("checkpoint", "add", "x", "f (.text+0x1"), ("map", "--function", "f (.text)"),
            ("map", "--function", "f (+0x1)"), ("map", "--function", "f (.text+0x1"),
            ("map", "--function", "f (.text+)"), ("map", "--function", "f (.text+0x1) "),
            ("map", "--function", "f (.text+x)"), ("map", "--function", " (.text+0x1)"),
            ("checkpoint", "del"), ("checkpoint", "nosuch"), ("checkpoint", "restart"),
            ("map", "--function", "toy_main+2"), ("map", "--function", ":f"),
            ("checkpoint", "enable"), ("checkpoint", "disable", "a", "b"),
            ("callers", "--level", "0"), ("checkpoint", "list", "x"),
            ("attach", "toy", "--engine", "auto,kprobe"), ("samples", "x"),
            ("list", "--sample", "0"), ("list", "--sample"), ("list", "--sample", "x"),
            ("next", "--sample", "0"), ("next", "--sample", "-7"),
            ("callers", "a", "b"), ("map", "x"), ("map", "--format", "png"),
            ("map", "--sample", "0"), ("map", "--paths", "--frontier"),
            ("list", "--sample", "0x"), ("list", "--sample", "0x-7"), ("next", "-n", "0b1"),
            ("map", "--paths", "--function", "f"), ("map", "--svg", ""),
            ("map", "--svg", "x", "--json"), ("map", "--svg", "x", "--format", "svg"),
            ("map", "--format", "text", "--svg", "x"), ("map", "--json", "--format", "dot"),
            ("watch", "x"), ("watch", "--count", "0"),
            ("list", "--module-dir", ""), ("next", "--module-dir="),
            ("watch", "--timeout", "-1"), ("watch", "--timeout", "x"),
        ]
        for args in wrong:
            with self.subTest(args=args):
                done = self.covstat(*args, status=2)
                self.assertEqual(done.stdout, "")
                self.assertTrue(done.stderr.startswith("covstat"), done.stderr)
                self.assertIn("usage: covstat", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.dir, "kernel")))

    def test_a_long_option_is_given_in_full(self):
        self.attach()
        before = self.json("status")["targets"]
        for command in ("attach", "detach", "list", "reset"):
            for given in (("--module", "toy"), ("--module=toy",), ("--modul", "toy")):
                done = self.covstat(command, *given, status=2)
                self.assertEqual(done.stdout, "")
                self.assertTrue(done.stderr.startswith(
                    "covstat: '%s' is not an option, and --module-dir is for files; "
                    "name a module without an option\nusage: covstat %s" % (
                        given[0].split("=")[0], command)), done.stderr)
        self.assertEqual(self.json("status")["targets"], before)
        for args, words in ((("next", "--module", "toy"), "'--module' is not an option; "
                             "give --module-dir in full"),
                            (("list", "toy", "--js"), "'--js' is not an option; "
                             "give --json in full"),
                            (("next", "--cou=3"), "'--cou' is not an option; "
                             "give --count in full"),
                            (("run", "--sam", "1", "true"), "give --sample in full"),
                            (("trace", "--out", "x", "true"), "give --output in full")):
            self.assertIn(words, self.covstat(*args, status=2).stderr)
        # What follows operands, what has its argument in the same word, and short options.
        self.assertEqual(self.json("list", "toy", "--module-dir=" + self.dir, "--hit"),
                         self.json("list", "--module-dir", self.dir, "--hit", "toy"))
        self.assertEqual(self.json("next", "-n1"), self.json("next", "--count=1"))
        self.assertEqual(self.json("next", "-n", "1"), self.json("next", "--count", "1"))

    def test_output_to_a_full_disk_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = self.covstat("--help", status=1, stdout=full)
            self.assertIn("No space left on device", done.stderr)
            self.attach()
            self.covstat("list", "--json", status=1, stdout=full)

    def test_a_closed_stdout_is_an_error_where_something_is_written(self):
        closed = {"signals": lambda: os.close(1)}
        self.attach()
        self.assertEqual(self.covstat("run", "--", "true", **closed).stderr, "")
        # For the command it is closed as well.
        self.covstat("run", "--", "sh", "-c", "test ! -e /proc/self/fd/1", **closed)
        for args in (("list",), ("run", "--json", "true"), ("--help",)):
            self.assertEqual(self.covstat(*args, status=1, **closed).stderr,
                             "covstat: cannot write the output: Bad file descriptor\n")

    def test_every_command_says_why_livecov_cannot_be_talked_to(self):
        commands = [("attach", "toy"), ("run", "true"), ("list",), ("next",), ("status",),
                    ("reset",), ("detach", "toy"), ("checkpoint", "list"), ("samples",),
                    ("callers",), ("map",), ("watch",)]
        for args in commands:
            done = self.covstat(*args, status=1, open_errno=errno.EACCES)
            self.assertIn("run as root (sudo covstat ...)", done.stderr)
            self.assertEqual(done.stdout, "")
        for settings, words in (
                ({"open_errno": errno.ENOENT, "not_debugfs": 1},
                 "mount -t debugfs none /sys/kernel/debug"),
                ({"open_errno": 0, "abi_major": 2},
                 f"speaks version 2.{MINOR} and this libcov 1.{MINOR}"),
                ({"abi_major": 1, "fail_nr": NR["STATUS"], "fail_errno": errno.ENOMEM},
                 "no memory")):
            self.assertIn(words, self.covstat("status", status=1, **settings).stderr)
        shutil.rmtree(self.path("/sys/module/livecov"))
        self.assertIn("insmod livecov.ko",
                      self.covstat("status", status=1, open_errno=errno.ENOENT,
                                   not_debugfs=0).stderr)


class Attach(Case):
    def test_summary_groups_the_refused_sites(self):
        done = self.covstat("attach", "toy")
        self.assertRegex(done.stdout, r"^toy: 7 functions, 28 blocks, 10 branches; "
                         r"attached in \d+\.\d s\n"
                         r"toy: 199 sites armed \(173 detour, 6 entry, 20 breakpoint, 0 kprobe\), "
                         r"2 refused \(1 EINVAL: the kernel forbids a probe there; "
                         r"1 EILSEQ: [^;]+\)\n"
                         r"toy: 10 branches without a detour: 4 in functions [^,]+, "
                         r"3 with too few movable instructions [^,]+, 1 whose bytes [^,]+, 2 for [^,]+\n$")
        self.assertEqual(done.stderr, "")

    def test_summary_of_an_engine_that_was_asked_for(self):
        lines = self.covstat("attach", "toy", "--engine", "kprobe").stdout.splitlines()
        self.assertEqual(len(lines), 2)     # nobody expects a detour
        self.assertIn("199 sites armed (0 detour, 0 entry, 0 breakpoint, 199 kprobe), 2 refused",
                      lines[1])
        self.covstat("detach", "toy")
        self.assertIn("without a detour",
                      self.covstat("attach", "toy", "--engine", "detour").stdout)

    def test_numbers_are_easy_to_read(self):
        self.assertIn("toy: 1,234,566 sites armed (1,234,538 detour, 6 entry, 20 breakpoint, "
                      "2 kprobe), 2 refused",
                      self.covstat("attach", "toy", sites=1234567, slow=2).stdout)

    def test_engines_that_do_not_work_here(self):
        done = self.covstat("attach", "toy", "--engine", "detour", status=1, no_patching=1)
        self.assertIn("cannot be used", done.stderr)
        self.assertEqual(self.json("status")["targets"], [])

    def test_modes_and_engines_reach_the_target(self):
        for engine in ("auto", "detour", "breakpoint", "kprobe", "entry"):
            for mode in ("edges", "blocks", "count"):
                self.attach("--engine", engine, "--mode", mode)
                target, = self.json("status")["targets"]
                self.assertEqual((target["engine"], target["mode"]), (engine, mode))
                self.covstat("detach", "toy")

    def test_an_older_livecov_attaches_without_engines(self):
        done = self.covstat("attach", "toy", old=1)
        self.assertRegex(done.stdout, r"\ntoy: 199 sites armed, 2 refused\n$")
        self.assertEqual(done.stderr, "")
        self.covstat("detach", "toy")
        document = self.json("attach", "toy")
        self.assertIsNone(document["engines"])
        self.assertIsNone(document["no_detour"])
        self.assertIsNone(document["refusals"])
        target, = self.json("status")["targets"]
        self.assertIsNone(target["engines"])
        self.covstat("status")
        self.covstat("detach", "toy")
        for options in (("--mode", "count"), ("--engine", "detour")):
            done = self.covstat("attach", "toy", *options, status=1)
            self.assertIn("load the livecov.ko that was built with this libcov", done.stderr)

    def test_an_older_livecov_does_not_group_the_refused_sites(self):
        lines = self.covstat("attach", "toy", old=3).stdout.splitlines()
        self.assertTrue(lines[1].endswith(" 0 kprobe), 2 refused"), lines)
        self.covstat("detach", "toy")
        document = self.json("attach", "toy")
        self.assertEqual((document["refused"], document["refusals"]), (2, None))

    def test_refusals_beyond_those_that_livecov_tells_apart(self):
        self.assertRegex(self.covstat("attach", "toy", several=12).stdout,
                         r", 2 refused \(1 EINVAL: [^;]+; 1 EILSEQ: [^;]+; "
                         r"12 for several other reasons\)\n")
        self.covstat("detach", "toy")
        self.assertEqual(self.json("attach", "toy")["refusals"][-1],
                         {"errno": None, "name": None, "reason": "several other reasons",
                          "sites": 12})

    def test_json(self):
        document = self.json("attach", "toy", "--mode", "blocks", "--scope", "tracked")
        self.assertEqual({key: document[key] for key in (
            "module", "functions", "blocks", "branches", "sites", "armed", "refused")},
            {"module": "toy", "functions": 7, "blocks": 28, "branches": 10, "sites": 201,
             "armed": 199, "refused": 2})
        self.assertEqual([(r["name"], r["errno"], r["sites"]) for r in document["refusals"]],
                         [("EINVAL", 22, 1), ("EILSEQ", 84, 1)])
        engines = {"detour": 173, "entry": 6, "breakpoint": 20, "kprobe": 0}
        no_detour = {"unsure": 4, "short": 3, "reserved": 1, "other": 2}
        self.assertEqual((document["engines"], document["no_detour"]), (engines, no_detour))
        target, = self.json("status")["targets"]
        self.assertEqual((target["engines"], target["no_detour"]), (engines, no_detour))
        target, = self.json("status")["targets"]
        self.assertEqual((target["mode"], target["scope"], target["kept"]),
                         ("blocks", "tracked", True))

    def test_what_stands_outlives_the_command(self):
        self.attach()
        self.assertEqual(len(self.json("status")["targets"]), 1)

    def test_unknown_module(self):
        done = self.covstat("attach", "nosuch", status=1)
        self.assertIn("modprobe nosuch", done.stderr)

    def test_second_attach(self):
        self.attach()
        self.assertIn("covstat detach toy", self.covstat("attach", "toy", status=1).stderr)

    def test_failure_half_way_leaves_nothing(self):
        done = self.covstat("attach", "toy", status=1, fail_nr=NR["ARM"], fail_after=2,
                            fail_errno=errno.ENOSPC, slow=150)
        self.assertIn("larger", done.stderr)
        self.assertEqual(self.json("status", fail_errno=0)["targets"], [])

    def test_failure_to_keep_leaves_nothing(self):
        self.covstat("attach", "toy", status=1, fail_nr=NR["KEEP"], fail_errno=errno.ENOMEM)
        self.assertEqual(self.json("status", fail_errno=0)["targets"], [])

    def test_progress_is_shown_on_a_terminal_and_wiped(self):
        status, shown = self.on_terminal("stderr", "attach", "toy", "--engine", "kprobe")
        self.assertEqual(status, 0)
        self.assertIn("0 of 200 sites (0.0%)", shown)
        self.assertIn("64 of 201 sites", shown)
        self.assertIn("201 of 201 sites (100.0%)", shown)
        self.assertTrue(shown.endswith("\r\033[K"))

    def test_time_to_go_is_by_the_pace_of_the_slow_sites(self):
        _, shown = self.on_terminal("stderr", "attach", "toy", slow=150)
        self.assertIn("52 of 201 sites (25.8%)\033", shown)     # what was fast tells nothing
        self.assertRegex(shown, r"116 of 201 sites \(57\.7%\), \d+ s to go")
        self.assertIn("201 of 201 sites (100.0%)\033", shown)

    def test_progress_is_shown_when_one_call_does_everything(self):
        status, shown = self.on_terminal("stderr", "attach", "toy")
        self.assertEqual(status, 0)
        self.assertEqual(shown.count("arming toy ["), 2)
        self.assertIn("0 of 200 sites (0.0%)", shown)
        self.assertNotIn("to go", shown)
        self.assertIn("201 of 201 sites (100.0%)", shown)
        self.assertTrue(shown.endswith("\r\033[K"))

    def test_signal_while_one_call_does_everything_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            done = self.covstat("attach", "toy", status=128 + number, arm_signal=number)
            self.assertIn("nothing is left attached", done.stderr)
            self.assertEqual(done.stdout, "")
            self.assertEqual(self.json("status", arm_signal=0)["targets"], [])

    def test_signal_while_another_call_is_in_the_way_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            done = self.covstat("attach", "toy", status=128 + number, fail_nr=NR["KEEP"],
                                fail_errno=errno.EINTR, fail_times=1, fail_signal=number)
            self.assertEqual(done.stderr,
                             "covstat: attaching was interrupted; nothing is left attached\n")
            self.assertEqual(self.json("status")["targets"], [])
        # One that asks for nothing.
        self.covstat("attach", "toy", fail_errno=errno.EINTR, fail_times=1,
                     fail_signal=signal.SIGCONT)
        self.assertTrue(self.json("status")["targets"][0]["kept"])

    def test_interrupt_is_130_and_leaves_nothing(self):
        # So many sites that the signal comes long before the end.
        status, shown = self.on_terminal("stderr", "attach", "toy",
                                         when=" of 100000001 sites", sites=100000000,
                                         slow=90000000)
        self.assertEqual(status, 130)
        self.assertIn("nothing is left attached", shown)
        self.assertEqual(self.json("status")["targets"], [])


class Run(Case):
    def setUp(self):
        super().setUp()
        self.attach()

    def test_exit_status_is_the_commands(self):
        for status in (0, 1, 3, 77, 255):
            self.covstat("run", "--", "sh", "-c", "exit %d" % status, status=status)

    def test_death_by_a_signal_is_128_and_its_number(self):
        self.covstat("run", "--", "sh", "-c", "kill -9 $$", status=137)
        self.covstat("run", "--", "sh", "-c", "kill -TERM $$", status=143)

    def test_command_not_found_is_127_and_not_executable_126(self):
        done = self.covstat("run", "--", "/nosuch", status=127)
        self.assertEqual(done.stderr, "covstat: /nosuch: No such file or directory\n")
        self.put("/script", "")
        self.covstat("run", "--", self.path("/script"), status=126)

    def test_a_script_without_its_interpreter_is_not_executable(self):
        self.put("/bin/script", "#!/nosuch/interpreter\n")
        script = self.path("/bin/script")
        os.chmod(script, 0o755)
        found = {"PATH": ":/nosuch:" + os.path.dirname(script)}
        for name, env in ((script, {}), ("script", found)):
            done = self.covstat("run", "--", name, status=126, env=env)
            self.assertEqual(done.stderr, "covstat: %s: its interpreter does not exist\n" % name)
        for name in ("nosuch", ""):
            done = self.covstat("run", "--", name, status=127, env=found)
            self.assertEqual(done.stderr, "covstat: %s: No such file or directory\n" % name)
        os.chmod(script, 0o644)
        done = self.covstat("run", "--", "script", status=126, env=found)
        self.assertEqual(done.stderr, "covstat: script: Permission denied\n")

    def test_a_name_that_is_long_does_not_hide_the_reason(self):
        name = "/" + "x" * 600
        done = self.covstat("run", "--", name, status=126)
        self.assertEqual(done.stderr, "covstat: %s: File name too long\n" % name[:400])

    def test_the_command_itself_is_registered_under_the_sample(self):
        # The shell's number is that of the task that registered: exec keeps it.
        done = self.covstat("run", "--sample", "0x123456789", "--", "sh", "-c", "echo $$")
        with open(os.path.join(self.dir, "kernel"), "rb") as file:
            state = file.read()
        wanted = struct.pack("=Qi", 0x123456789, int(done.stdout))
        self.assertIn(wanted, state)

    def test_under_a_tracked_shell_the_command_has_the_sample_that_was_asked_for(self):
        self.covstat("run", "--sample", "1", "--", self.program, "run", "--sample", "77", "--",
                     "sh", "-c", "exit 5", status=5)
        self.assertEqual({sample["sample"] for sample in self.json("samples")["samples"]}, {1, 77})
        with open(os.path.join(self.dir, "kernel"), "rb") as file:
            self.assertIn(struct.pack("=Q", 77), file.read())

    def test_options_behind_the_command_are_the_commands(self):
        done = self.covstat("run", "echo", "--json", "-h")
        self.assertEqual(done.stdout, "--json -h\n")

    def test_json_line_follows_the_commands_output(self):
        done = self.covstat("run", "--json", "--", "sh", "-c", "echo out; exit 4", status=4)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "out")
        self.assertEqual(json.loads(lines[1]), {"format_version": 1, "sample": 1,
                                                "exit_status": 4, "signal": None})
        done = self.covstat("run", "--json", "sh", "-c", "kill -9 $$", status=137)
        self.assertEqual(json.loads(done.stdout)["signal"], 9)

    def test_there_is_no_json_of_a_command_that_was_not_run(self):
        self.assertEqual(self.covstat("run", "--json", "/nosuch", status=127).stdout, "")
        done = self.covstat("run", "--json", "sh", "-c", "exit 127", status=127)
        self.assertEqual(json.loads(done.stdout)["exit_status"], 127)

    def test_command_is_not_run_if_it_cannot_be_tracked(self):
        done = self.covstat("run", "echo", "ran", status=1, fail_nr=NR["REGISTER"],
                            fail_errno=errno.ENOSPC)
        self.assertEqual(done.stdout, "")
        self.assertIn("cannot track the command", done.stderr)

    def test_nothing_attached_is_said_but_no_error(self):
        self.covstat("detach", "toy")
        done = self.covstat("run", "echo", "ran")
        self.assertEqual(done.stdout, "ran\n")
        self.assertIn("nothing is attached", done.stderr)

    def test_a_signal_sent_to_covstat_reaches_the_command(self):
        script = "trap 'echo got; exit 9' TERM; echo ready; read line"
        process = subprocess.Popen([self.program, "run", "--", "sh", "-c", script],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   env=self.environment({}))
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.stdout.read(), "got\n")
        process.stdout.close()
        process.stdin.close()
        self.assertEqual(process.wait(), 9)

    def test_signals_to_covstat_are_passed_on(self):
        numbers = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1,
                   signal.SIGUSR2, signal.SIGALRM)
        script = ("import signal as s; n = %r; s.pthread_sigmask(s.SIG_BLOCK, n)\n"
                  "while True: print(s.sigwait(n), flush=True)" % (list(map(int, numbers)),))
        script = script.replace("\n", "\nprint('ready', flush=True)\n", 1)
        process = subprocess.Popen([self.program, "run", "--", "env",
                                    "ASAN_OPTIONS=detect_leaks=0", sys.executable, "-c", script],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                   start_new_session=True, env=self.environment({}),
                                   preexec_fn=heed_signals)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(os.killpg, process.pid, signal.SIGKILL)
        self.assertEqual(process.stdout.readline(), "ready\n")
        for number in 2 * numbers:
            os.kill(process.pid, number)
            self.assertEqual(int(process.stdout.readline() or 0), number)

    def test_an_alarm_that_was_set_before_is_for_the_command(self):
        self.covstat("run", "--", "sleep", "60", status=128 + signal.SIGALRM,
                     signals=lambda: signal.setitimer(signal.ITIMER_REAL, 0.7))

    def test_status_is_the_commands_though_sigchld_was_ignored(self):
        self.covstat("run", "--", "sh", "-c", "exit 7", status=7, signals=ignore_children)
        self.covstat("detach", "toy")
        done = self.covstat("trace", "--module", "toy", "--", "sh", "-c", "exit 7", status=7,
                            signals=ignore_children)
        self.assertTrue(done.stdout.startswith("toyer[4242]\n"))

    def test_the_command_has_its_signals_as_they_were(self):
        script = "import signal; print([str(s) for s in signal.pthread_sigmask(0, [])])"
        done = self.covstat("run", "env", "ASAN_OPTIONS=detect_leaks=0", sys.executable,
                            "-c", script)
        self.assertEqual(done.stdout, "[]\n")


class List(Case):
    def setUp(self):
        super().setUp()
        self.attach()

    def rows(self, *args, **settings):
        done = self.covstat("list", *args, **settings)
        return [line.split() for line in done.stdout.splitlines()
                if re.match(r"toy_\w", line)], done.stdout

    def test_table(self):
        rows, text = self.rows("toy")
        self.assertEqual(rows[0], ["toy_main", "7", "4", "of", "9", "4", "of", "8", "50.0%",
                                   "0x17-0x23"])
        self.assertEqual(rows[1], ["toy_unused", "0", "0", "of", "1", "-", "n/a", "0x0-0x2"])
        self.assertEqual(rows[2], ["toy_refused", "refused", "0", "of", "3", "0", "of", "2",
                                   "0.0%", "?"])
        self.assertEqual(rows[6], ["toy_main.cold", "cold", "0", "of", "1", "-", "n/a",
                                   "0x0-0xa"])
        self.assertRegex(text, r"functions +3 of 6 +50\.0% +\(1 cannot be known\)")
        self.assertRegex(text, r"blocks +10 of 28 +35\.7% +\(3 cannot be known\)")
        self.assertRegex(text, r"branch outcomes +8 of 20 +40\.0% +\(1 cannot be known\)")
        self.assertIn("2 of 201 sites were refused", text)
        self.assertNotIn("missed", text)
        self.assertNotIn("\033", text)

    def test_unhit_lines_where_there_is_debug_information(self):
        with open(os.path.join(ROOT, "tests/unit/toy.S")) as file:
            lines = [line.rstrip() for line in file]

        def instructions(first, last):
            """Ranges of the lines that have instructions, from label to label."""
            found = [i for i, line in enumerate(lines, 1)
                     if lines.index("label " + first) < i <= lines.index("label " + last)
                     and re.match(r"\t[a-z]+\t|\tret|\tnop", line)]
            ranges = []
            for line in found:
                if ranges and ranges[-1][1] == line - 1:
                    ranges[-1][1] = line
                else:
                    ranges.append([line, line])
            return ",".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in ranges)

        rows, text = self.rows("--module-dir", BUILT)
        self.assertIn("UNHIT LINES", text)
        self.assertEqual(rows[0][-3:], [instructions("toy_b4", "toy_main_end"), "(toy.S)",
                                        "0x17-0x23"])
        self.assertEqual(rows[3][-3], instructions("toy_b13", "toy_large_end"))
        # Of the cold part one line comes out of order, and one is another file's.
        mov = next(i for i, line in enumerate(lines, 1) if "$-22" in line)
        self.assertEqual(rows[6][-3:], ["5,%d" % mov, "(toy.S)", "0x0-0xa"])
        self.assertNotIn("UNHIT LINES", self.rows()[1])
        # As clang leaves .debug_aranges out.
        self.assertEqual(self.rows("--module-dir", os.path.join(BUILT, "no_aranges"))[0], rows)

    def test_lines_that_were_asked_for_and_cannot_be_had_are_told_once(self):
        self.covstat("attach", "toy_two")
        for command in (("list",), ("next",), ("map", "--frontier")):
            done = self.covstat(*command, "--module-dir", "/nonexistent")
            self.assertEqual(done.stderr, "covstat: no source lines for toy: cannot open "
                             "/nonexistent: No such file or directory; give the directory of the "
                             "module's file\n")
            self.assertEqual(self.covstat(*command).stderr, "")
        self.covstat("detach", "toy_two")
        self.covstat("attach", "vmlinux", "--functions", "x")
        self.assertEqual(self.covstat("list", "--module-dir", BUILT).stderr, "")

    def test_compressed_files_have_lines(self):
        for suffix, module in (("gz", gzip), ("xz", lzma)):
            directory = os.path.join(self.dir, suffix)
            os.mkdir(directory)
            with open(os.path.join(BUILT, "toy.ko"), "rb") as file, \
                    module.open(os.path.join(directory, "toy.ko." + suffix), "wb") as compressed:
                shutil.copyfileobj(file, compressed)
            self.assertIn("UNHIT LINES", self.covstat("list", "--module-dir", directory).stdout)

    def test_functions_only(self):
        self.covstat("detach", "toy")
        self.attach("--functions-only", "--engine", "kprobe")
        rows, _ = self.rows()
        self.assertEqual(rows[0], ["toy_main", "7", "-", "-", "n/a"])
        self.assertEqual(rows[1], ["toy_unused", "0", "-", "-", "n/a", "entry"])

    def test_what_makes_numbers_too_low_is_said(self):
        _, text = self.rows("toy", missed=5, lost=2)
        self.assertIn("5 hits were missed", text)
        self.assertIn("2 tasks or caller records were lost", text)

    def test_filters_show_less_but_totals_stay(self):
        rows, text = self.rows("--hit")
        self.assertEqual([row[0] for row in rows], ["toy_main", "toy_stops", "toy_checks"])
        self.assertIn("3 of 7 functions and cold parts shown", text)
        self.assertIn("10 of 28", text)
        rows, _ = self.rows("--unhit")
        self.assertEqual([row[0] for row in rows],
                         ["toy_unused", "toy_refused", "toy_large", "toy_main.cold"])
        rows, _ = self.rows("--functions", "toy_m*", "--functions", "*_large")
        self.assertEqual([row[0] for row in rows], ["toy_main", "toy_large", "toy_main.cold"])

    def test_filters_that_leave_nothing_are_told_instead_of_a_heading(self):
        for filters, words in ((("--functions", "nosuch*"), "--functions"),
                               (("--hit", "--functions", "toy_unused"), "--functions --hit"),
                               (("--unhit", "--functions", "toy_main"), "--functions --unhit")):
            text = self.covstat("list", *filters).stdout
            self.assertTrue(text.startswith("no function of toy matches %s; `covstat list toy` "
                                            "lists them all\ntoy, total (0 of 7 " % words), text)
            self.assertEqual(self.json("list", *filters)["targets"][0]["functions"], [])

    def test_gone_and_stale_targets_are_said_to_be(self):
        self.assertIn("unloaded", self.rows("toy", state=2)[1])
        self.assertIn("another build", self.rows("toy", state=3)[1])

    def test_not_attached(self):
        self.assertIn("covstat attach toy_two", self.covstat("list", "toy_two", status=1).stderr)
        self.covstat("detach", "--all")
        done = self.covstat("list", status=1)
        self.assertEqual((done.stdout, done.stderr), (
            "", "covstat: nothing is attached; run `covstat attach MODULE`\n"))
        self.assertIn("is below", self.covstat("list", "--fail-under", "1", status=3).stderr)

    def test_hits_that_are_no_counts_are_only_seen(self):
        self.covstat("detach", "toy")
        self.attach("--engine", "auto")
        rows, _ = self.rows()
        self.assertEqual([row[1] for row in rows],
                         ["seen", "0", "refused", "0", "seen", "seen", "cold"])
        self.covstat("detach", "toy")
        self.attach("--mode", "count")
        self.assertEqual(self.rows()[0][0][1], "7")

    def test_threshold_is_on_branch_outcomes_and_not_rounded(self):
        self.covstat("list", "--fail-under", "39.9")
        self.covstat("list", "--fail-under", "40")
        self.covstat("list", "--fail-under", "40.0000000000000000000000000")
        for threshold in ("40.0001", "40.00000000000000000000000001", "99.9995"):
            self.covstat("list", "--fail-under", threshold, status=3)
        done = self.covstat("list", "--fail-under", "40.001", status=3)
        self.assertIn("8 of 20", done.stderr)
        self.assertIn("toy_main", done.stdout)
        self.covstat("list", "--json", "--fail-under", "100", status=3)
        self.covstat("detach", "toy")
        self.covstat("list", "--fail-under", "1", status=3)

    def test_colour_only_where_wanted(self):
        self.assertIn("\033[31m", self.covstat("list", "--color", "always").stdout)
        self.assertIn("\033[31m", self.covstat("list", "--color=always",
                                               env={"NO_COLOR": "1"}).stdout)
        self.assertNotIn("\033", self.covstat("list", "--color", "never").stdout)

    def test_a_terminal_gets_colour_and_nothing_behind_its_edge(self):
        status, shown = self.on_terminal("stdout", "list", width=58)
        self.assertEqual(status, 0)
        self.assertIn("\033[", shown)
        rows = re.sub(r"\033\[\d*m", "", shown).splitlines()
        self.assertTrue(rows[1].endswith("50.0%  0x17-..."), rows[1])
        self.assertTrue(all(len(row) < 58 for row in rows[:7]), rows)
        self.assertNotIn("\033", self.on_terminal("stdout", "list", env={"NO_COLOR": "1"})[1])


class ListJson(Case):
    """The contract other programs rely on."""

    def setUp(self):
        super().setUp()
        self.attach()

    def test_keys_and_types(self):
        document = self.json("list", missed=3, lost=1)
        self.assertEqual((document["missed"], document["refused"], document["lost"]), (3, 2, 1))
        target, = document["targets"]
        self.assertEqual(target["module"], "toy")
        self.assertEqual(target["build_id"], "0123456789abcdef0123456789abcdef01234567")
        self.assertEqual((target["text_base"], target["text_base_hex"]),
                         (TEXT, "0xffffffffc0a00000"))
        self.assertEqual(target["sections"], [
            {"name": ".text", "base": TEXT, "base_hex": "0xffffffffc0a00000", "size": 0x56},
            {"name": ".text.unlikely", "base": COLD, "base_hex": "0xffffffffc0a02000",
             "size": 11}])
        for function in target["functions"]:
            self.assertIsInstance(function["name"], str)
            self.assertIsInstance(function["section"], str)
            self.assertIsInstance(function["offset"], int)
            self.assertIsInstance(function["size"], int)
            entry = function["entry"]
            self.assertIn(entry["state"], ("armed", "disarmed", "refused", "gone"))
            self.assertIsInstance(entry["errno"], int)
            self.assertIsInstance(entry["hits"], int)
            for block in function["blocks"]:
                self.assertIsInstance(block["offset"], int)
                self.assertIsInstance(block["size"], int)
                self.assertIn(block["covered"], (True, False, None))
            for branch in function["branches"]:
                self.assertIsInstance(branch["offset"], int)
                self.assertIsInstance(branch["size"], int)
                self.assertIsInstance(branch["target"], int)
                self.assertIn(branch["taken"], (True, False, None))
                self.assertIn(branch["fallthrough"], (True, False, None))

    def functions(self, **settings):
        target, = self.json("list", "toy", **settings)["targets"]
        return {function["name"]: function for function in target["functions"]}

    def test_offsets_are_from_the_sections_start(self):
        functions = self.functions()
        large = functions["toy_large"]
        self.assertEqual((large["section"], large["offset"], large["size"]), (".text", 0x2B, 8))
        self.assertEqual([block["offset"] for block in large["blocks"]], [0x2B, 0x30, 0x32])
        branch, = large["branches"]
        self.assertEqual((branch["offset"], branch["size"], branch["target"]), (0x2E, 2, 0x32))
        cold = functions["toy_main.cold"]
        self.assertEqual((cold["section"], cold["offset"], cold["parent"]),
                         (".text.unlikely", 0, "toy_main"))
        main = functions["toy_main"]
        self.assertEqual((cold["parent_section"], cold["parent_offset"]),
                         (main["section"], main["offset"]))
        self.assertNotIn("parent_section", main)
        # A jump into another section: from the start of the jump's own.
        self.assertEqual(functions["toy_main"]["branches"][1]["target"], 0x2000)

    def test_what_is_known_and_what_is_not(self):
        functions = self.functions()
        main = functions["toy_main"]
        self.assertEqual([block["covered"] for block in main["blocks"]],
                         [True] * 4 + [False] * 5)
        self.assertEqual([(b["taken"], b["fallthrough"]) for b in main["branches"]],
                         [(True, True), (False, True), (False, True), (False, False)])
        self.assertEqual([(b["taken_count"], b["fallthrough_count"])
                          for b in main["branches"]][:2], [(3, 4), (0, 4)])
        refused = functions["toy_refused"]
        self.assertEqual([block["covered"] for block in refused["blocks"]], [None] * 3)
        self.assertIsNone(refused["branches"][0]["taken"])
        self.assertIs(refused["branches"][0]["fallthrough"], False)

    def test_counts_are_null_where_there_are_none(self):
        for options, counted in ((("--engine", "auto"), False),
                                 (("--engine", "breakpoint"), False),
                                 (("--engine", "kprobe", "--mode", "blocks"), False),
                                 (("--engine", "kprobe"), True),
                                 (("--mode", "count"), True)):
            self.covstat("detach", "toy")
            self.attach(*options)
            target, = self.json("list")["targets"]
            self.assertIs(target["counted"], counted)
            main = target["functions"][0]
            self.assertEqual(main["entry"]["hits"], 7 if counted else 1)
            self.assertEqual([(b["taken_count"], b["fallthrough_count"])
                              for b in main["branches"]][:2],
                             [(3, 4), (0, 4)] if counted else [(None, None)] * 2)

    def test_entries(self):
        entries = {name: (f["entry"]["state"], f["entry"]["errno"], f["entry"]["hits"])
                   for name, f in self.functions().items()}
        self.assertEqual(entries, {
            "toy_main": ("armed", 0, 7), "toy_unused": ("armed", 0, 0),
            "toy_refused": ("refused", errno.EINVAL, 0), "toy_large": ("disarmed", 0, 0),
            "toy_stops": ("armed", 0, 2), "toy_checks": ("armed", 0, 1000),
            "toy_main.cold": ("disarmed", 0, 0)})

    def test_sizes_are_the_files_where_it_is_found(self):
        target, = self.json("list", "--module-dir", BUILT)["targets"]
        self.assertEqual([section["size"] for section in target["sections"]], [0x56, 11])

    def test_single_checkpoints_are_apart(self):
        self.covstat("checkpoint", "add", "cp", "toy:toy_main+0x4")
        document = self.json("list")
        self.assertEqual([target["module"] for target in document["targets"]], ["toy"])
        self.assertEqual([target["checkpoint"] for target in document["checkpoints"]], ["cp"])

    def test_nothing_attached_is_an_empty_document(self):
        self.covstat("detach", "toy")
        document = self.json("list", status=1)
        self.assertEqual(document["targets"], [])
        self.assertEqual((document["missed"], document["refused"], document["lost"]), (0, 0, 0))


class Next(Case):
    def setUp(self):
        super().setUp()
        self.attach()

    def test_order_condition_and_lines(self):
        document = self.json("next", "--module-dir", BUILT)
        self.assertEqual(document["unhit"], 6)
        first, second, third, fourth, fifth, sixth = document["next"]
        self.assertEqual({key: first[key] for key in (
            "rank", "kind", "module", "function", "function_offset", "address", "missing",
            "condition", "other_count", "blocks_behind")},
            {"rank": 1, "kind": "outcome", "module": "toy", "function": "toy_main",
             "function_offset": 0x14, "address": TEXT + 0x14, "missing": "taken",
             "condition": "testl %esi, %esi; jne", "other_count": 7, "blocks_behind": 3})
        self.assertTrue(first["file"].endswith("toy.S"))
        self.assertGreater(first["line"], 0)
        # The flags are those of the block before.
        self.assertEqual(second["condition"], "cmpl %esi, %edi; je")
        self.assertEqual(third["condition"], "cmpl $5, (%rsi); ja")
        # A stack protector's check wins nothing.
        self.assertEqual(fourth["condition"], "subq %gs:0x28, %rdx; jne")
        self.assertEqual((fifth["kind"], fifth["function"]), ("function", "toy_large"))
        self.assertEqual((sixth["kind"], sixth["function"]), ("function", "toy_unused"))

    def test_without_debug_information_lines_are_null(self):
        self.assertIsNone(self.json("next")["next"][0]["file"])

    def test_condition_of_a_gone_target_is_the_jump_alone(self):
        self.assertEqual(self.json("next", state=2)["next"][0]["condition"], "jne")

    def test_count_skip_level_and_functions(self):
        self.assertEqual(len(self.json("next", "-n", "1")["next"]), 1)
        self.assertEqual([place["rank"] for place in self.json("next", "--skip", "1",
                                                               "-n", "2")["next"]], [2, 3])
        self.assertEqual([place["function"] for place in self.json("next",
                                                                   "--level", "2")["next"]],
                         ["toy_large"])
        self.assertEqual([place["function"] for place in self.json("next",
                                                                   "--functions")["next"]],
                         ["toy_large", "toy_unused"])

    def test_table(self):
        text = self.covstat("next").stdout
        self.assertRegex(text, r"(?m)^1 +toy_main\+0x14 +taken +3 +7 +testl %esi, %esi; jne")
        self.assertRegex(text, r"(?m)^6 +toy_unused +entry +1 +- +never reached")
        self.assertIn("nothing more: 6 places", self.covstat("next", "--skip", "6").stdout)

    def places(self, *args, **settings):
        return [line.split()[1] for line in
                self.covstat("next", *args, **settings).stdout.splitlines()[1:]]

    def test_places_of_several_modules_have_the_module(self):
        self.covstat("checkpoint", "add", "cp", "toy_main")
        self.assertIn("toy_main+0x14", self.places())   # the same module's
        self.covstat("attach", "toy_two")
        self.assertEqual(self.places("-n", "2"), ["toy:toy_main+0x14", "toy_two:toy_main+0x14"])

    def test_a_checkpoint_inside_an_attached_module_adds_no_places(self):
        self.covstat("checkpoint", "add", "cp", "toy_main", "--auto")
        self.assertEqual(self.json("next")["unhit"], 6)
        self.covstat("detach", "toy")
        self.assertRegex(self.covstat("next").stdout,
                         r"(?m)^1 +toy_main\+0x14 \(checkpoint cp\) +taken ")

    def test_functions_of_one_name_are_told_apart_by_their_sections(self):
        text = self.covstat("next", twins=1).stdout
        self.assertRegex(text, r"(?m)^2 +toy_checks\+0xf \(\.text\+0x4a\) +taken ")
        self.assertRegex(text, r"(?m)^1 +toy_main\+0x14 +taken ")
        text = self.covstat("list", twins=1).stdout
        self.assertRegex(text, r"(?m)^toy_checks \(\.text\+0x33\) +2 ")
        self.assertRegex(text, r"(?m)^toy_checks \(\.text\+0x3b\) +1000 ")
        self.assertRegex(text, r"(?m)^toy_main +7 ")

    def test_other_side_is_known_only_where_it_is_counted(self):
        self.covstat("detach", "toy")
        self.attach("--engine", "auto")
        self.assertEqual([place["other_count"] for place in self.json("next")["next"][:4]],
                         [None] * 4)
        self.assertRegex(self.covstat("next").stdout,
                         r"(?m)^1 +toy_main\+0x14 +taken +3 +- +testl %esi, %esi; jne")

    def test_nothing_attached(self):
        self.covstat("detach", "toy")
        self.assertIn("covstat attach", self.covstat("next", status=1).stderr)


class Samples(Case):
    def setUp(self):
        super().setUp()
        self.attach("--scope", "tracked")

    def run_samples(self, *ids):
        for sample in ids:
            self.covstat("run", "--sample", str(sample), "true")

    def test_samples_are_listed_in_order(self):
        self.assertIn("there are no samples; run `covstat run --sample",
                      self.covstat("samples").stdout)
        self.assertEqual(self.json("samples")["samples"], [])
        ids = [9, 2, 2**64 - 1, 7, 300, 1, 8]
        self.run_samples(*ids, 9)
        self.assertEqual([sample["sample"] for sample in self.json("samples")["samples"]], ids)
        lines = self.covstat("samples").stdout.splitlines()
        self.assertEqual(lines[0].split()[0], "SAMPLE")
        self.assertEqual([int(line.split()[0]) for line in lines[1:]], ids)

    def test_numbers_padded_with_zeroes_are_decimal(self):
        self.run_samples("010", "08", "0x00a", "0X1F", "0000000000000000000000012")
        self.assertEqual([sample["sample"] for sample in self.json("samples")["samples"]],
                         [10, 8, 31, 12])
        self.assertEqual(self.json("list", "--sample", "0008")["sample"], 8)
        document = self.json("samples", "--reaching", "toy_main+0013")
        self.assertEqual(document["place"]["function_offset"], 13)

    def test_without_scope_tracked_ids_are_all_that_is_known(self):
        ids = [9, 2, 7, 5]
        self.run_samples(*ids)
        for attached in (False, True):
            self.covstat("detach", "toy")
            if attached:
                self.attach("--scope", "all")
            lines = self.covstat("samples").stdout.splitlines()
            self.assertEqual([lines[0].strip()] + [int(line) for line in lines[1:]],
                             ["SAMPLE"] + ids)
            self.assertEqual(self.json("samples")["samples"], [{"sample": i} for i in ids])
            for question in (("--alone", "9"), ("--smallest",), ("--reaching", "toy_main")):
                done = self.covstat("samples", *question, status=1)
                self.assertIn("--scope tracked", done.stderr)
                self.assertEqual(done.stdout, "")
            if not attached:
                self.attach()

    def test_numbers_of_each_sample(self):
        self.run_samples(FELL, MAIN, MAIN_STOPS_CHECKS, STOPS)
        lines = [line.split() for line in self.covstat("samples").stdout.splitlines()]
        self.assertEqual(lines, [
            ["SAMPLE", "COVERED", "FIRST", "ALONE", "EFFECTIVE"],
            [str(FELL), "1/4/3", "1/4/3", "0/0/0", "yes"],
            [str(MAIN), "1/4/4", "0/0/1", "0/0/0", "yes"],
            [str(MAIN_STOPS_CHECKS), "3/10/8", "2/6/4", "1/5/4", "yes"],
            [str(STOPS), "1/1/0", "0/0/0", "0/0/0", "no"]])
        sample = self.json("samples")["samples"][2]
        self.assertEqual(sample, {
            "sample": MAIN_STOPS_CHECKS, "effective": True, "first_paths": None,
            "covered": {"functions": 3, "blocks": 10, "outcomes": 8, "unknown": 5},
            "first": {"functions": 2, "blocks": 6, "outcomes": 4, "unknown": 5},
            "alone": {"functions": 1, "blocks": 5, "outcomes": 4, "unknown": 5}})

    def test_a_new_path_makes_a_sample_effective(self):
        self.covstat("detach", "toy")
        self.covstat("attach", "toy", "--scope", "tracked", "--paths")
        self.run_samples(3, 4, 5)
        lines = [line.split() for line in self.covstat("samples").stdout.splitlines()]
        self.assertEqual(lines[0], ["SAMPLE", "COVERED", "FIRST", "ALONE", "EFFECTIVE", "PATHS"])
        self.assertEqual([line[2:3] + line[4:] for line in lines[1:]],
                         [["1/4/4", "yes", "4"], ["0/0/0", "yes", "2"], ["0/0/0", "no", "0"]])
        self.assertEqual([(sample["effective"], sample["first_paths"])
                          for sample in self.json("samples")["samples"]],
                         [(True, 4), (True, 2), (False, 0)])

    def test_alone_and_first_and_compare_show_places_by_function(self):
        self.run_samples(FELL, MAIN, STOPS)
        text = self.covstat("samples", "--compare", str(MAIN), str(FELL)).stdout
        self.assertRegex(text, r"(?m)^FUNCTION +ENTRY +BLOCKS +OUTCOMES +CODE; OUTCOMES$")
        self.assertRegex(text, r"(?m)^toy_main +- +0 +1 +0x2 taken$")
        self.assertIn("covered by sample %d and not by sample %d: functions 0, blocks 0, branch "
                      "outcomes 1\nunknown for 5 more places" % (MAIN, FELL),
                      text)
        text = self.covstat("samples", "--compare", str(FELL), str(MAIN)).stdout
        self.assertTrue(text.startswith("covered by sample %d and not by" % FELL))
        text = self.covstat("samples", "--alone", str(STOPS)).stdout
        self.assertRegex(text, r"(?m)^toy_stops +entered +1 +0 +0x0-0x5$")
        self.assertRegex(self.covstat("samples", "--alone", str(STOPS), twins=1).stdout,
                         r"(?m)^toy_checks \(\.text\+0x33\) +entered +1 +0 +0x0-0x5$")
        self.covstat("samples", twins=0)
        self.assertIn("covered by sample %d alone: functions 1, blocks 1, branch outcomes 0"
                      % STOPS, text)
        text = self.covstat("samples", "--first", str(FELL)).stdout
        self.assertRegex(text, r"(?m)^toy_main +entered +4 +3 +0x0-0x16; "
                               r"0x2 fall-through, 0x7 fall-through, 0x14 fall-through$")
        self.assertIn("covered by sample %d first: functions 1" % FELL, text)

    def test_places_for_programs(self):
        self.run_samples(FELL, MAIN, STOPS)
        document = self.json("samples", "--compare", str(MAIN), str(FELL))
        self.assertEqual((document["sample"], document["without"]), (MAIN, FELL))
        certain = [place for place in document["places"] if place["certain"]]
        self.assertEqual(certain, [{"kind": "outcome", "module": "toy", "function": "toy_main",
                                    **AT_START, "function_offset": 2,
                                    "outcome": "taken", "certain": True}])
        self.assertEqual({place["function"] for place in document["places"]
                          if not place["certain"]}, {"toy_refused"})
        document = self.json("samples", "--alone", str(STOPS))
        self.assertNotIn("without", document)
        self.assertEqual([(place["kind"], place["function"], place["function_offset"])
                          for place in document["places"] if place["certain"]],
                         [("function", "toy_stops", 0), ("block", "toy_stops", 0)])

    def test_who_reaches_a_place(self):
        self.run_samples(FELL, MAIN, STOPS)
        for place, ids in (
                (("toy_main",), [FELL, MAIN]), (("toy:toy_stops",), [STOPS]),
                (("toy_main+0x3",), [FELL, MAIN]), (("toy_main+0x17",), []),
                (("toy_main+2", "--outcome", "taken"), [MAIN]),
                *(((("toy_main+2", "--outcome", name), [FELL, MAIN]) for name in
                   ("fall-through", "fallthrough", "not-taken", "not taken"))),
                (("toy_unused",), []), (("toy_main.cold",), [])):
            document = self.json("samples", "--reaching", *place)
            self.assertEqual(document["samples"],
                             [{"sample": i, "certain": True} for i in ids])
            text = self.covstat("samples", "--reaching", *place).stdout
            self.assertIn("%d of 3 samples reach %s" % (len(ids), place[0].split(":")[-1].
                                                       replace("+2", "+0x2")), text)
            self.assertEqual("REACHES IT" in text, bool(ids))
            for i in ids:
                self.assertRegex(text, r"(?m)^ *%d +yes$" % i)
        document = self.json("samples", "--reaching", "toy_main+2", "--outcome", "taken")
        self.assertEqual(document["place"], {
            "kind": "outcome", "module": "toy", "function": "toy_main",
            **AT_START, "function_offset": 2, "outcome": "taken"})
        self.assertRegex(self.covstat("samples", "--reaching", "toy_refused").stdout,
                         r"(?m)^ *%d +cannot be known$" % MAIN)

    def test_a_cold_part_is_reached_at_any_of_its_blocks(self):
        self.run_samples(MAIN, CHECKS)
        document = self.json("samples", "--reaching", "toy_checks", cold_checks=1)
        self.assertEqual(document["samples"], [{"sample": CHECKS, "certain": True}])
        self.assertEqual(document["place"], {
            "kind": "function", "module": "toy", "function": "toy_checks",
            "function_address": TEXT + 0x3b, "function_address_hex": "%#x" % (TEXT + 0x3b),
            "function_offset": 0})
        self.assertIn("0 of 2 samples reach toy_checks+0x0",
                      self.covstat("samples", "--reaching", "toy_checks+0").stdout)

    def test_who_reaches_one_of_several_functions_of_one_name(self):
        self.run_samples(STOPS, CHECKS)
        for name, at, ids in (("toy_checks (.text+0x33)", 0x33, [STOPS]),
                              ("toy_checks (.text+0x3b)", 0x3b, [CHECKS]),
                              ("toy:toy_checks+0xf (.text+0x4a)", 0x3b, [CHECKS])):
            document = self.json("samples", "--reaching", name, twins=1)
            self.assertEqual(document["place"]["function_address"], TEXT + at)
            self.assertEqual([sample["sample"] for sample in document["samples"]], ids)
            self.assertIn("1 of 2 samples reach %s\n" % name.removeprefix("toy:"),
                          self.covstat("samples", "--reaching", name).stdout)
        for place in ("toy_checks", "toy_checks+0xf"):
            told = self.covstat("samples", "--reaching", place, status=1).stderr
            self.assertRegex(told, r"^covstat: 2 functions are called toy_checks; "
                                   r"give '.*' or '.*'\n$")
        # What was printed can be given.
        place = re.findall("'(.*?)'", told)[1]
        self.assertEqual(place, "toy_checks+0xf (.text+0x4a)")
        self.json("samples", "--reaching", place, "--outcome", "taken")

    def test_places_that_are_not_there(self):
        self.run_samples(MAIN)
        for place, words in ((("nosuch",), "no function nosuch"),
                             (("other:toy_main",), "no function other:toy_main is attached"),
                             (("toy_main+0x1000",), "no block of toy_main contains +0x1000"),
                             (("toy_main+3", "--outcome", "taken"),
                              "no conditional jump begins at toy_main+0x3")):
            done = self.covstat("samples", "--reaching", *place, status=1)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stdout, "")
        self.covstat("attach", "toy_two", "--scope", "tracked")
        self.assertIn("2 functions are called toy_main; give 'toy:toy_main' or 'toy_two:toy_main'",
                      self.covstat("samples", "--reaching", "toy_main", status=1).stderr)
        for module in ("toy_two", "toy-two"):
            self.json("samples", "--reaching", module + ":toy_main")
        self.assertRegex(self.covstat("samples", "--alone", str(MAIN)).stdout,
                         r"(?m)^toy_two:toy_main +entered")

    def test_a_small_set(self):
        self.run_samples(MAIN, STOPS, MAIN_STOPS, CHECKS)
        self.assertEqual(self.json("samples", "--smallest"), {
            "format_version": 1, "of": 4, "at_least": 2, "samples": [
                {"sample": CHECKS, "essential": True},
                {"sample": MAIN_STOPS, "essential": False}]})
        text = self.covstat("samples", "--smallest").stdout
        self.assertRegex(text, r"(?m)^ *%d +covers what no other does$" % CHECKS)
        self.assertRegex(text, r"(?m)^ *%d +adds most$" % MAIN_STOPS)
        self.assertIn("2 of 4 samples cover what all cover; no smaller set does", text)

    def test_without_samples_no_set_is_small(self):
        self.assertEqual(self.covstat("samples", "--smallest").stdout,
                         self.covstat("samples").stdout)
        self.assertEqual(self.json("samples", "--smallest")["samples"], [])

    def test_questions_about_no_such_sample(self):
        self.run_samples(MAIN)
        for question in (("--alone", "8"), ("--first", "8"), ("--compare", "8", str(MAIN)),
                         ("--compare", str(MAIN), "8")):
            done = self.covstat("samples", *question, status=1)
            self.assertIn("there is no sample 8", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_wrong_questions(self):
        for question in (("--alone", "0"), ("--alone", "x"), ("--compare", "7"),
                         ("--compare", "7", "8", "9"), ("--compare", "7", "x"),
                         ("--alone", "7", "8"), ("--alone", "7", "--smallest"),
                         ("--reaching", "+3"), ("--reaching", "f+x"), ("--outcome", "taken"),
                         ("--reaching", "f", "--outcome", "taken"), ("--smallest", "7"),
                         ("--reaching", "f+3", "--outcome", "both")):
            done = self.covstat("samples", *question, status=2)
            self.assertIn("usage: covstat samples", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_level(self):
        self.covstat("detach", "toy")
        self.attach("--scope", "tracked", "--level", "5")
        self.covstat("attach", "toy_two", "--scope", "tracked")
        self.run_samples(MAIN)
        for level, modules in (("5", {"toy"}), ("1", {"toy_two"})):
            places = self.json("samples", "--alone", str(MAIN), "--level", level)["places"]
            self.assertEqual({place["module"] for place in places}, modules)
            sample, = self.json("samples", "--level", level)["samples"]
            self.assertEqual(sample["covered"]["functions"], 1)
        for question in ((), ("--smallest",), ("--reaching", "toy_main")):
            done = self.covstat("samples", *question, "--level", "7", status=1)
            self.assertIn("nothing with scope tracked that is attached has a level", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_failure_is_told(self):
        for options in ((), ("--json",)):
            done = self.covstat("samples", *options, status=1, fail_nr=NR["SAMPLES"],
                                fail_errno=errno.ENOMEM)
            self.assertIn("no memory", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_list_of_one_sample(self):
        self.run_samples(7)
        document = self.json("list", "--sample", "7")
        self.assertEqual(document["sample"], 7)
        target, = document["targets"]
        self.assertEqual([f["name"] for f in target["functions"] if f["entry"]["covered"]],
                         ["toy_main"])
        self.assertEqual(target["totals"]["outcomes_hit"], 4)
        text = self.covstat("list", "toy", "--sample", "0x7").stdout
        self.assertIn("toy, total of sample 7\n", text)
        self.assertRegex(text, r"branch outcomes +4 of 20")
        self.covstat("list", "--sample", "7", "--fail-under", "21", status=3)
        document = self.json("list")
        self.assertIsNone(document["sample"])
        self.assertEqual(document["targets"][0]["totals"]["outcomes_hit"], 8)

    def test_next_of_one_sample(self):
        self.run_samples(7)
        document = self.json("next", "--functions", "--sample", "7")
        self.assertEqual(document["sample"], 7)
        self.assertIn("toy_checks", [place["function"] for place in document["next"]])
        document = self.json("next", "--functions")
        self.assertIsNone(document["sample"])
        self.assertNotIn("toy_checks", [place["function"] for place in document["next"]])

    def test_no_such_sample(self):
        for command in ("list", "next"):
            self.assertIn("there is no sample 8; `covstat samples` lists them",
                          self.covstat(command, "--sample", "8", status=1).stderr)

    def test_scope_all_is_a_clear_error(self):
        self.run_samples(7)
        self.covstat("detach", "toy")
        self.attach("--scope", "all")
        for args in (("list", "toy"), ("list",), ("next",)):
            done = self.covstat(*args, "--sample", "7", status=1)
            self.assertIn("scope all", done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertIn("--scope tracked", done.stderr)

    def test_an_older_livecov_has_none(self):
        for args in (("samples",), ("list", "--sample", "7"), ("next", "--sample", "7")):
            done = self.covstat(*args, status=1, old=1)
            self.assertIn("load the livecov.ko that was built with this libcov", done.stderr)


class Trace(Case):
    WRITE = ["  write", "    toy_main  +0x2 taken  returned 0", "  write  returned 0"]
    IOCTL = ["  ioctl", "    toy_main  +0x2 taken  left with -EINVAL",
             "  ioctl  left with -EINVAL"]

    def trace(self, *args, **kwargs):
        return self.covstat("trace", "--module", "toy", "--ret", *args, "--", "true", **kwargs)

    def test_tree_and_summary(self):
        lines = self.trace().stdout.splitlines()
        self.assertEqual(lines[:7], ["toyer[4242]"] + self.WRITE + self.IOCTL)
        self.assertEqual(lines[7:9], ["toyer-2[4243]", "  toy_unused"])
        self.assertEqual([line.split() for line in lines[9:]],
                         [[], ["FUNCTION", "CALLS", "RETURNED", "LEFT", "WITH"],
                          ["toy_main", "2", "2", "-EINVAL", "1"],
                          ["toy_unused", "1", "0", "-"]])

    def test_one_system_call(self):
        lines = self.trace("--syscall", "ioctl").stdout.splitlines()
        self.assertEqual(lines[:4], ["toyer[4242]", "  ioctl 0x2"] + self.IOCTL[1:])
        self.assertEqual(lines[6].split(), ["toy_main", "1", "1", "-EINVAL", "1"])
        self.assertEqual(len(lines), 7)
        for given, shown in (("openat", "openat"), ("257", "openat"), ("700", "system call 700")):
            self.assertEqual(self.trace("--syscall", given).stdout.splitlines()[-1],
                             "nothing that is attached was called in " + shown)
        for given in ("ioctal", "99999", "1024", "0x140000000"):
            self.assertIn("no system call '%s'" % given,
                          self.trace("--syscall", given, status=2).stderr)
        self.assertIn("--syscall may be given once",
                      self.trace("--syscall", "ioctl", "--syscall", "write", status=2).stderr)

    def test_time_and_arguments(self):
        lines = self.trace("--time", "--args").stdout.splitlines()
        self.assertEqual(lines[1], "       0.000 us    write(0x1, 0x2, 0x3, 0x4, 0x5, "
                                   "0xffff888000000000)")
        self.assertEqual(lines[2], "       1.000 us      toy_main(0x1, 0x2, 0x3, 0x4, 0x5, "
                                   "0xffff888000000000)  +0x2 taken  returned 0")

    def test_json(self):
        done = self.trace("--json", "--time")
        document = json.loads(done.stdout)
        self.assertEqual(document["tasks_lost"], 3)
        self.assertEqual(document["lost"], {"entry": 4, "return": 1, "branch": 5,
                                            "syscall": 0, "sysret": 0})
        first, second = document["tasks"]
        self.assertEqual((first["pid"], first["tgid"], first["comm"]), (4242, 4242, "toyer"))
        self.assertEqual([event["kind"] for event in first["events"]],
                         ["syscall", "entry", "branch", "return", "sysret"] * 2)
        self.assertEqual(first["events"][0], {"kind": "syscall", "ns": 1001000,
                                              "syscall": "write", "number": 1, "compat": False})
        self.assertEqual(first["events"][2],
                         {"kind": "branch", "ns": 1003000, "target": 1, "stack": 520,
                          "module": "toy", "function": "toy_main", **AT_START,
                          "function_offset": 2, "offset": 2, "cold": False, "taken": True})
        self.assertEqual(first["events"][8]["error"], "EINVAL")
        self.assertEqual(first["events"][8]["value"], 2**64 - errno.EINVAL)
        self.assertEqual(len(second["events"]), 1)
        self.assertEqual(document["functions"][0],
                         {"module": "toy", "function": "toy_main", **AT_START,
                          "calls": 2, "returned": 2, "errors": {"EINVAL": 1}})

    def test_json_of_what_is_not_attached_any_more(self):
        self.covstat("attach", "toy", "--mode", "trace", "--scope", "tracked")
        self.covstat("attach", "toy_two", "--mode", "trace", "--scope", "tracked")
        self.covstat("detach", "toy")
        done = self.covstat("trace", "--json", "--", "true")
        event = json.loads(done.stdout)["tasks"][0]["events"][2]
        self.assertEqual({key: event[key] for key in ("target", "module", "function",
                                                      "function_address", "function_address_hex")},
                         {"target": 1, "module": None, "function": None,
                          "function_address": None, "function_address_hex": None})

    def test_of_several_modules_functions_are_shown_with_theirs(self):
        self.covstat("attach", "toy", "--mode", "trace", "--scope", "tracked")
        self.covstat("attach", "toy_two", "--engine", "kprobe")
        self.assertRegex(self.covstat("trace", "--", "true").stdout, r"(?m)^ +toy:toy_main\b")

    def test_functions_of_one_name_are_told_apart(self):
        stops, checks = "toy_checks (.text+0x33)", "toy_checks (.text+0x3b)"
        lines = self.trace("--args", twins=1).stdout.splitlines()
        registers = "(0x1, 0x2, 0x3, 0x4, 0x5, 0xffff888000000000)"
        self.assertEqual(lines[8:13], [
            "  toy_unused" + registers, "    " + stops + registers, "      " + checks + registers,
            "  " + stops + " (entry not seen)  +0x4 fall-through", "  " + checks + "  returned 0"])
        self.assertEqual([line.rsplit(None, 3) for line in lines[-2:]],
                         [[stops, "1", "0", "-"], [checks, "1", "1", "-"]])
        document = json.loads(self.trace("--json").stdout)
        self.assertEqual([(f["function"], f["function_address"])
                          for f in document["functions"][-2:]],
                         [("toy_checks", TEXT + 0x33), ("toy_checks", TEXT + 0x3B)])
        self.assertEqual([(event["kind"], event["function"], event["function_address"])
                          for event in document["tasks"][1]["events"][1:]],
                         [("entry", "toy_checks", TEXT + 0x33),
                          ("entry", "toy_checks", TEXT + 0x3B),
                          ("branch", "toy_checks", TEXT + 0x33),
                          ("return", "toy_checks", TEXT + 0x3B)])

    def peak(self, *options, **settings):
        """The most memory that a trace needs, in KiB. What the sanitizers keep of it is not
        the program's."""
        process = subprocess.Popen([self.program, "trace", "--module", "toy", *options, "true"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL,
                                   env=self.environment(settings,
                                                        ASAN_OPTIONS="quarantine_size_mb=1"))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return usage.ru_maxrss

    def test_json_of_a_large_trace_is_not_kept_in_memory(self):
        chunks = 1024
        small, large = (self.peak("--json", trace_chunks=n) for n in (0, chunks))
        # The trace itself, 4 KiB a chunk, is mapped.
        self.assertLess(large - small, 2 * 4 * chunks)

    def test_a_tasks_name_may_be_any_bytes(self):
        first, _ = json.loads(self.trace("--json", odd_comm=1).stdout)["tasks"]
        self.assertEqual(first["comm"], "t\u00f6y\ufffd\x1b[m\n\ufffd\ufffd")
        self.assertEqual(self.trace().stdout.splitlines()[0].encode(errors="surrogateescape"),
                         b"t\xc3\xb6y\xff?[m?\xe2\x82[4242]")

    def test_all_errors_are_listed_however_many_they_are(self):
        out = self.covstat("trace", "--module", "toy", "--ret", "--", "true",
                           trace_errors=30).stdout
        row, = (line for line in out.splitlines() if re.match(r"toy_main +\d", line))
        self.assertGreater(len(row), 256)
        self.assertTrue(row.endswith(", -EPERM 1"), row)

    def test_losses_are_told(self):
        text = self.trace().stderr
        self.assertIn("9 events did not fit; use a larger --size", text)
        self.assertIn("1 returns are missing", text)
        self.assertIn("3 tasks did not fit; use a larger --tasks", text)

    def test_module_is_attached_for_the_run_alone(self):
        self.trace()
        self.assertIn("nothing is attached", self.covstat("status").stdout)

    def test_a_module_that_is_named_twice_is_attached_once(self):
        self.covstat("trace", "--module", "toy_two", "--module", "toy", "--module", "toy-two",
                     "--", "true")

    def test_what_is_attached_already_is_used(self):
        done = self.covstat("trace", "true", status=1)
        self.assertIn("nothing is attached in mode trace", done.stderr)
        self.covstat("attach", "toy", "--mode", "trace")
        self.assertIn("toy_main", self.covstat("trace", "true").stdout)
        self.assertIn("does not record returns", self.covstat("trace", "--ret", "true",
                                                           status=1).stderr)
        self.covstat("detach", "toy")
        self.covstat("attach", "toy", "--mode", "trace", "--returns")
        self.covstat("trace", "--ret", "true")

    def test_status_is_the_commands_and_output_can_go_to_a_file(self):
        path = os.path.join(self.dir, "tree")
        done = self.covstat("trace", "--module", "toy", "--output", path, "--",
                            "sh", "-c", "echo mine; exit 42", status=42)
        self.assertEqual(done.stdout, "mine\n")
        with open(path) as file:
            self.assertTrue(file.read().startswith("toyer[4242]\n"))
        self.covstat("trace", "--module", "toy", "--", "/nonexistent/program", status=127)

    def test_it_can_be_interrupted_once_its_command_has_ended(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        # So full that printing the tree never ends.
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
        os.set_blocking(writer, True)
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([self.program, "trace", "--module", "toy", "--",
                                        "sh", "-c", "echo >&2"],
                                       stdout=writer, stderr=subprocess.PIPE,
                                       env=self.environment({}), preexec_fn=heed_signals)
            self.addCleanup(process.stderr.close)
            self.addCleanup(process.kill)
            process.stderr.readline()
            # As long as the command is running, it is the one that gets them.
            for _ in range(400):
                if process.poll() is not None:
                    break
                process.send_signal(number)
                time.sleep(0.05)
            self.assertEqual(process.returncode, -number)
            self.covstat("detach", "--all")     # a killed process leaves that to the kernel
        os.close(writer)

    def test_an_output_that_cannot_be_opened_is_told_before_anything_runs(self):
        for path, why in ((self.dir, "Is a directory"),
                          (os.path.join(self.dir, "no/such"), "No such file or directory")):
            done = self.covstat("trace", "--module", "toy", "--output", path, "echo", "ran",
                                status=1)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr, "covstat: cannot write %s: %s; the command was not run\n"
                             % (path, why))

    def test_output_is_emptied_at_once_and_not_the_commands(self):
        path = os.path.join(self.dir, "tree")
        with open(path, "w") as file:
            file.write("of the last time")
        script = "wc -c < '%s'; ls -l /proc/self/fd | grep -c '%s'" % (path, path)
        done = self.covstat("trace", "--module", "toy", "--output", path, "--", "sh", "-c",
                            script, status=1)
        self.assertEqual(done.stdout, "0\n0\n")
        with open(path) as file:
            self.assertTrue(file.read().startswith("toyer[4242]\n"))

    def test_output_stays_as_it_is_if_nothing_is_run(self):
        path = os.path.join(self.dir, "tree")
        with open(path, "w") as file:
            file.write("of the last time")
        self.covstat("trace", "--output", path, "true", status=1)
        self.covstat("trace", "--module", "nosuch", "--output", path, "true", status=1)
        with open(path) as file:
            self.assertEqual(file.read(), "of the last time")
        self.covstat("trace", "--module", "toy", "--output", "/dev/null", "true")

    def test_messages_do_not_go_into_the_output_where_stderr_is_closed(self):
        path = os.path.join(self.dir, "tree")
        self.covstat("trace", "--module", "toy", "--output", path, "--", "/no/such", status=127,
                     signals=lambda: os.close(2))
        with open(path) as file:
            self.assertEqual(file.read(), "")

    def test_wrong_usage(self):
        for args, words in (
                (["--size", "0", "true"], "--size takes"),
                (["--size", "1025", "true"], "--size takes"),
                (["--tasks", "0", "true"], "--tasks takes"),
                (["--tasks", "65537", "true"], "--tasks takes"),
                (["--sample", "0", "true"], "a sample is a number above 0"),
                (["--functions", "x", "true"], "--functions needs --module"),
                (["--ret"], "no command to run")):
            self.assertIn(words, self.covstat("trace", *args, status=2).stderr)

    def test_older_livecov_is_named(self):
        self.assertIn("no mode trace", self.trace(status=1, old=2).stderr)

    def test_damaged_trace_is_told(self):
        self.assertIn("contradicts itself", self.trace(status=1, trace_damage=1).stderr)
        told = "covstat: the trace of task 4242 is damaged; please report this\n"
        for damage in (6, 7, 8):
            self.assertIn(told, self.trace(status=1, trace_damage=damage).stderr)
            done = self.trace("--json", status=1)
            self.assertEqual(done.stderr, told)
            # The other task's is whole.
            self.assertEqual([len(task["events"]) for task in json.loads(done.stdout)["tasks"]],
                             [0, 1])


class TheRest(Case):
    def test_status(self):
        self.assertIn("nothing is attached", self.covstat("status").stdout)
        self.attach()
        text = self.covstat("status", missed=4, lost=3).stdout
        self.assertIn(f"livecov fake, interface 1.{MINOR}\n", text)
        self.assertIn("\nsites 201 of 1000, tracked tasks ", text)
        self.assertRegex(text, r"toy +live +edges +all +kprobe +8 of 20 +40\.0% +199 of 201 +2 +4")
        self.assertIn("3 tasks were not tracked: load livecov with a larger max_tasks", text)
        document = self.json("status")
        self.assertEqual(document["abi"], {"major": 1, "minor": MINOR})
        self.assertEqual(document["modes"], ["blocks", "edges", "count", "trace"])
        self.assertEqual(document["engines"], ["auto", "kprobe", "breakpoint", "detour", "entry"])
        self.assertEqual(document["checkpoints_max"], 1000)

    def test_status_tells_engines_below_the_table(self):
        self.attach("--engine", "auto")
        self.covstat("attach", "toy_two", "--engine", "kprobe")
        self.covstat("checkpoint", "add", "cp", "toy_main")
        lines = self.covstat("status").stdout.splitlines()
        # Two lines of livecov's, the table's head, three targets.
        self.assertRegex(lines[3], r"^toy +live +edges +all +auto +8 of 20")
        self.assertTrue(all(len(line) < 100 for line in lines[:6]), lines)
        self.assertEqual(lines[6], "toy: 173 detour, 6 entry, 20 breakpoint, 0 kprobe")
        self.assertIn("toy: 10 branches without a detour: 4 in", lines[7])
        self.assertEqual(lines[8:], ["toy_two: 0 detour, 0 entry, 0 breakpoint, 198 kprobe"])

    def test_detach(self):
        self.covstat("attach", "toy")
        self.covstat("attach", "toy_two")
        self.assertEqual(self.covstat("detach", "toy").stdout, "toy: detached\n")
        self.assertIn("not attached", self.covstat("detach", "toy", status=1).stderr)
        self.assertEqual(self.json("detach", "--all")["detached"], ["toy_two"])
        self.assertEqual(self.json("detach", "-a")["detached"], [])

    def test_what_is_not_there_is_told_with_what_is(self):
        self.assertEqual(self.covstat("detach", "--all").stdout, "nothing is attached\n")
        self.assertEqual(self.json("detach", "--all")["detached"], [])
        for command in ("detach", "reset", "list"):
            self.assertIn("toy is not attached; `covstat attach toy` does that, `covstat status` "
                          "shows what is\n", self.covstat(command, "toy", status=1).stderr)
        for verb in ("del", "restart", "enable", "disable"):
            self.assertIn("no checkpoint cp; `covstat checkpoint list` shows which there are\n",
                          self.covstat("checkpoint", verb, "cp", status=1).stderr)

    def test_detach_all_leaves_single_checkpoints(self):
        self.attach()
        self.covstat("checkpoint", "add", "cp", "toy_main")
        self.assertEqual(self.json("detach", "--all")["detached"], ["toy"])
        self.assertEqual(len(self.json("checkpoint", "list")["checkpoints"]), 1)

    def test_detach_all_reads_no_tables(self):
        for number in (errno.EAGAIN, errno.EPROTO, errno.ENOMEM):
            self.attach()
            self.covstat("attach", "toy_two")
            self.assertEqual(self.covstat("detach", "--all", fail_nr=NR["FUNCTIONS"],
                                          fail_errno=number).stdout,
                             "toy: detached\ntoy_two: detached\n")
            self.assertEqual(self.json("status", fail_errno=0)["targets"], [])

    def test_detach_all_goes_on_behind_what_it_cannot_detach(self):
        self.attach()
        self.covstat("attach", "toy_two")
        done = self.covstat("detach", "--all", status=1, fail_nr=NR["DETACH"], fail_times=1,
                            fail_errno=errno.ENOMEM)
        self.assertEqual(done.stdout, "toy_two: detached\n")
        self.assertIn("no memory", done.stderr)
        # Somebody else was faster.
        done = self.covstat("detach", "--all", fail_errno=errno.ENOENT, fail_times=1)
        self.assertEqual((done.stdout, done.stderr), ("nothing is attached\n", ""))
        done = self.covstat("detach", "toy", status=1, fail_errno=errno.ENOENT, fail_times=1)
        self.assertIn("there is nothing by that name", done.stderr)
        done = self.covstat("detach", "--all", status=1, fail_nr=NR["TARGET"], fail_times=1,
                            fail_errno=errno.EINTR)
        self.assertIn("interrupted", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_reset(self):
        self.attach()
        self.assertEqual(self.json("reset", "toy")["reset"], "toy")
        self.assertIsNone(self.json("reset")["reset"])
        self.assertIn("not attached", self.covstat("reset", "toy_two", status=1).stderr)

    def test_checkpoint(self):
        self.covstat("checkpoint", "add", "cp", "toy:toy_main+0x7", "--auto", "--level", "3")
        self.assertRegex(self.covstat("checkpoint", "list").stdout,
                         r"cp +7 +live +3 +toy:toy_main\+0x7\n")
        checkpoint, = self.json("checkpoint", "list")["checkpoints"]
        self.assertEqual((checkpoint["checkpoint"], checkpoint["function"]), ("cp", "toy_main"))
        self.assertEqual((checkpoint["hits"], checkpoint["hit"], checkpoint["enabled"],
                          checkpoint["levels"], checkpoint["refused"]), (7, True, True, 4, None))
        self.assertEqual(self.json("checkpoint", "del", "cp")["deleted"], "cp")
        self.assertIn("no checkpoint cp", self.covstat("checkpoint", "del", "cp",
                                                       status=1).stderr)
        for place in ("nosuch", "toy:nosuch", "nosuch:toy_main"):
            self.assertIn("nosuch", self.covstat("checkpoint", "add", "x", place,
                                                 status=1).stderr)

    def test_no_checkpoints_are_told_instead_of_a_heading(self):
        self.attach()
        none = "there are no checkpoints; `covstat checkpoint add NAME [MODULE:]FUNCTION` adds one\n"
        self.assertEqual(self.covstat("checkpoint", "list").stdout, none)
        self.covstat("checkpoint", "add", "cp", "toy_main", "--level", "3")
        self.assertEqual(self.covstat("checkpoint", "list", "--level", "4").stdout,
                         "no checkpoint has level 4; `covstat checkpoint list` lists those of all "
                         "levels\n")
        self.assertIn("cp", self.covstat("checkpoint", "list", "--level", "3").stdout)
        self.assertEqual(self.json("checkpoint", "list", "--level", "4")["checkpoints"], [])

    def test_a_name_that_another_program_has_given_commands_no_terminal(self):
        self.assertIn("control character",
                      self.covstat("checkpoint", "add", "a\x1b[2J", "toy_main", status=1).stderr)
        self.covstat("checkpoint", "add", "cp", "toy_main", odd_checkpoint=1)
        for args in (("checkpoint", "list"), ("list",), ("status",), ("next",), ("map",),
                     ("map", "--function", "toy_main")):
            text = self.covstat(*args).stdout
            self.assertIn("a??[2J??b", text)
            self.assertEqual(set(re.findall(r"[^\n -~]", text)), set(), args)
        # For programs it is what it is.
        checkpoint, = self.json("checkpoint", "list")["checkpoints"]
        self.assertEqual(checkpoint["checkpoint"], "a\n\x1b[2J\x9bb")

    def test_columns_are_as_wide_as_characters_not_bytes(self):
        for name in ("\xe4\xf6\xfc\xdf\u20ac\U0001f427", "plain"):
            self.covstat("checkpoint", "add", name, "toy_main")
        lines = self.covstat("checkpoint", "list").stdout.splitlines()
        self.assertEqual(len({line.index("toy_main") for line in lines[1:]}), 1, lines)

    def test_checkpoint_in_one_of_several_functions(self):
        self.put("/proc/kallsyms", f"{TEXT + 0x33:x} t toy_checks\t[toy]\n"
                                   f"{TEXT + 0x3b:x} t toy_checks\t[toy]\n")
        self.assertIn("say which: 'toy:toy_checks (.text+0x33)', 'toy:toy_checks (.text+0x3b)'",
                      self.covstat("checkpoint", "add", "cp", "toy:toy_checks", status=1).stderr)
        self.assertIn("MODULE:FUNCTION", self.covstat(
            "checkpoint", "add", "cp", "toy_checks (.text+0x3b)", status=1).stderr)
        self.assertEqual(self.json("checkpoint", "add", "cp", "toy:toy_checks (.text+0x3b)"),
                         {"format_version": 1, "added": "cp"})

    def test_json_is_utf8_whatever_a_name_is(self):
        for name, shown in (
                (b"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7 \xf4\x8f\xbf\xbf",
                 "\xe4 \u20ac \U0001f427 \U0010ffff"),
                (b"\x80 \xc0\xaf \xfe", "\ufffd \ufffd\ufffd \ufffd"),
                (b"\xe0\x9f\xbf \xed\xa0\x80", "\ufffd\ufffd\ufffd \ufffd\ufffd\ufffd"),
                (b"\xf0\x8f\xbf\xbf \xf4\x90\x80\x80", "\ufffd" * 4 + " " + "\ufffd" * 4),
                (b"\xe2\x82", "\ufffd\ufffd"), (b"\xc3(", "\ufffd(")):
            self.assertEqual(self.json("checkpoint", "add", name, "toy_main")["added"], shown)
            checkpoint, = self.json("checkpoint", "list")["checkpoints"]
            self.assertEqual(checkpoint["checkpoint"], shown)
            self.covstat("checkpoint", "del", name)

    def states(self):
        return {checkpoint["checkpoint"]: checkpoint["enabled"]
                for checkpoint in self.json("checkpoint", "list")["checkpoints"]}

    def test_checkpoints_are_switched_by_pattern(self):
        for name in ("a1", "a2", "b"):
            self.covstat("checkpoint", "add", name, "toy_main")
        self.assertIn("a1: disabled", self.covstat("checkpoint", "disable", "a1").stdout)
        self.assertEqual(self.states(), {"a1": False, "a2": True, "b": True})
        self.assertRegex(self.covstat("checkpoint", "list").stdout, r"a1 +7 +disabled +1 ")
        self.covstat("checkpoint", "disable", "*")
        self.assertEqual(set(self.states().values()), {False})
        self.assertEqual(self.json("checkpoint", "enable", "a?", "--auto")["enabled"], "a?")
        self.assertEqual(self.states(), {"a1": True, "a2": True, "b": False})
        for verb in ("enable", "disable", "restart"):
            self.assertIn("no checkpoint nosuch",
                          self.covstat("checkpoint", verb, "nosuch", status=1).stderr)
        self.assertEqual(self.json("checkpoint", "restart", "b")["restarted"], "b")

    def test_what_was_not_hit_while_it_was_off_is_unknown(self):
        def main():
            checkpoint, = self.json("list", "--sample", str(STOPS))["checkpoints"]
            return [function["entry"]["covered"] for function in checkpoint["functions"]
                    if function["name"] == "toy_main"]

        def recommended():
            return [place["function"] for place in
                    self.json("next", "-n", "99", "--sample", str(STOPS))["next"]]

        self.covstat("checkpoint", "add", "cp", "toy_main", "--scope", "tracked", place_only=1)
        self.covstat("run", "--sample", str(STOPS), "true")
        self.assertEqual(main(), [False])
        self.assertIn("toy_main", recommended())
        for verb in "disable", "enable":
            self.covstat("checkpoint", verb, "cp")
            self.assertEqual(main(), [None])
            self.assertNotIn("toy_main", recommended())

    def test_an_option_of_another_verb_is_not_ignored(self):
        self.covstat("checkpoint", "add", "cp", "toy_main", "--level", "3")
        for verb, option, verbs in (
                ("disable", ("--level", "3"), "add and list"), ("disable", ("--scope", "all"), "add"),
                ("enable", ("--level", "3"), "add and list"), ("del", ("--level", "3"), "add and list"),
                ("del", ("--auto",), "add, enable and disable"),
                ("restart", ("--level", "3"), "add and list"), ("restart", ("--scope", "all"), "add"),
                ("list", ("--auto",), "add, enable and disable"), ("list", ("--scope", "all"), "add")):
            operands = () if verb == "list" else ("cp",)
            done = self.covstat("checkpoint", verb, *operands, *option, status=2)
            self.assertIn("%s is for %s, not for %s\nusage: covstat checkpoint" % (
                option[0], verbs, verb), done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertEqual(self.states(), {"cp": True})

    def test_a_level_leaves_the_others_out(self):
        self.covstat("checkpoint", "add", "three", "toy_main", "--level", "3", "--level", "64")
        self.covstat("checkpoint", "add", "one", "toy_main")
        for level, names in (("1", ["one"]), ("3", ["three"]), ("64", ["three"]), ("2", [])):
            document = self.json("checkpoint", "list", "--level", level)
            self.assertEqual([c["checkpoint"] for c in document["checkpoints"]], names)
            document = self.json("list", "--level", level, status=not names)
            self.assertEqual([c["checkpoint"] for c in document["checkpoints"]], names)
        self.attach("--level", "2", "--paths")
        for level, found, targets in (("2", 4, 1), ("3", 4, 1), ("4", 0, 0)):
            for command in ("callers", "map"):
                self.covstat(command, "--level", level, status=not targets)
            if targets:
                self.assertEqual(len(self.json("callers", "--level", level)["callers"]), found)
                self.assertGreater(len(self.json("map", "--level", level)["nodes"]), 0)
            self.assertEqual(len(self.json("status", "--level", level)["targets"]), targets)
        self.assertEqual(self.covstat("list", "--level", "65", status=2).stdout, "")


    def test_what_no_level_has_is_not_what_is_not_attached(self):
        self.attach("--level", "5", "--level", "6", "--scope", "tracked")
        for level, words in (("7", "level 7;"), ("4", "level 4;")):
            for args, status in ((("list",), 1), (("list", "--fail-under", "50"), 3),
                                 (("status",), 0), (("next",), 1), (("map",), 1),
                                 (("callers",), 1)):
                done = self.covstat(*args, "--level", level, status=status)
                told = done.stdout if args[0] == "status" else done.stderr
                self.assertIn("nothing that is attached has " + words, told)
                self.assertIn("--level N`", told)
                self.assertNotIn("nothing is attached", told)
            self.assertEqual(self.json("list", "--level", level, status=1)["targets"], [])
        self.assertIn("level 7,8;", self.covstat("list", "--level", "8", "--level", "7",
                                                 status=1).stderr)
        self.assertEqual(self.json("status")["targets"][0]["levels"], 0x30)
        # What is named has its levels all the same.
        for args in ((), ("--json",), ("--fail-under", "1")):
            done = self.covstat("list", "toy", "--level", "7", *args, status=1)
            self.assertIn("toy has level 5,6 and not 7;", done.stderr)
            self.assertEqual(done.stdout, "")
            self.covstat("list", "toy", "--level", "6", *args)
        self.covstat("detach", "toy")
        self.assertIn("nothing is attached",
                      self.covstat("list", "--level", "7", status=1).stderr)


class Doctor(Case):
    def setUp(self):
        super().setUp()
        release = os.uname().release
        self.put("/boot/config-" + release,
                 "CONFIG_X=y\nCONFIG_KPROBES=y\nCONFIG_TASKS_RCU=y\n")
        self.put("/sys/kernel/debug/kprobes/enabled", "1\n")
        self.put("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
        self.put("/sys/module/module/parameters/sig_enforce", "N\n")
        self.put("/lib/modules/%s/build/Makefile" % release, "")

    def checks(self, **settings):
        """What was found by name, and the names of problems, but for not being root."""
        user = os.geteuid() != 0
        done = subprocess.run([self.program, "doctor", "--json"], stdout=subprocess.PIPE,
                              env=self.environment(settings))
        document = json.loads(done.stdout)
        self.assertEqual(document["format_version"], 1)
        found = {check["name"]: check for check in document["checks"]}
        problems = [name for name, check in found.items() if check["state"] == "problem"]
        self.assertEqual(document["problems"], len(problems))
        self.assertEqual(done.returncode, 1 if problems else 0)
        self.assertEqual("root" in problems, user)
        for check in document["checks"]:
            self.assertIn(check["state"], ("ok", "problem", "unknown"))
            if check["state"] != "ok":
                self.assertTrue(check["next"], check)
        return found, [name for name in problems if name != "root"]

    def expect(self, name, words, step, **settings):
        found, problems = self.checks(**settings)
        self.assertEqual(problems, [name])
        self.assertIn(words, found[name]["text"])
        self.assertIn(step, found[name]["next"])

    def test_nothing_stops_it(self):
        found, problems = self.checks()
        self.assertEqual(problems, [])
        self.assertEqual({check["state"] for name, check in found.items() if name != "root"},
                         {"ok"})

    def test_words(self):
        shutil.rmtree(self.path("/lib/modules"))
        shutil.rmtree(self.path("/sys/module/livecov"))
        text = self.covstat("doctor", status=1, open_errno=errno.ENOENT).stdout
        self.assertRegex(text, r"(?m)^ok +architecture +x86_64$")
        self.assertRegex(text, r"(?m)^problem +livecov +livecov is not loaded\n"
                         r" +-> run `insmod livecov.ko` \(after `make`: another kernel's is refused, "
                         r"\"Invalid module format\"\)$")

    def test_each_obstacle_is_named_with_the_next_step(self):
        release = os.uname().release
        self.put("/sys/kernel/debug/kprobes/enabled", "0\n")
        self.expect("kprobes enabled", "switched off", "echo 1 >")
        self.put("/sys/kernel/debug/kprobes/enabled", "1\n")
        self.put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        self.expect("lockdown", "(integrity)", "secure boot")
        self.put("/sys/kernel/security/lockdown", "[none] integrity\n")
        self.expect("livecov", f"speaks version 9.{MINOR}", "livecov.ko", abi_major=9)
        shutil.rmtree(self.path("/sys/kernel/debug/kprobes"))
        self.put("/boot/config-" + release, "# CONFIG_KPROBES is not set\n")
        found, problems = self.checks(abi_major=1)
        self.assertEqual(problems, ["kprobes"])
        self.assertEqual(found["kprobes enabled"]["state"], "unknown")

    def test_no_step_is_advised_that_has_been_taken(self):
        os.remove(self.path("/boot/config-" + os.uname().release))
        os.remove(self.path("/sys/kernel/debug/kprobes/enabled"))
        self.put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        found, problems = self.checks()
        self.assertEqual(problems, ["lockdown"])
        self.assertIn("secure boot", found["kprobes enabled"]["next"])
        # Without an answer in /boot debugfs has it, if that can be looked into.
        shutil.rmtree(self.path("/sys/kernel/debug/kprobes"))
        self.put("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
        self.expect("kprobes", "without CONFIG_KPROBES", "boot a kernel with CONFIG_KPROBES")
        step = self.checks()[0]["kprobes enabled"]["next"]
        self.assertIn("boot a kernel with CONFIG_KPROBES", step)
        found, _ = self.checks(not_debugfs=1)
        for name in ("kprobes", "kprobes enabled"):
            self.assertEqual(found[name]["state"], "unknown")
            self.assertIn("with debugfs mounted", found[name]["next"])

    def test_obstacles_to_loading_matter_while_it_is_not_loaded(self):
        shutil.rmtree(self.path("/lib/modules"))
        self.put("/sys/module/module/parameters/sig_enforce", "Y\n")
        self.assertEqual(self.checks()[1], [])
        shutil.rmtree(self.path("/sys/module/livecov"))
        found, problems = self.checks(open_errno=errno.ENOENT)
        self.assertEqual(problems, ["module signatures", "kernel headers", "livecov"])
        self.assertIn("linux-headers-", found["kernel headers"]["next"])
        self.assertIn("insmod livecov.ko", found["livecov"]["next"])
        self.put("/proc/sys/kernel/modules_disabled", "1\n")
        found, _ = self.checks()
        self.assertIn("modules_disabled", found["module signatures"]["text"])

    def engines(self, release, config, **settings):
        """What is said of the engines on a kernel of that release and configuration."""
        self.put("/boot/config-" + release, "CONFIG_KPROBES=y\n" + config)
        self.put("/lib/modules/%s/build/Makefile" % release, "")
        done = subprocess.run([self.program, "doctor", "--json"], stdout=subprocess.PIPE,
                              env=self.environment(settings, FAKE_RELEASE=release))
        check, = [check for check in json.loads(done.stdout)["checks"]
                  if check["name"] == "engines"]
        self.assertEqual(check["state"], "ok")      # livecov works without them
        return check["text"], check["next"]

    def test_engines_that_work_and_why_others_do_not(self):
        rcu = "CONFIG_TASKS_RCU=y\n"
        self.assertEqual(self.engines("6.1.0-x", rcu), ("detour, entry, breakpoint, kprobe", None))
        lack = "entry, kprobe; not detour, breakpoint: "
        text, step = self.engines("5.10.0-x", rcu, no_patching=1)
        self.assertEqual(text, lack + "Linux is older than 5.18")
        self.assertIn("5.18", step)
        self.assertIn("older", self.engines("5.17.0-x", rcu)[0])
        self.assertIn("self-test", self.engines("5.18.0-x", rcu)[0])
        text, step = self.engines("6.1.0-x", "# CONFIG_TASKS_RCU is not set\n")
        self.assertEqual(text, lack + "the kernel was built without CONFIG_TASKS_RCU")
        self.assertIn("preemptible", step)
        text, step = self.engines("6.1.0-x", rcu)
        self.assertIn("self-test", text)
        self.assertIn("dmesg | grep 'livecov: engines'", step)
        self.put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        text, step = self.engines("6.1.0-x", rcu)
        self.assertEqual(text, lack + "the kernel is locked down")
        self.assertIn("secure boot", step)
        text, step = self.engines("6.1.0-x", rcu, old=1)
        self.assertEqual(text, "kprobe; not detour, entry, breakpoint: "
                         "this livecov.ko is older than these engines")
        self.assertIn("livecov.ko", step)

    def test_engines_are_unknown_while_livecov_does_not_answer(self):
        found, _ = self.checks(open_errno=errno.ENOENT)
        self.assertEqual(found["engines"]["state"], "unknown")

    def test_unmounted_debugfs(self):
        found, problems = self.checks(open_errno=errno.ENOENT, not_debugfs=1)
        self.assertIn("debugfs", problems)
        self.assertIn("mount -t debugfs", found["debugfs"]["next"])


def sanitized(case):
    """The same tests on the program built with ASan and UBSan."""
    program = os.path.join(BUILT, "covstat.asan")
    return type(case.__name__ + "Sanitized", (case,), {"program": program})


def load_cases(loader, cases):
    """These, and the same under sanitizers."""
    if "COVSTAT" in os.environ:
        for case in cases:
            case.program = os.environ["COVSTAT"]
    else:
        cases = cases + [sanitized(case) for case in cases]
    suite = unittest.TestSuite()
    for case in cases:
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


def load_tests(loader, tests, pattern):
    return load_cases(loader, [CommandLine, Attach, Run, List, ListJson, Next, Samples,
                               Trace, TheRest, Doctor])


if __name__ == "__main__":
    tap.main()
