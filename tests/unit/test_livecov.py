#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""python/livecov.py, on the real libcov, with the fake kernel of fake_kernel.h preloaded.

Run from anywhere, once `make libcov-test` has built what it needs. The fake's state
belongs to a process, so each test is a script that runs in one of its own; what it
prints last, as JSON, is its result.
"""

import ctypes
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
import unittest.mock

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import headers
import tap

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = os.path.join(ROOT, "build/unit/libcov")
HEADER = os.path.join(ROOT, "libcov/libcov.h")
NR = {"STATUS": 0x02, "TARGET": 0x03, "ATTACH": 0x10, "ARM": 0x11, "KEEP": 0x12, "DETACH": 0x13,
      "RESET": 0x14, "FUNCTIONS": 0x20, "VIEW": 0x27, "SAMPLES": 0x28, "TRACE": 0x2a,
      "REGISTER": 0x30, "UNREGISTER": 0x31, "CHECKPOINT_ADD": 0x40, "CHECKPOINT_DEL": 0x41,
      "CHECKPOINT_SWITCH": 0x42, "CALLERS": 0x50, "NEWS": 0x51}

sys.path.insert(0, os.path.join(ROOT, "python"))
import livecov

PREAMBLE = """
import ctypes, errno, gc, json, os, signal, sys, threading
import livecov

class Kernel:
    '''The members of struct fake_kernel that tests look at.'''
    def __init__(self):
        self.library = ctypes.CDLL("fake_kernel.so")
        self.library.fake_kernel.restype = ctypes.c_void_p
    def at(self, name):
        return ctypes.c_int32.from_address(self.library.fake_kernel() + OFFSETS[name])
    def __getattr__(self, name):
        return self.at(name).value
    def set(self, **settings):
        for name, value in settings.items():
            self.at(name).value = value

kernel = Kernel()
def refused(function, *args, **options):
    try:
        function(*args, **options)
    except livecov.Error as error:
        assert str(error) == error.strerror, error
        return [error.errno, error.strerror]
    raise SystemExit("not refused")
"""


def compiled(source):
    """What a C program prints."""
    with tempfile.TemporaryDirectory() as directory:
        program = os.path.join(directory, "program")
        subprocess.run(["cc", "-x", "c", "-o", program, "-I", os.path.join(ROOT, "libcov"), "-I",
                        os.path.join(ROOT, "include"), "-I", os.path.join(ROOT, "tests/unit"),
                        "-"], input=source, text=True, check=True)
        return subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout


def fake_offsets():
    names = ("arms", "attaches", "detaches", "resets", "registers", "tracked",
             *(f"settings.fail_{n}" for n in ("nr", "errno", "times", "signal")))
    lines = "".join(f'printf("{n.split(".")[-1]} %zu\\n", offsetof(struct fake_kernel, {n}));'
                    for n in names)
    out = compiled("#include <stdio.h>\n#include <stddef.h>\n#include \"fake_kernel.h\"\n"
                   f"int main(void) {{ {lines} return 0; }}")
    return {name: int(offset) for name, offset in map(str.split, out.splitlines())}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.offsets = fake_offsets()

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="test_livecov.")
        self.addCleanup(shutil.rmtree, self.dir)
        for path, text in (("/sys/module/toy/sections/.text", "0xffffffffc0a00000\n"),
                           ("/sys/module/toy/sections/.text.unlikely", "0xffffffffc0a02000\n"),
                           ("/sys/module/livecov/initstate", "live\n")):
            os.makedirs(os.path.dirname(self.dir + path), exist_ok=True)
            with open(self.dir + path, "w", encoding="ascii") as file:
                file.write(text)

    def environment(self, **settings):
        return dict(os.environ, FAKE_ROOT=self.dir, PYTHONDONTWRITEBYTECODE="1",
                    LD_PRELOAD=os.path.join(BUILT, "fake_kernel.so"),
                    LD_LIBRARY_PATH=BUILT, PYTHONPATH=os.path.join(ROOT, "python"),
                    FAKE_KERNEL=os.path.join(self.dir, "kernel"),
                    FAKE_KERNEL_SET=",".join(f"{n}={v}" for n, v in settings.items()))

    def run_script(self, script, **settings):
        source = f"OFFSETS = {self.offsets}\n{PREAMBLE}\n{textwrap.dedent(script)}"
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True,
                              env=self.environment(**settings), timeout=60, check=False)
        if done.returncode:
            self.fail(f"status {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])


class Attach(Case):
    def test_a_target_lives_for_the_block(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy") as toy:
                inside = [livecov.status().targets, toy.module, toy.id, toy.attached.armed]
            print(json.dumps([inside, livecov.status().targets, kernel.detaches]))
        """), [[1, "toy", 1, 199], 0, 1])

    def test_an_exception_detaches_and_is_passed_on(self):
        self.assertEqual(self.run_script("""
            try:
                with livecov.attach("toy"):
                    raise KeyError("mine")
            except KeyError as error:
                print(json.dumps([str(error), livecov.status().targets]))
        """), ["'mine'", 0])

    def test_the_exception_of_the_block_hides_that_detach_failed(self):
        self.assertEqual(self.run_script("""
            try:
                with livecov.attach("toy"):
                    raise KeyError("mine")
            except KeyError as error:
                print(json.dumps(repr(error.__context__)))
        """, detach_errno=errno.ENOENT), "None")

    def test_a_detach_that_fails_is_told(self):
        self.assertEqual(self.run_script("""
            def block():
                with livecov.attach("toy"):
                    pass
            print(json.dumps(refused(block)[0]))
        """, detach_errno=errno.EBUSY), errno.EBUSY)

    def test_a_target_goes_with_its_object(self):
        self.assertEqual(self.run_script("""
            toy = livecov.attach("toy")
            before = livecov.status().targets
            del toy
            gc.collect()
            print(json.dumps([before, livecov.status().targets]))
        """), [1, 0])

    def test_what_is_kept_stays_until_it_is_detached_by_name(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy") as toy:
                toy.keep()
            kept = livecov.status().targets
            livecov.detach("toy")
            print(json.dumps([kept, livecov.status().targets, refused(livecov.detach, "toy")[0]]))
        """), [1, 0, errno.ENOENT])

    def test_a_forked_child_leaves_the_target_to_its_parent(self):
        self.assertEqual(self.run_script("""
            import contextlib
            def leave(toy, error):
                with contextlib.suppress(KeyError, SystemExit), toy:
                    if error:
                        raise error
            with livecov.attach("toy") as toy:
                ends = []
                for error in None, KeyError, SystemExit:
                    child = os.fork()
                    if not child:
                        leave(toy, error)
                        os._exit(toy._handle.close.alive)
                    ends.append(os.waitpid(child, 0)[1])
                inside = [livecov.status().targets, kernel.detaches, toy.coverage().module]
            print(json.dumps([ends, inside, livecov.status().targets, kernel.detaches]))
        """), [[0, 0, 0], [1, 0, "toy"], 0, 1])

    def test_a_forked_child_that_ends_leaves_the_target_to_its_parent(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy") as toy:
                child = os.fork()
                if not child:
                    sys.exit(0)
                end = os.waitpid(child, 0)[1]
                inside = [livecov.status().targets, kernel.detaches]
            print(json.dumps([end, inside, livecov.status().targets, kernel.detaches]))
        """), [0, [1, 0], 0, 1])

    def test_a_detached_target_says_so(self):
        self.assertEqual(self.run_script("""
            toy = livecov.attach("toy")
            toy.detach()
            try:
                toy.reset()
            except ValueError as error:
                print(json.dumps(str(error)))
        """), "this has been detached or closed")

    def test_options_reach_livecov(self):
        out = self.run_script("""
            with livecov.attach("toy", mode="count", scope="tracked", engine="detour",
                                functions=["toy_m*", "toy_u*"], levels=[1, 64]):
                toy = livecov.coverage("toy")
            base = kernel.library.fake_kernel()
            print(json.dumps([toy.mode, toy.scope, toy.engine, toy.counted]))
        """)
        self.assertEqual(out, ["count", "tracked", "detour", True])

    def test_functions_alone(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy", functions="toy_*", functions_only=True) as toy:
                print(json.dumps([len(toy.functions()), len(toy.blocks()), len(toy.branches())]))
        """), [7, 0, 0])

    def test_no_functions_are_not_all_functions(self):
        self.assertEqual(self.run_script("""
            said = []
            for nothing in [], (), iter([]):
                try:
                    livecov.attach("toy", functions=nothing)
                except ValueError as error:
                    said.append(str(error))
            with livecov.attach("toy", functions=None):
                print(json.dumps([said, kernel.attaches]))
        """), [["no function is named: functions is empty; None selects all"] * 3, 1])

    def test_wrong_words_are_refused_before_livecov_is_asked(self):
        for option, words in (('mode="lines"', "blocks, edges, count"),
                              ('scope="mine"', "tracked, all"), ('engine="steam"', "kprobe"),
                              ('levels=[65]', "1 to 64")):
            self.assertIn(words, self.run_script(f"""
                try:
                    livecov.attach("toy", {option})
                except ValueError as error:
                    print(json.dumps(str(error)))
            """))

    def test_what_c_would_cut_is_refused_before_livecov_is_asked(self):
        for call, words in (
                ("del_checkpoint('a\\0b')", "null"), ("restart_checkpoint('a\\0')", "null"),
                ("switch_checkpoints('*\\0x', False)", "null"), ("attach('toy\\0x')", "null"),
                ("attach('toy', functions='a\\0b')", "null"), ("coverage('toy\\0')", "null"),
                ("add_checkpoint('b', 'toy_main', offset=2**64)", "offset is"),
                ("add_checkpoint('b', 'toy_main', offset=-1)", "offset is"),
                ("add_checkpoint('b', 'toy_main', section='.text', section_offset=-2**64)",
                 "section_offset is"),
                ("trace(tasks=2**32 + 1).__enter__()", "tasks is"),
                ("trace(tasks=-1).__enter__()", "tasks is"),
                ("trace(size=2**64 + 4096).__enter__()", "size is")):
            said, left = self.run_script(f"""
                if not livecov.checkpoints():
                    livecov.add_checkpoint("a", "toy_main")
                said = "nothing"
                try:
                    livecov.{call}
                except ValueError as error:
                    said = str(error)
                print(json.dumps([said, [(c.name, c.enabled) for c in livecov.checkpoints()]]))
            """)
            self.assertIn(words, said, call)
            self.assertEqual(left, [["a", True]], call)

    def test_errors_carry_errno_and_libcovs_sentence(self):
        self.assertEqual(self.run_script("""
            print(json.dumps(refused(livecov.attach, "nosuch")))
        """), [errno.ENOENT, "no module nosuch is loaded; try: modprobe nosuch"])
        number, text = self.run_script("print(json.dumps(refused(livecov.status)))",
                                       open_errno=errno.EACCES)
        self.assertEqual(number, errno.EACCES)
        self.assertIn("run as root", text)

    def test_progress_is_told_and_what_it_raises_ends_the_attach(self):
        self.assertEqual(self.run_script("""
            steps = []
            with livecov.attach("toy", engine="kprobe", progress=lambda *step: steps.append(step)):
                pass
            def tired(done, total):
                raise KeyError("enough")
            try:
                livecov.attach("toy", progress=tired)
            except KeyError as error:
                print(json.dumps([steps[0], steps[-1][0] == steps[-1][1], str(error),
                                  livecov.status().targets]))
        """), [[0, 200], True, "'enough'", 0])

    # The fake raises it in the middle of each COV_IOC_ARM.
    INTERRUPTED = """
        signal.signal(signal.SIGINT, signal.default_int_handler)
        steps = []
        try:
            livecov.attach("toy", engine="kprobe", progress=lambda *step: steps.append(step))
        except KeyboardInterrupt:
            print(json.dumps([livecov.status().targets, kernel.attaches, steps,
                              signal.getsignal(signal.SIGINT) is signal.default_int_handler]))
    """

    def test_an_interrupt_ends_the_attach(self):
        self.assertEqual(self.run_script(self.INTERRUPTED, arm_signal=signal.SIGINT),
                         [0, 1, [[0, 200]], True])

    def test_an_interrupt_comes_before_the_error_that_it_makes(self):
        self.assertEqual(self.run_script(self.INTERRUPTED, arm_signal=signal.SIGINT,
                                         arm_interrupted=1), [0, 1, [[0, 200]], True])

    def test_a_handler_that_raises_nothing_runs_and_the_attach_goes_on(self):
        self.assertEqual(self.run_script("""
            heard = []
            signal.signal(signal.SIGUSR1, lambda *_: heard.append(True))
            with livecov.attach("toy", engine="kprobe") as toy:
                print(json.dumps([toy.attached.armed, len(heard) == kernel.arms]))
        """, arm_signal=signal.SIGUSR1), [199, True])

    def test_an_attach_in_another_thread_leaves_signals_alone(self):
        self.assertEqual(self.run_script("""
            done = []
            def work():
                with livecov.attach("toy") as toy:
                    done.append(toy.attached.armed)
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            print(json.dumps(done))
        """), [199])

    def test_reset(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy") as toy:
                toy.reset()
                livecov.reset("toy")
                livecov.reset()
            print(json.dumps([kernel.resets, refused(livecov.reset, "toy")[0]]))
        """), [3, errno.ENOENT])


class Interrupted(Case):
    """A signal ends a call with EINTR; the call is made again, unless the handler raises."""

    HANDLER = """
        heard = []
        signal.signal(signal.SIGUSR1, lambda *_: heard.append(len(heard)))
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        handler = signal.getsignal(signal.SIGUSR1)
        def as_before():
            return (signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask and
                    signal.getsignal(signal.SIGUSR1) is handler)
        def interrupt(nr, times):
            heard.clear()
            kernel.set(fail_nr=nr, fail_errno=errno.EINTR, fail_signal=signal.SIGUSR1,
                       fail_times=times)
    """

    def run_script(self, script, **settings):
        return super().run_script(textwrap.dedent(self.HANDLER) + textwrap.dedent(script),
                                  **settings)

    def test_every_call_is_repeated(self):
        found = self.run_script(f"""
            def tour():
                with livecov.attach("toy", scope="tracked", paths=True) as toy, \\
                     livecov.watch() as watch:
                    with livecov.sample(7):
                        pass
                    livecov.add_checkpoint("cp", "toy_main", module="toy")
                    livecov.switch_checkpoints("cp", False)
                    livecov.restart_checkpoint("cp")
                    livecov.del_checkpoint("cp")
                    toy.reset()
                    livecov.reset("toy")
                    read = [len(toy.functions(sample=7)), len(toy.callers()), len(toy.unhit()),
                            len(watch.new().pairs), livecov.samples(), livecov.status().targets]
                with livecov.trace() as trace:
                    pass
                livecov.attach("toy").keep()
                livecov.detach("toy")
                return read + [livecov.status().targets, len(trace.tasks)]
            tour()      # what is new is new once
            expected = tour()
            found = {{}}
            for name, nr in {NR}.items():
                interrupt(nr, 2)
                found[name] = [tour() == expected, len(heard) > 1, kernel.fail_errno, as_before()]
            print(json.dumps(found))
        """)
        self.assertEqual(found, {name: [True, True, 0, True] for name in NR})

    def test_a_handler_that_raises_ends_it(self):
        self.assertEqual(self.run_script(f"""
            signal.signal(signal.SIGUSR1, signal.default_int_handler)
            left = []
            with livecov.attach("toy") as toy:
                for nr, call in (({NR["STATUS"]}, livecov.status), ({NR["RESET"]}, toy.reset),
                                 ({NR["ATTACH"]}, lambda: livecov.attach("toy_two"))):
                    interrupt(nr, 5)
                    try:
                        call()
                    except KeyboardInterrupt:
                        left.append(kernel.fail_times)
            kernel.set(fail_errno=0)
            print(json.dumps([left, kernel.resets, kernel.attaches, livecov.status().targets]))
        """), [[4, 4, 4], 0, 1, 0])

    def test_the_handler_of_a_later_attempt_may_raise_as_well(self):
        self.assertEqual(self.run_script(f"""
            def third(*_):
                heard.append(1)
                if len(heard) == 3:
                    raise KeyError("enough")
            signal.signal(signal.SIGUSR1, third)
            handler = third
            said = []
            for call in livecov.status, lambda: livecov.attach("toy", engine="kprobe"):
                interrupt({NR["STATUS"]} if call is livecov.status else {NR["ARM"]}, 0)
                try:
                    call()
                except KeyError as error:
                    said.append([str(error), as_before()])
            kernel.set(fail_errno=0)
            print(json.dumps([said, livecov.status().targets]))
        """), [[["'enough'", True]] * 2, 0])

    def test_signals_without_end_do_not_repeat_it_without_end(self):
        self.assertEqual(self.run_script(f"""
            ended = []
            for nr, call in (({NR["STATUS"]}, livecov.status),
                             ({NR["CHECKPOINT_ADD"]},
                              lambda: livecov.add_checkpoint("cp", "toy_main")),
                             ({NR["ATTACH"]}, lambda: livecov.attach("toy").detach()),
                             ({NR["ARM"]}, lambda: livecov.attach("toy").detach())):
                interrupt(nr, 0)
                call()
                ended.append([len(heard) > 1, as_before()])
            print(json.dumps(ended))
        """), [[True, True]] * 4)

    def test_an_attach_begins_again_and_its_handlers_run_at_each_step(self):
        self.assertEqual(self.run_script("""
            steps = []
            def step(done, total):
                steps.append(done)
                late.append(kernel.arms - len(heard))
            late = []
            with livecov.attach("toy", engine="kprobe", progress=step) as toy:
                print(json.dumps([steps.count(0), kernel.attaches, livecov.status().targets,
                                  set(late) == {0}, len(heard) == kernel.arms, as_before()]))
        """, arm_signal=signal.SIGUSR1, arm_interrupted=2), [2, 2, 1, True, True, True])

    def test_an_attach_that_could_not_be_undone_begins_again(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy", engine="kprobe") as toy:
                print(json.dumps([kernel.attaches, livecov.status().targets]))
        """, arm_signal=signal.SIGUSR1, arm_interrupted=1, fail_nr=NR["DETACH"],
            fail_errno=errno.EINTR, fail_times=1), [2, 1])

    def test_every_handler_runs_whatever_another_raises(self):
        self.assertEqual(self.run_script("""
            ran = []
            def handler(number, _):
                ran.append(number)
                raise KeyError(number)
            signals = [signal.SIGINT, signal.SIGTERM, signal.SIGUSR2]
            for number in signals:
                signal.signal(number, handler)
            def step(done, total):
                if done == total:
                    for number in signals:
                        signal.raise_signal(number)
            try:
                livecov.attach("toy", engine="kprobe", progress=step)
            except KeyError:
                ran.append("raised")
            print(json.dumps([ran, livecov.status().targets]))
        """), [[signal.SIGINT, signal.SIGTERM, signal.SIGUSR2, "raised"], 0])

    def test_a_handler_may_change_handlers(self):
        self.assertEqual(self.run_script("""
            ran = []
            def second(number, _):
                ran.append(number)
            def first(number, _):
                ran.append(signal.getsignal(number) is first)
                signal.signal(signal.SIGUSR1, second)
                signal.signal(signal.SIGUSR2, second)
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            def step(done, _):
                before = len(ran)
                for number in signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM:
                    if done:
                        signal.raise_signal(number)
                ran.append(len(ran) == before)
                if not done:
                    signal.raise_signal(signal.SIGUSR1)
            signal.signal(signal.SIGUSR1, first)
            signal.signal(signal.SIGTERM, first)
            with livecov.attach("toy", engine="kprobe", progress=step):
                pass
            print(json.dumps([ran[:5], [signal.getsignal(number) is handler for number, handler in
                                        ((signal.SIGUSR1, second), (signal.SIGUSR2, second),
                                         (signal.SIGTERM, signal.SIG_IGN))]]))
        """), [[True, True, True, signal.SIGUSR1, signal.SIGUSR2], [True] * 3])

    def test_what_progress_sets_stays(self):
        self.assertEqual(self.run_script("""
            def other(*_):
                pass
            with livecov.attach("toy", progress=lambda *_: signal.signal(signal.SIGUSR1, other)):
                print(json.dumps(signal.getsignal(signal.SIGUSR1) is other))
        """), True)

    def test_the_target_goes_with_its_object_nevertheless(self):
        self.assertEqual(self.run_script("""
            gc.disable()
            toy = livecov.attach("toy", engine="kprobe")
            before = livecov.status().targets
            del toy
            print(json.dumps([before, livecov.status().targets]))
        """, arm_signal=signal.SIGUSR1, arm_interrupted=1), [1, 0])

    def test_in_another_thread_it_is_repeated_as_well(self):
        self.assertEqual(self.run_script(f"""
            interrupt({NR["STATUS"]}, 3)
            found = []
            thread = threading.Thread(target=lambda: found.append(livecov.status().targets))
            thread.start()
            thread.join()
            print(json.dumps([found, len(heard) > 0, as_before()]))
        """), [[0], True, True])

    def test_a_handler_may_close_what_it_interrupts(self):
        self.assertEqual(self.run_script(f"""
            said = []
            for number in errno.EINTR, errno.EBUSY:
                toy = livecov.attach("toy")
                signal.signal(signal.SIGUSR1, lambda *_: toy._handle.close())
                interrupt({NR["RESET"]}, 1)
                kernel.set(fail_errno=number)
                try:
                    toy.reset()
                except ValueError as error:
                    said.append(str(error))
            print(json.dumps(said))
        """), ["this has been detached or closed"] * 2)

    def test_what_is_told_is_the_error_of_the_last_attempt(self):
        self.assertEqual(self.run_script(f"""
            interrupt({NR["TARGET"]}, 1)
            print(json.dumps(refused(livecov.detach, "toy")[0]))
        """), errno.ENOENT)


class Read(Case):
    def test_functions_with_their_blocks_and_branches(self):
        found = self.run_script("""
            livecov.attach("toy", engine="kprobe").keep()
            toy = livecov.coverage("toy")
            main, refused = toy.functions[0], toy.functions[2]
            print(json.dumps({
                "toy": [toy.module, toy.state, toy.build_id, toy.counted, toy.sample],
                "names": [function.name for function in toy.functions],
                "main": main._replace(blocks=len(main.blocks), branches=len(main.branches)),
                "cold": toy.functions[-1].parent,
                "its": toy.functions[-1].parent_address,
                "refused": [refused.entered, refused.state, refused.error],
                "branch": main.branches[0],
                "unknown": [b.taken for b in toy.branches if b.function == "toy_refused"],
                "jumps": sorted({branch.jump for branch in toy.branches}),
                "block": main.blocks[0],
                "lengths": [len(livecov.functions("toy")), len(livecov.blocks("toy")),
                            len(livecov.branches("toy"))],
                "totals": [toy.totals.outcomes, toy.totals.outcomes_hit, toy.totals.blocks_hit],
            }))
        """)
        base = 0xffffffffc0a00000
        self.assertEqual(found["toy"], ["toy", "live", "0123456789abcdef0123456789abcdef01234567",
                                        True, None])
        self.assertEqual(found["names"], ["toy_main", "toy_unused", "toy_refused", "toy_large",
                                          "toy_stops", "toy_checks", "toy_main.cold"])
        length = found["main"][4]
        self.assertEqual(found["main"], ["toy_main", base, ".text", 0, length, None, False, True,
                                         7, 3, [1], "armed", 0, 9, 4, None])
        self.assertEqual((found["cold"], found["its"]), ("toy_main", base))
        self.assertEqual(found["refused"], [None, "refused", errno.EINVAL])
        branch = found["branch"]
        self.assertEqual(branch, ["toy_main", base + 2, 2, 2, "je", branch[5], True, True, 3, 4, 0,
                                  "armed", 0])
        self.assertEqual(found["unknown"], [None])
        self.assertEqual(found["jumps"], ["ja", "je", "jl", "jne", "jrcxz", "js"])
        self.assertEqual(found["block"][:3], ["toy_main", base, 0])
        self.assertEqual(found["lengths"], [7, 28, 10])
        self.assertEqual(found["totals"], [20, 8, 10])

    def test_what_is_not_attached_cannot_be_read(self):
        number, text = self.run_script('print(json.dumps(refused(livecov.coverage, "toy")))')
        self.assertEqual(number, errno.ENOENT)
        self.assertIn("toy", text)

    def test_next_unhit(self):
        found = self.run_script("""
            livecov.attach("toy", engine="kprobe").keep()
            places = livecov.unhit()
            print(json.dumps({
                "first": livecov.next_unhit(), "text": str(livecov.next_unhit()),
                "second": livecov.next_unhit(skip=1) == places[1],
                "end": livecov.next_unhit(skip=len(places)),
                "kinds": [place.kind for place in places],
                "functions": [str(p) for p in livecov.unhit("toy", functions_only=True)],
                "level 2": [p.function for p in livecov.unhit(levels=[2])],
                "level 9": [refused(livecov.next_unhit, levels=[9]),
                            refused(livecov.unhit, "toy", levels=iter([9, 10]))],
            }))
        """)
        self.assertEqual(found["first"][:3], ["outcome", "toy", "toy_main"])
        self.assertEqual(found["first"][5:9], ["taken", "jne", 3, 7])
        self.assertRegex(found["text"], r"^toy:toy_main\+0x[0-9a-f]+ taken$")
        self.assertTrue(found["second"])
        self.assertIsNone(found["end"])
        self.assertEqual(found["kinds"], sorted(found["kinds"], reverse=True))
        self.assertEqual(set(found["functions"]), {"toy:toy_large", "toy:toy_unused"})
        self.assertEqual(found["level 2"], ["toy_large"])
        for number, text in found["level 9"]:
            self.assertEqual(number, errno.ENOENT)
            self.assertIn("no function of what is attached has one of these levels", text)

    def test_next_unhit_of_nothing_is_an_error(self):
        number, text = self.run_script("print(json.dumps(refused(livecov.next_unhit)))")
        self.assertEqual(number, errno.ENOENT)
        self.assertIn("nothing is attached", text)

    def test_status(self):
        found = self.run_script("print(json.dumps(livecov.status()._asdict()))", lost=3)
        self.assertEqual(found["release"], "fake")
        self.assertEqual(found["modes"], ["blocks", "edges", "count", "trace"])
        self.assertEqual(found["scopes"], ["tracked", "all"])
        self.assertEqual(sorted(found["engines"]),
                         ["auto", "breakpoint", "detour", "entry", "kprobe"])
        self.assertEqual([found["tasks_lost"], found["checkpoints_max"], found["abi"][0]],
                         [3, 1000, 1])


class Samples(Case):
    """How a sample ends: on every way out the thread is tracked no more."""

    def test_the_thread_is_tracked_for_the_block(self):
        self.assertEqual(self.run_script("""
            with livecov.sample(7):
                inside = kernel.tracked == threading.get_native_id()
            print(json.dumps([inside, kernel.tracked, livecov.samples()]))
        """), [True, 0, [7]])

    def test_an_exception_ends_it_and_is_passed_on(self):
        self.assertEqual(self.run_script("""
            ways = []
            def leave(error):
                with livecov.sample(7):
                    raise error
            for error in (KeyError, KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration):
                try:
                    leave(error)
                except error:
                    ways.append(kernel.tracked)
            print(json.dumps(ways))
        """), [0, 0, 0, 0, 0])

    def test_return_and_break_end_it(self):
        self.assertEqual(self.run_script("""
            def returns():
                with livecov.sample(7):
                    return kernel.tracked != 0
            for number in (1, 2):
                with livecov.sample(number):
                    break
            print(json.dumps([returns(), kernel.tracked, kernel.registers]))
        """), [True, 0, 2])

    def test_leaving_by_another_thread_is_told_and_ends_it(self):
        self.assertEqual(self.run_script("""
            block = livecov.sample(7)
            thread = threading.Thread(target=block.__enter__)
            thread.start()
            thread.join()
            before = kernel.tracked != 0
            error = refused(block.__exit__, None, None, None)
            print(json.dumps([before, error[0], kernel.tracked]))
        """), [True, errno.ESRCH, 0])

    def test_it_decorates_a_function(self):
        self.assertEqual(self.run_script("""
            @livecov.sample(9)
            def case():
                return kernel.tracked != 0
            print(json.dumps([case(), case(), kernel.tracked, kernel.registers]))
        """), [True, True, 0, 2])

    def test_a_thread_that_is_tracked_already_is_refused(self):
        def script(body):
            return f"""
            def block():
                with livecov.sample(7):
                    raise SystemExit("entered")
            {body}"""
        number, _ = self.run_script(script("print(json.dumps(refused(block)))"),
                                    fail_nr=NR["REGISTER"], fail_errno=errno.EEXIST)
        self.assertEqual(number, errno.EEXIST)

    def test_the_exception_of_the_block_hides_that_the_end_failed(self):
        self.assertEqual(self.run_script("""
            try:
                with livecov.sample(7):
                    raise KeyError("mine")
            except KeyError:
                print(json.dumps(kernel.tracked))
        """, fail_nr=NR["UNREGISTER"], fail_errno=errno.ESRCH), 0)

    def test_only_numbers_above_0_are_samples(self):
        for bad in ("0", "-1", "1 << 64", "'7'", "None"):
            self.assertIn("1 to 2**64", self.run_script(f"""
                try:
                    with livecov.sample({bad}):
                        pass
                except ValueError as error:
                    print(json.dumps([str(error), kernel.registers]))
            """)[0])

    def test_samples_are_listed_in_the_order_of_registration(self):
        self.assertEqual(self.run_script("""
            for number in (9, 2**64 - 1, 9, 2, 5):
                with livecov.sample(number):
                    pass
            print(json.dumps(livecov.samples()))
        """), [9, 2**64 - 1, 2, 5])

    def test_coverage_of_one_sample(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy", scope="tracked") as toy:
                with livecov.sample(7):
                    pass
                seven, everything = toy.coverage(sample=7), toy.coverage()
                none = refused(toy.coverage, sample=8)
            print(json.dumps([seven.sample, seven.totals.outcomes_hit,
                              [f.name for f in seven.functions if f.entered],
                              everything.totals.outcomes_hit, none]))
        """), [7, 4, ["toy_main"], 8,
               [errno.ENOENT, "there is no sample 8; `covstat samples` lists them"]])

    def test_unhit_places_of_one_sample(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy", scope="tracked") as toy:
                with livecov.sample(7):
                    pass
                print(json.dumps(["toy_checks" in [p.function for p in toy.unhit(
                    sample=sample, functions_only=True)] for sample in (7, None)]))
        """), [True, False])

    def test_scope_all_keeps_no_samples_apart(self):
        number, text = self.run_script("""
            with livecov.attach("toy") as toy:
                with livecov.sample(7):
                    pass
                print(json.dumps(refused(toy.coverage, sample=7)))
        """)
        self.assertEqual(number, errno.EOPNOTSUPP)
        self.assertIn("scope all", text)


class CallersAndPaths(Case):
    """The fake's ten pairs are told in fake_tables.c."""

    def test_callers_of_a_module_from_outside_and_inside(self):
        found = self.run_script("""
            with livecov.attach("toy", scope="tracked", paths=True) as toy:
                pairs = toy.callers()
                print(json.dumps({
                    "text": [str(pair) for pair in pairs],
                    "numbers": [[pair.count, pair.first_sample, pair.last_sample, pair.serial]
                                for pair in pairs],
                    "kinds": sorted({(p.source.kind, p.to.kind, p.is_call) for p in pairs}),
                    "lost": pairs.lost, "same": livecov.callers() == pairs,
                }))
        """, callers_lost=3)
        self.assertEqual(found["text"][1:2] + found["text"][3:],
                         ["toy:toy_main+0x5 -> toy:toy_checks",
                          "toy:toy_main+0x5 -> toy:toy_stops"])
        self.assertRegex(found["text"][0], "^0x[0-9a-f]+ -> toy:toy_main$")
        self.assertEqual(found["numbers"], [[5, 3, 4, 1], [1000, 3, 4, 5], [2, 0, 0, 9],
                                            [2, 4, 4, 10]])
        self.assertEqual(found["kinds"], [["address", "function", True]])
        self.assertEqual([found["lost"], found["same"]], [3, True])

    def test_paths_name_outcomes_and_the_start(self):
        found = self.run_script("""
            with livecov.attach("toy", scope="tracked", paths=True) as toy:
                pairs = toy.paths()
                print(json.dumps([[str(p) for p in pairs], [p.source.taken for p in pairs],
                                  [p.to.kind for p in pairs], pairs == livecov.paths("toy"),
                                  any(p.is_call for p in pairs)]))
        """)
        text, taken, kinds, same, calls = found
        self.assertEqual([text[0], text[1], text[-2]],
                         ["start -> toy:toy_main", "toy:toy_main -> toy:toy_main+0x2 taken",
                          "toy:toy_main -> toy:toy_main+0x2 fall-through"])
        self.assertEqual(taken, [None, None, True, False, None, False])
        self.assertEqual(kinds, ["function", "outcome", "outcome", "function", "outcome",
                                 "outcome"])
        self.assertEqual([same, calls], [True, False])

    def test_of_what_is_not_attached_there_are_none(self):
        self.assertEqual(self.run_script("""
            print(json.dumps([refused(livecov.callers, "toy")[0],
                              refused(livecov.paths, "toy")[0], len(livecov.paths())]))
        """), [errno.ENOENT, errno.ENOENT, 0])

    def test_of_levels_there_are_those_that_have_one(self):
        found = self.run_script("""
            livecov.attach("toy", paths=True, levels=[2]).keep()
            print(json.dumps([len(livecov.callers(levels=[1, 2])), len(livecov.paths(levels=[2])),
                              len(livecov.callers("toy", levels=iter([3, 2]))),
                              refused(livecov.callers, levels=[3]),
                              refused(livecov.paths, levels=[3]),
                              refused(livecov.callers, "toy", levels=[3, 4]),
                              refused(livecov.paths, "toy", levels=iter([3, 4]))]))
        """)
        self.assertEqual(found[:3], [4, 6, 4])
        for number, text in found[3:5]:
            self.assertEqual(number, errno.ENOENT)
            self.assertIn("has one of these levels", text)
        for number, text in found[5:]:
            self.assertEqual(number, errno.ENOENT)
            self.assertIn("toy has level 2 and not 3,4", text)

    def test_what_is_new_is_told_once(self):
        self.assertEqual(self.run_script("""
            livecov.attach("toy", paths=True).keep()
            with livecov.watch() as watch:
                first = watch.new()
                waited = watch.wait(5)
                second = watch.new()
                rest = [watch.wait(0), watch.wait(0.01), len(watch.new().pairs)]
            print(json.dumps([[p.serial for p in first.pairs], waited,
                              [p.serial for p in second.pairs], second.places, rest]))
        """, new_pairs=3), [list(range(1, 8)), True, [8, 9, 10], 0, [False, False, 0]])

    def test_waiting_is_ended_by_a_signal_that_raises(self):
        self.assertEqual(self.run_script("""
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with livecov.watch() as watch:
                watch.new()
                try:
                    watch.wait()
                except KeyboardInterrupt:
                    print(json.dumps("ended"))
        """), "ended")

    def test_a_deadline_that_has_passed_is_not_waited_for(self):
        self.assertEqual(self.run_script("""
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.alarm(20)
            with livecov.watch() as watch:
                watch.new()
                print(json.dumps([watch.wait(timeout) for timeout in (-1, -1e-9, -1e300, -0.0)]))
        """), [False] * 4)

    def test_an_endless_time_is_no_limit(self):
        self.assertEqual(self.run_script("""
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            ended = []
            with livecov.watch() as watch:
                watch.new()
                for timeout in float("inf"), 1e300, 1 << 40:
                    signal.setitimer(signal.ITIMER_REAL, 0.05)
                    try:
                        watch.wait(timeout)
                    except KeyboardInterrupt:
                        ended.append(timeout)
            print(json.dumps(len(ended)))
        """), 3)

    def test_a_closed_watch_says_so(self):
        self.assertEqual(self.run_script("""
            watch, said = livecov.watch(), []
            watch.close()
            watch.close()
            for call in watch.wait, watch.new:
                try:
                    call()
                except ValueError as error:
                    said.append(str(error))
            print(json.dumps(said))
        """), ["this has been detached or closed"] * 2)


class Checkpoints(Case):
    def test_they_are_added_listed_switched_and_deleted(self):
        found = self.run_script("""
            livecov.add_checkpoint("cp", "toy_main", module="toy", offset=7, levels=[3],
                                   branches=True)
            livecov.add_checkpoint("other", "toy_main", scope="tracked")
            lists = [livecov.checkpoints()]
            livecov.switch_checkpoints("c*", False)
            livecov.restart_checkpoint("other")
            lists += [livecov.checkpoints(), livecov.checkpoints(levels=[3, 4]),
                      livecov.checkpoints(levels=[5])]
            livecov.switch_checkpoints("*", True, branches=True)
            livecov.del_checkpoint("other")
            lists.append(livecov.checkpoints())
            print(json.dumps([[c._asdict() for c in each] for each in lists] +
                             [str(lists[0][0]), kernel.resets,
                              refused(livecov.del_checkpoint, "other"),
                              refused(livecov.switch_checkpoints, "x*", True)]))
        """)
        first, off, level, none, left, text, resets, *errors = found
        self.assertEqual(first[0], {
            "name": "cp", "module": "toy", "function": "toy_main", "offset": 7,
            "address": 0xFFFFFFFFC0A00007, "levels": [3], "enabled": True, "hits": 7,
            "first_sample": 3, "branches": 10, "state": "armed", "module_state": "live",
            "error": 0})
        self.assertEqual([c["name"] for c in first], ["cp", "other"])
        self.assertEqual([c["enabled"] for c in off], [False, True])
        self.assertEqual([c["name"] for c in level], ["cp"])
        self.assertEqual(none, [])
        self.assertEqual([(c["name"], c["enabled"]) for c in left], [("cp", True)])
        self.assertEqual((text, resets), ("cp at toy:toy_main+0x7", 1))
        self.assertEqual([number for number, _ in errors], [errno.ENOENT] * 2)
        self.assertIn("no checkpoint other", errors[0][1])

    def test_one_whose_name_is_not_utf8_is_handled_by_its_listed_name(self):
        self.assertEqual(self.run_script("""
            livecov.add_checkpoint(b"\\xff\\xc3\\xa4", "toy_main")
            found, = livecov.checkpoints()
            livecov.restart_checkpoint(found.name)
            livecov.switch_checkpoints(found.name, False)
            livecov.del_checkpoint(found.name)
            print(json.dumps([str(found), kernel.resets, len(livecov.checkpoints())]))
        """), ["\ufffd\xe4 at toy:toy_main+0x0", 1, 0])

    def test_what_is_wrong_with_a_place_is_told(self):
        self.assertEqual(self.run_script("""
            print(json.dumps([refused(livecov.add_checkpoint, *place, **options)[0]
                              for place, options in (
                (("cp", "nosuch"), {}), (("cp", "toy_checks"), {"module": "toy"}),
                (("", "toy_main"), {}),
                (("cp", "toy_main"), {"section": ".text", "section_offset": 7}))]))
        """), [errno.ENOENT, errno.ENOTUNIQ, errno.EINVAL, errno.EINVAL])


class Traces(Case):
    """The fake's trace is told in fake_trace.c."""

    def test_events_in_order_with_what_belongs_to_each(self):
        found = self.run_script("""
            with livecov.attach("toy", mode="trace", scope="tracked", returns=True):
                with livecov.trace(sample=7, syscalls=True, time=True, args=True) as trace:
                    inside = kernel.tracked == threading.get_native_id()
            first, second = trace.tasks
            print(json.dumps({
                "inside": [inside, kernel.tracked, livecov.samples()],
                "tasks": [[t.comm, t.pid, t.tgid] for t in trace.tasks],
                "text": [str(event) for event in first.events()],
                "errors": [event.error for event in first.events()],
                "branch": next(e for e in first.events() if e.kind == "branch"),
                "entry": next(second.events()),
                "recorded": first.recorded, "lost": second.lost, "all": trace.lost,
                "tasks lost": trace.tasks_lost,
            }))
        """)
        self.assertEqual(found["inside"], [True, 0, [7]])
        self.assertEqual(found["tasks"], [["toyer", 4242, 4242], ["toyer-2", 4243, 4242]])
        call = ["entry toy:toy_main", "branch toy:toy_main+0x2 taken"]
        self.assertEqual(found["text"], [
            "syscall 1", *call, "return toy:toy_main = 0", "sysret 1 = 0", "syscall 16", *call,
            f"return toy:toy_main = {-errno.EINVAL}", f"sysret 16 = {-errno.EINVAL}"])
        self.assertEqual(found["errors"], [0] * 8 + [errno.EINVAL] * 2)
        self.assertEqual(found["branch"], ["branch", "toy", "toy_main", 2, True, None, False, None,
                                           [], 1003000, 520])
        self.assertEqual(found["entry"][:4], ["entry", "toy", "toy_unused", None])
        self.assertEqual(found["entry"][8], [1, 2, 3, 4, 5, 0xffff888000000000])
        self.assertEqual(found["recorded"],
                         {"entry": 2, "return": 2, "branch": 2, "syscall": 2, "sysret": 2})
        self.assertEqual(found["lost"],
                         {"entry": 0, "return": 1, "branch": 5, "syscall": 0, "sysret": 0})
        self.assertEqual(found["all"],
                         {"entry": 4, "return": 1, "branch": 5, "syscall": 0, "sysret": 0})
        self.assertEqual(found["tasks lost"], 3)

    def test_what_was_not_asked_for_is_not_there(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy", mode="trace", scope="tracked"), livecov.trace() as trace:
                pass
            events = list(trace.tasks[0].events())
            print(json.dumps([sorted({e.kind for e in events}), {e.ns for e in events} == {None},
                              {e.args for e in events} == {()}]))
        """), [["branch", "entry", "return"], True, True])

    def test_a_trace_can_be_read_inside_the_block_and_after_the_target(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy", mode="trace", scope="tracked"):
                with livecov.trace() as trace:
                    inside = [str(event) for event in trace.tasks[0].events()]
            after = [str(event) for event in trace.tasks[0].events()]
            print(json.dumps([inside == after, inside[0]]))
        """), [True, "entry toy:toy_main"])

    def test_of_a_target_that_is_gone_there_are_no_names(self):
        self.assertEqual(self.run_script("""
            with livecov.trace() as trace:
                pass
            event = next(trace.tasks[0].events())
            print(json.dumps([event.kind, event.module, event.function]))
        """), ["entry", None, None])

    def test_an_exception_ends_it_and_leaves_what_is_recorded(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy", mode="trace", scope="tracked"):
                try:
                    with livecov.trace() as trace:
                        raise KeyError("mine")
                except KeyError:
                    pass
                print(json.dumps([kernel.tracked, str(next(trace.tasks[0].events()))]))
        """), [0, "entry toy:toy_main"])

    def test_a_command_is_run_as_subprocess_does(self):
        self.assertEqual(self.run_script("""
            with livecov.attach("toy", mode="trace", scope="tracked"):
                trace = livecov.run_traced("echo hello; exit 3", shell=True,
                                           stdout=livecov.subprocess.PIPE)
            print(json.dumps([trace.process.returncode, trace.process.stdout.decode(),
                              str(next(trace.tasks[0].events())), kernel.tracked]))
        """), [3, "hello\n", "syscall 1", 0])

    def test_the_trace_of_a_command_that_fails_or_takes_too_long_is_the_exceptions(self):
        for command, option, name in (("false", "check=True", "CalledProcessError"),
                                      ("sleep 60", "timeout=0.1", "TimeoutExpired")):
            self.assertEqual(self.run_script(f"""
                with livecov.attach("toy", mode="trace", scope="tracked"):
                    try:
                        livecov.run_traced("exec {command}", shell=True, {option})
                    except livecov.subprocess.SubprocessError as error:
                        caught = error
                events = [str(event) for event in caught.trace.tasks[0].events()]
                print(json.dumps([type(caught).__name__, events[:2], caught.trace.process,
                                  kernel.tracked]))
            """), [name, ["syscall 1", "entry toy:toy_main"], None, 0])

    def test_the_caller_of_a_command_is_not_in_its_trace(self):
        # The fake's first task becomes the caller.
        self.assertEqual(self.run_script("""
            threading.get_native_id = lambda: 4242
            trace = livecov.run_traced(["true"])
            print(json.dumps([[task.comm for task in trace.tasks], trace.lost["branch"]]))
        """), [["toyer-2"], 5])

    def test_it_closes_what_it_opened(self):
        self.assertEqual(self.run_script("""
            def descriptors():
                return len(os.listdir("/proc/self/fd"))
            before = descriptors()
            for _ in range(3):
                with livecov.trace() as trace:
                    pass
            del trace
            gc.collect()
            print(json.dumps(descriptors() - before))
        """), 0)

    def test_damage_is_told(self):
        self.assertEqual(self.run_script("""
            with livecov.trace() as trace:
                pass
            print(json.dumps(refused(list, trace.tasks[0].events())))
        """, trace_damage=6), [errno.EPROTO, "this trace is damaged; please report this"])

    def test_errors_are_libcovs(self):
        number, text = self.run_script("""
            def block():
                with livecov.trace():
                    raise SystemExit("entered")
            print(json.dumps(refused(block) + [kernel.registers]))
        """, fail_nr=NR["TRACE"], fail_errno=errno.ENOSPC)[:2]
        self.assertEqual(number, errno.ENOSPC)
        self.assertTrue(text)

    def test_a_value_is_an_error_as_a_long_and_as_an_int(self):
        def left(value):
            return livecov.Event("return", "m", "f", None, None, None, False, value, (), None,
                                 0).error
        self.assertEqual([left(value) for value in (
            0, 1, 2**64 - 22, 2**32 - 22, 2**64 - 4095, 2**64 - 4096, 2**31, 2**33 - 22)],
            [0, 0, 22, 22, 4095, 0, 0, 0])


class Library(Case):
    def load(self, code="import livecov; print(livecov._lib._name)", **more):
        env = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
        return subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True,
                              env={**env, **more}, check=False)

    def test_the_one_of_the_environment_comes_first(self):
        copy = os.path.join(self.dir, "other.so")
        shutil.copy(os.path.join(ROOT, "build/libcov.so.1"), copy)
        done = self.load(PYTHONPATH=os.path.join(ROOT, "python"), LIVECOV_LIBRARY=copy)
        self.assertEqual(done.stdout.strip(), copy, done.stderr)
        done = self.load(PYTHONPATH=os.path.join(ROOT, "python"), LIVECOV_LIBRARY="/nosuch.so")
        self.assertIn("ImportError", done.stderr)
        self.assertIn("/nosuch.so", done.stderr)

    def test_the_one_in_the_library_path_is_found(self):
        lonely = os.path.join(self.dir, "a/b/c")
        os.makedirs(lonely)
        shutil.copy(os.path.join(ROOT, "python/livecov.py"), lonely)
        done = self.load(PYTHONPATH=lonely, LD_LIBRARY_PATH=os.path.join(ROOT, "build"))
        self.assertEqual(done.stdout.strip(), "libcov.so.1", done.stderr)

    def beside(self, path):
        """What would be loaded if livecov.py lay there."""
        with unittest.mock.patch.object(livecov, "__file__", path):
            return livecov._beside()

    def made(self, path):
        """An empty file below the test's directory."""
        path = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii"):
            return path

    def test_the_module_may_lie_near_the_root(self):
        for path in ("/livecov.py", "/app/livecov.py", "/nosuch/app/livecov.py"):
            self.assertEqual(self.beside(path), [], path)

    def test_the_one_of_a_build_directory_is_the_source_trees(self):
        module, built = self.made("tree/python/livecov.py"), self.made("tree/build/libcov.so.1")
        self.assertEqual(self.beside(module), [])
        self.made("tree/libcov/libcov.h")
        self.assertEqual(self.beside(module), [built])

    def test_the_one_that_was_installed_with_the_module(self):
        library = self.made("lib/libcov.so.1")
        self.assertEqual(self.beside(self.made("lib/python3.11/dist-packages/livecov.py")),
                         [library])

    def test_where_anybody_may_write_is_nothing_to_load(self):
        modules = [self.made("tree/python/livecov.py"), self.made("tree/a/b/livecov.py")]
        for name in ("libcov/libcov.h", "build/libcov.so.1", "libcov.so.1"):
            self.made("tree/" + name)
        for mode, found in ((0o755, 1), (0o1777, 0), (0o777, 0)):
            os.chmod(os.path.join(self.dir, "tree"), mode)
            self.assertEqual([len(self.beside(module)) for module in modules], [found] * 2, mode)

    def test_without_it_the_import_says_what_to_do(self):
        lonely = os.path.join(self.dir, "a/b/c")
        os.makedirs(lonely)
        shutil.copy(os.path.join(ROOT, "python/livecov.py"), lonely)
        with open(os.path.join(lonely, "libcov.so.1"), "w", encoding="ascii"):
            pass
        done = self.load(PYTHONPATH=lonely, LIVECOV_LIBRARY=os.path.join(lonely, "libcov.so.1"))
        self.assertIn("LIVECOV_LIBRARY", done.stderr)


class Layout(unittest.TestCase):
    """What livecov.py says again is what libcov.h says."""

    # What it does without, and what there is instead.
    UNBOUND = {
        "the short form of cov_checkpoint_add()": {"checkpoint_add"},
        "Coverage.totals": {"cov_counts"},
        "next_unhit()": {"cov_next_unhit_checkpoint", "cov_next_unhit_function"},
        "sets of what coverage(sample=) returns": {
            "cov_places_count", "cov_places_free", "cov_places_get", "cov_sample_covers",
            "cov_sample_difference", "cov_sample_places", "cov_sample_smallest",
            "cov_sample_table_count", "cov_sample_table_find", "cov_sample_table_free",
            "cov_sample_table_get", "cov_sample_table_snapshot", "cov_sample_table_take"},
        "`covstat status`": {"cov_engines", "cov_refusals"},
        "`covstat map`, and lines of `covstat list`": {
            "cov_add_module_dir", "cov_flow_close", "cov_flow_next", "cov_flow_open",
            "cov_lines_close", "cov_lines_find", "cov_lines_open", "cov_text"},
        "nothing: for fuzzers, in C": {"cov_map", "cov_unmap"},
        "nothing: codecov's calls": {"cov_outcome_switch"},
        "`covstat detach --all`": {"cov_next_target"},
    }

    SCALARS = {"int": ctypes.c_int, "unsigned int": ctypes.c_uint, "uint32_t": ctypes.c_uint32,
               "uint64_t": ctypes.c_uint64, "size_t": ctypes.c_size_t, "void": None}

    def structs(self):
        return [kind for name, kind in sorted(vars(livecov).items())
                if isinstance(kind, type) and issubclass(kind, ctypes.Structure)
                and name.startswith("_cov_")]

    def test_structs_are_those_of_the_header(self):
        lines, ours = [], []
        for kind in self.structs():
            name = kind.__name__[1:]
            lines.append(f'P("{name}", sizeof(struct {name}));')
            ours.append(f"{name} {ctypes.sizeof(kind)}")
            for member, _ in kind._fields_:
                place = getattr(kind, member)
                lines.append(f'P("{name}.{member}", offsetof(struct {name}, {member}));')
                lines.append(f'P("{name}.{member}", sizeof(((struct {name} *)0)->{member}));')
                ours += [f"{name}.{member} {place.offset}", f"{name}.{member} {place.size}"]
        self.assertGreater(len(ours), 100)
        printed = compiled('#include <stdio.h>\n#include "libcov.h"\n'
                           '#define P(name, value) printf("%s %zu\\n", name, (size_t)(value))\n'
                           f"int main(void) {{ {' '.join(lines)} return 0; }}")
        self.assertEqual(printed.splitlines(), ours)

    def test_structs_have_every_member_in_its_order(self):
        declared = headers.structs(HEADER)
        for kind in self.structs():
            self.assertEqual([member for member, _ in kind._fields_],
                             headers.members(declared[kind.__name__[1:]]), kind.__name__)

    def test_prototypes_are_those_of_the_header(self):
        declared = headers.prototypes(HEADER)
        for name, (result, *arguments) in livecov._PROTOTYPES.items():
            theirs = headers.parse_prototype(declared[name])
            self.assertEqual(len(arguments), len(theirs.arguments), name)
            for mine, text in zip([result, *arguments], [theirs.result, *theirs.arguments]):
                with self.subTest(function=name, type=text):
                    self.check_type(mine, text)

    def test_every_function_of_the_header_is_bound_or_known_not_to_be(self):
        unbound = [name for names in self.UNBOUND.values() for name in names]
        self.assertEqual(sorted([*livecov._PROTOTYPES, *unbound]),
                         sorted(headers.prototypes(HEADER)))

    def check_type(self, mine, text):
        if "*" not in text:
            self.assertIs(mine, self.SCALARS[text])
            return
        pointed = re.sub(r"\bconst\b|\*$", "", text).strip()
        if pointed in ("char",):
            self.assertIs(mine, ctypes.c_char_p)
        elif pointed.startswith("struct ") and pointed.endswith("*"):
            self.assertIs(mine, ctypes.POINTER(ctypes.c_void_p))
        elif pointed.startswith("struct ") and hasattr(livecov, "_" + pointed[7:]):
            self.assertIs(mine, ctypes.POINTER(getattr(livecov, "_" + pointed[7:])))
        elif pointed.startswith("struct "):
            self.assertIs(mine, ctypes.c_void_p)
        else:
            self.assertIs(mine, ctypes.POINTER(self.SCALARS[pointed]))

    def test_words_are_the_numbers_of_the_header(self):
        groups = (("MODE_", livecov.MODES, 0), ("SCOPE_", livecov.SCOPES, 0),
                  ("ENGINE_", livecov.ENGINES, 0), ("TARGET_", livecov.TARGET_STATES, 0),
                  ("SITE_", livecov.SITE_STATES, 0), ("UNHIT_", livecov.UNHIT_KINDS, 0),
                  ("END_", livecov.END_KINDS, 0))
        constants = headers.constants(HEADER)
        for prefix, words, _ in groups:
            declared = {name[len("COV_" + prefix):].lower(): value
                        for name, value in constants.items() if name.startswith("COV_" + prefix)}
            self.assertEqual(words, declared, prefix)
        for name in ("NO", "YES", "UNKNOWN", "NONE", "ATTACH_FUNCTIONS_ONLY",
                     "RANK_FUNCTIONS_ONLY", "ATTACH_PATHS", "ATTACH_RETURNS", "TRACE_TIME",
                     "TRACE_ARGS", "TRACE_SYSCALLS", "TRACE_KINDS"):
            self.assertEqual(getattr(livecov, "_" + name), constants["COV_" + name], name)
        # These share a prefix with the constants above.
        for word, number in livecov.EVENT_KINDS.items():
            self.assertEqual(number, constants["COV_TRACE_" + word.upper()], word)

    def test_everything_public_has_a_docstring(self):
        for name in livecov.__all__:
            thing = getattr(livecov, name)
            self.assertTrue(thing.__doc__ and "Alias for" not in thing.__doc__, name)
            if not isinstance(thing, type):
                continue
            for member, value in vars(thing).items():
                if callable(value) and not member.startswith("_"):
                    self.assertTrue(value.__doc__, f"{name}.{member}")


if __name__ == "__main__":
    tap.main()
