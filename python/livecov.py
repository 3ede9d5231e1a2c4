# SPDX-License-Identifier: LGPL-2.1-or-later
"""Coverage of a loaded Linux kernel module, for test scripts: libcov from Python.

    import livecov

    with livecov.attach("brd", scope="tracked") as brd:
        with livecov.sample(7):
            subprocess.run(["./my-test"], check=True)
        for function in brd.functions(sample=7):
            print(function.name, function.entered)
        print(livecov.next_unhit())

    with livecov.attach("brd", paths=True) as brd, livecov.watch() as watch:
        subprocess.run(["./my-test"], check=True)
        for pair in watch.new().pairs:
            print(pair)

    with livecov.attach("brd", mode="trace", scope="tracked"):
        for task in livecov.run_traced(["./my-test"]).tasks:
            for event in task.events():
                print(task.comm, event)

livecov.ko has to be loaded, and all of this needs root, as covstat does. A target
that was attached by covstat can be read, reset and detached from here, and vice
versa.

Values are those of libcov: addresses are kernel virtual addresses, sizes and
offsets are in bytes. What may be unknown (entered, covered, taken, fallthrough) is
True, False, or None if a refused site or unknown flow hides it. Where the target's
@counted is False, hits are 1 for any number above 0.

What libcov refuses is raised as livecov.Error. Functions of this module may be
called from any thread; a Target belongs to one thread at a time. What a signal
interrupts is done again after the signal's handler, unless that raises an exception,
as Python's own calls are: nothing fails with EINTR.

The library is $LIVECOV_LIBRARY if that is set, else libcov.so.1 as it was installed
or built together with this file, else the one that the dynamic linker finds. Beside
this file it is not looked for where anybody may write to, as in /tmp.
"""

import contextlib
import ctypes
import ctypes.util
import errno
import functools
import math
import os
import pathlib
import select
import signal
import stat
import subprocess
import threading
import weakref
from ctypes import (CFUNCTYPE, POINTER, byref, c_char, c_char_p, c_int, c_size_t, c_uint,
                    c_uint8, c_uint32, c_uint64, c_void_p)
from typing import (Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence,
                    Tuple, Union)

__all__ = ["Attached", "Block", "Branch", "Checkpoint", "Coverage", "End", "Error", "Event",
           "Function", "New", "Pair", "Pairs", "Status", "Target", "Task", "Totals", "Trace",
           "Unhit", "Watch", "add_checkpoint", "attach", "blocks", "branches", "callers",
           "checkpoints", "coverage", "del_checkpoint", "detach", "functions", "next_unhit",
           "paths", "reset", "restart_checkpoint", "run_traced", "sample", "samples", "status",
           "switch_checkpoints", "trace", "unhit", "watch"]

MODES = {"blocks": 1, "edges": 2, "count": 3, "trace": 4}
SCOPES = {"tracked": 1, "all": 2}
ENGINES = {"auto": 0, "kprobe": 1, "breakpoint": 2, "detour": 3, "entry": 4}
TARGET_STATES = {"live": 1, "gone": 2, "stale": 3}
SITE_STATES = {"none": 0, "pending": 1, "armed": 2, "disarmed": 3, "refused": 4, "gone": 5}
UNHIT_KINDS = {"function": 1, "outcome": 2}
END_KINDS = {"start": 0, "address": 1, "function": 2, "outcome": 3, "block": 4, "checkpoint": 5,
             "other": 6}
EVENT_KINDS = {"entry": 1, "return": 2, "branch": 3, "syscall": 4, "sysret": 5}

_NONE = 0xFFFFFFFF
_NO, _YES, _UNKNOWN = 0, 1, 2
_ATTACH_FUNCTIONS_ONLY = 1 << 0
_ATTACH_PATHS = 1 << 1
_ATTACH_RETURNS = 1 << 2
_RANK_FUNCTIONS_ONLY = 1 << 0
_TRACE_TIME, _TRACE_ARGS, _TRACE_SYSCALLS = 1 << 0, 1 << 1, 1 << 2
_TRACE_KINDS = 8
_SAMPLES_GROUP = 1024
_POLL_MAX = (1 << 31) - 1       # milliseconds: poll() takes an int

# By struct cov_branch_desc's condition.
_JUMPS = ("jo", "jno", "jb", "jae", "je", "jne", "jbe", "ja",
          "js", "jns", "jp", "jnp", "jl", "jge", "jle", "jg",
          "loopne", "loope", "loop", "jrcxz")


class Error(OSError):
    """What livecov or libcov refused.

    errno is the number, strerror libcov's sentence that says what was wrong and what
    to do next; str() is that sentence.
    """

    def __str__(self):
        return self.strerror or super().__str__()


# ---- libcov.h, by its names ------------------------------------------------------


class _Shared(ctypes.Structure):
    """A struct that begins with its size."""

    def __init__(self, **members):
        super().__init__(size=ctypes.sizeof(self), **members)


_progress = CFUNCTYPE(c_int, c_uint, c_uint, c_void_p)


class _cov_attach_options(_Shared):
    _fields_ = [("size", c_size_t), ("mode", c_uint), ("scope", c_uint), ("engine", c_uint),
                ("flags", c_uint), ("levels", c_uint64), ("functions", POINTER(c_char_p)),
                ("progress", _progress), ("data", c_void_p)]


class _cov_attach_result(_Shared):
    _fields_ = [("size", c_size_t), ("target", c_uint32), ("functions", c_uint32),
                ("blocks", c_uint32), ("branches", c_uint32), ("sites", c_uint32),
                ("armed", c_uint32), ("refused", c_uint32)]


class _cov_totals(_Shared):
    _fields_ = [("size", c_size_t)] + [(name, c_uint64) for name in (
        "functions", "functions_hit", "functions_unknown", "blocks", "blocks_hit",
        "blocks_unknown", "outcomes", "outcomes_hit", "outcomes_unknown", "sites", "pending",
        "armed", "disarmed", "refused", "gone", "missed", "lost")]


class _cov_summary(_Shared):
    _fields_ = [("size", c_size_t), ("abi_major", c_uint32), ("abi_minor", c_uint32),
                ("modes", c_uint32), ("scopes", c_uint32), ("engines", c_uint32),
                ("release", c_char * 64), ("targets", c_uint32), ("checkpoints", c_uint32),
                ("checkpoints_max", c_uint32), ("tasks", c_uint32), ("tasks_max", c_uint32),
                ("callers", c_uint32), ("callers_max", c_uint32), ("tasks_lost", c_uint64),
                ("callers_lost", c_uint64), ("missed", c_uint64), ("refused", c_uint64)]


class _cov_target_desc(_Shared):
    _fields_ = [("size", c_size_t), ("target", c_uint32), ("state", c_uint32),
                ("module", c_char_p), ("checkpoint", c_char_p),
                ("checkpoint_offset", c_uint64), ("build_id", POINTER(c_uint8)),
                ("build_id_len", c_uint32), ("mode", c_uint32), ("scope", c_uint32),
                ("engine", c_uint32), ("flags", c_uint32), ("kept", c_uint32),
                ("levels", c_uint64), ("text_base", c_uint64), ("text_size", c_uint64),
                ("sections", c_uint32), ("functions", c_uint32), ("blocks", c_uint32),
                ("branches", c_uint32), ("counted", c_uint32)]


class _cov_section_desc(_Shared):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("base", c_uint64),
                ("length", c_uint64)]


class _cov_function_desc(_Shared):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("address", c_uint64),
                ("offset", c_uint64), ("length", c_uint32), ("section", c_uint32),
                ("parent", c_uint32), ("opaque", c_uint32), ("first_block", c_uint32),
                ("blocks", c_uint32), ("first_branch", c_uint32), ("branches", c_uint32),
                ("state", c_uint32), ("error", c_uint32), ("entered", c_uint32),
                ("hits", c_uint64), ("first_sample", c_uint64), ("levels", c_uint64)]


class _cov_block_desc(_Shared):
    _fields_ = [("size", c_size_t), ("function", c_uint32), ("offset", c_uint32),
                ("length", c_uint32), ("covered", c_uint32), ("state", c_uint32),
                ("error", c_uint32)]


class _cov_branch_desc(_Shared):
    _fields_ = [("size", c_size_t), ("target", c_uint64), ("function", c_uint32),
                ("block", c_uint32), ("offset", c_uint32), ("length", c_uint32),
                ("condition", c_uint32), ("taken", c_uint32), ("fallthrough", c_uint32),
                ("state", c_uint32), ("error", c_uint32), ("taken_hits", c_uint64),
                ("fallthrough_hits", c_uint64), ("first_sample", c_uint64),
                ("taken_switch", c_uint32), ("fallthrough_switch", c_uint32)]


class _cov_checkpoint_options(_Shared):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("module", c_char_p),
                ("function", c_char_p), ("offset", c_uint64), ("levels", c_uint64),
                ("scope", c_uint), ("automatic", c_int), ("section", c_char_p),
                ("section_offset", c_uint64)]


class _cov_checkpoint_desc(_Shared):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("module", c_char_p),
                ("function", c_char_p), ("offset", c_uint64), ("address", c_uint64),
                ("levels", c_uint64), ("hits", c_uint64), ("first_sample", c_uint64),
                ("target", c_uint32), ("enabled", c_uint32), ("hit", c_uint32),
                ("state", c_uint32), ("error", c_uint32), ("target_state", c_uint32),
                ("branches", c_uint32)]


class _cov_unhit(_Shared):
    _fields_ = [("size", c_size_t), ("kind", c_uint32), ("target", c_uint32),
                ("target_index", c_uint32), ("function", c_uint32), ("branch", c_uint32),
                ("taken", c_uint32), ("behind", c_uint32), ("condition", c_uint32),
                ("address", c_uint64), ("offset", c_uint64), ("other_hits", c_uint64),
                ("levels", c_uint64), ("module", c_char * 64),
                ("function_name", c_char * 256)]


class _cov_end(ctypes.Structure):
    _fields_ = [("kind", c_uint32), ("t", c_uint32), ("function", c_uint32), ("index", c_uint32),
                ("taken", c_uint32), ("address", c_uint64), ("offset", c_uint64),
                ("module", c_char_p), ("symbol", c_char_p)]


class _cov_record(_Shared):
    _fields_ = [("size", c_size_t), ("from", _cov_end), ("to", _cov_end), ("count", c_uint64),
                ("first_sample", c_uint64), ("last_sample", c_uint64), ("serial", c_uint64)]


class _cov_news_counts(_Shared):
    _fields_ = [("size", c_size_t), ("pairs_since", c_uint64), ("pairs", c_uint64),
                ("places_since", c_uint64), ("places", c_uint64)]


class _cov_trace_options(_Shared):
    _fields_ = [("size", c_size_t), ("bytes", c_uint64), ("tasks", c_uint32),
                ("flags", c_uint32)]


class _cov_trace_losses(_Shared):
    _fields_ = [("size", c_size_t), ("tasks", c_uint64), ("lost", c_uint64 * _TRACE_KINDS)]


class _cov_trace_task_desc(_Shared):
    _fields_ = [("size", c_size_t), ("pid", c_uint32), ("tgid", c_uint32), ("comm", c_char * 16),
                ("recorded", c_uint64 * _TRACE_KINDS), ("lost", c_uint64 * _TRACE_KINDS)]


class _cov_trace_event(_Shared):
    _fields_ = [("size", c_size_t), ("kind", c_uint32), ("taken", c_uint32), ("compat", c_uint32),
                ("target", c_uint32), ("index", c_uint32), ("stack", c_uint32),
                ("time", c_uint64), ("value", c_uint64), ("nr_args", c_uint32),
                ("args", c_uint64 * 6)]


# What each function returns, and what it takes.
_PROTOTYPES = {
    "cov_open": (c_int, POINTER(c_void_p)),
    "cov_close": (None, c_void_p),
    "cov_last_error": (c_char_p, c_void_p),
    "cov_attach": (c_int, c_void_p, c_char_p, POINTER(_cov_attach_options),
                   POINTER(_cov_attach_result)),
    "cov_find": (c_int, c_void_p, c_char_p, POINTER(c_uint32)),
    "cov_keep": (c_int, c_void_p, c_uint32),
    "cov_detach": (c_int, c_void_p, c_uint32),
    "cov_reset": (c_int, c_void_p, c_uint32),
    "cov_register": (c_int, c_void_p, c_uint64),
    "cov_unregister": (c_int, c_void_p),
    "cov_samples": (c_int, c_void_p, c_uint32, POINTER(c_uint64), POINTER(c_uint32)),
    "cov_view": (c_int, c_void_p, c_uint64),
    "cov_levels": (None, c_void_p, c_uint64),
    "cov_checkpoint_add": (c_int, c_void_p, POINTER(_cov_checkpoint_options),
                           POINTER(c_uint32)),
    "checkpoint_del": (c_int, c_void_p, c_char_p),
    "checkpoint_restart": (c_int, c_void_p, c_char_p),
    "cov_checkpoint_switch": (c_int, c_void_p, c_char_p, c_int, c_int),
    "cov_status": (c_int, c_void_p, POINTER(_cov_summary)),
    "cov_snapshot_take": (c_int, c_void_p, c_char_p, POINTER(c_void_p)),
    "cov_snapshot_free": (None, c_void_p),
    "cov_snapshot_targets": (c_uint, c_void_p),
    "cov_snapshot_left_out": (c_uint, c_void_p),
    "cov_snapshot_checkpoint": (c_int, c_void_p, c_uint, POINTER(_cov_checkpoint_desc)),
    "cov_snapshot_target": (c_int, c_void_p, c_uint, POINTER(_cov_target_desc)),
    "cov_snapshot_section": (c_int, c_void_p, c_uint, c_uint, POINTER(_cov_section_desc)),
    "cov_snapshot_function": (c_int, c_void_p, c_uint, c_uint, POINTER(_cov_function_desc)),
    "cov_snapshot_block": (c_int, c_void_p, c_uint, c_uint, POINTER(_cov_block_desc)),
    "cov_snapshot_branch": (c_int, c_void_p, c_uint, c_uint, POINTER(_cov_branch_desc)),
    "cov_snapshot_totals": (c_int, c_void_p, c_uint, POINTER(_cov_totals)),
    "cov_rank": (c_int, c_void_p, c_void_p, c_uint64, c_uint, POINTER(c_void_p)),
    "cov_ranking_free": (None, c_void_p),
    "cov_ranking_count": (c_size_t, c_void_p),
    "cov_ranking_get": (c_int, c_void_p, c_size_t, POINTER(_cov_unhit)),
    "cov_callers": (c_int, c_void_p, c_void_p, POINTER(c_void_p)),
    "cov_paths": (c_int, c_void_p, c_void_p, POINTER(c_void_p)),
    "cov_news": (c_int, c_void_p, POINTER(_cov_news_counts)),
    "cov_new_pairs": (c_int, c_void_p, c_void_p, POINTER(_cov_news_counts), POINTER(c_void_p)),
    "cov_fd": (c_int, c_void_p),
    "cov_records_free": (None, c_void_p),
    "cov_records_count": (c_size_t, c_void_p),
    "cov_records_lost": (c_uint64, c_void_p),
    "cov_records_get": (c_int, c_void_p, c_size_t, POINTER(_cov_record)),
    "cov_trace_open": (c_int, c_void_p, POINTER(_cov_trace_options), POINTER(c_void_p)),
    "cov_trace_close": (None, c_void_p),
    "cov_trace_losses": (c_int, c_void_p, POINTER(_cov_trace_losses)),
    "cov_trace_tasks": (c_uint, c_void_p),
    "cov_trace_task": (c_int, c_void_p, c_uint, POINTER(_cov_trace_task_desc)),
    "cov_trace_read": (c_int, c_void_p, c_uint, POINTER(c_uint64), POINTER(_cov_trace_event)),
}


def _may_hold(directory):
    """Are there no others who may put a file into a directory? root would load it."""
    try:
        return not directory.stat().st_mode & stat.S_IWOTH
    except OSError:
        return False


def _beside():
    """Where libcov lies if it was built or installed together with this file."""
    above = list(pathlib.Path(__file__).resolve().parents)
    places = []
    # A build directory may be anybody's: of the source tree alone it is libcov's.
    if len(above) > 1 and (above[1] / "libcov" / "libcov.h").exists():
        places.append((above[1], "build/libcov.so.1"))
    # LIB/pythonX.Y/dist-packages/livecov.py and LIB/libcov.so.1.
    if len(above) > 2:
        places.append((above[2], "libcov.so.1"))
    return [str(directory / file) for directory, file in places
            if _may_hold(directory) and (directory / file).exists()]


def _candidates():
    """Where libcov may be, the most likely place first."""
    chosen = os.environ.get("LIVECOV_LIBRARY")
    if chosen:
        return [chosen]
    return _beside() + ["libcov.so.1", ctypes.util.find_library("cov")]


def _load():
    problem = "not found"
    for path in filter(None, _candidates()):
        try:
            library = ctypes.CDLL(path)
            for name, (result, *arguments) in _PROTOTYPES.items():
                function = getattr(library, name)
                function.restype = result
                function.argtypes = arguments
            return library
        except (OSError, AttributeError) as error:
            problem = error
    raise ImportError(f"libcov.so.1 cannot be used: {problem}; run `make install`, or set "
                      "LIVECOV_LIBRARY to the file")


_lib = _load()


class _HeldSignals:
    """For a block of the main thread, Python's signal handlers are deferred to run().

    What a handler raises during a callback from libcov would be lost: between the call of a
    Python function and its first statement nothing can catch it.
    """

    def __init__(self):
        came = []
        self._came = came
        self._note = lambda *event: came.append(event)
        self._handlers = {}
        self._blocked = set()

    def __enter__(self):
        try:
            self._defer()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._unblock()
        try:
            self._restore()
        finally:
            self._run_all()

    def run(self):
        """Run the handlers that are due. What interrupted() keeps out may come until block().

        They see, and may change, the handlers that there are without this block.
        """
        self._unblock()
        while self._came:
            try:
                self._restore()
                self._run_one(*self._came.pop(0))
            finally:
                self._defer()

    def _run_all(self):
        """Without deferring any more. What one raises keeps no other from running."""
        try:
            while self._came:
                self._run_one(*self._came.pop(0))
        finally:
            if self._came:
                self._run_all()

    @staticmethod
    def _run_one(number, frame):
        # As in Python itself: the handler that there is now, as another may have changed it. The
        # frame is in no variable of run(): it may be that very frame, and a ring of them keeps what
        # callers have, such as a Target that is to go with its object.
        handler = signal.getsignal(number)
        if callable(handler):
            handler(number, frame)

    def _defer(self):
        if threading.current_thread() is not threading.main_thread():
            return
        try:
            for number in signal.valid_signals():
                handler = signal.getsignal(number)
                if callable(handler) and handler is not self._note:
                    self._handlers[number] = handler
                    signal.signal(number, self._note)
        except BaseException:   # by a handler that was not deferred yet
            self._defer()
            raise

    def _restore(self):
        try:
            for number, handler in self._handlers.items():
                # What progress has set stays.
                if signal.getsignal(number) is self._note:
                    signal.signal(number, handler)
        except BaseException:   # by a handler that was restored
            self._restore()
            raise

    def interrupted(self):
        """run() after EINTR; what came, and raised nothing, does not interrupt again.

        A profiler's signals come every few milliseconds, and a kprobe takes longer: with
        them there would be no end of attempts.
        """
        came = {number for number, _ in self._came}
        self.run()
        self._blocked |= came - signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self.block()

    def block(self):
        if self._blocked:
            signal.pthread_sigmask(signal.SIG_BLOCK, self._blocked)

    def _unblock(self):
        if self._blocked:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._blocked)


class _Handle:
    """A connection to livecov; closed at the end of its block or with the object."""

    def __init__(self):
        pointer = c_void_p()
        result = _lib.cov_open(byref(pointer))
        if result:
            raise Error(-result, _lib.cov_last_error(None).decode(errors="replace"))
        self._pointer = pointer
        self.close = weakref.finalize(self, _lib.cov_close, pointer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _alive(self):
        if not self.close.alive:
            raise ValueError("this has been detached or closed")
        return self._pointer

    def attempt(self, function, *arguments):
        """function(handle, arguments...): None, or the errno and the sentence of its failure."""
        result = function(self._alive(), *arguments)
        if not result:
            return None
        # A signal's handler may have closed it meanwhile.
        return -result, _lib.cov_last_error(self._alive()).decode(errors="replace")

    def call(self, function, *arguments):
        """function(handle, arguments...), an error raised.

        It is repeated while signals interrupt it: a call that ends with EINTR has done
        nothing. Before that Python runs their handlers, which may raise.
        """
        failure = self.attempt(function, *arguments)
        if failure and failure[0] == errno.EINTR:
            with _HeldSignals() as held:
                while failure and failure[0] == errno.EINTR:
                    held.interrupted()
                    failure = self.attempt(function, *arguments)
        if failure:
            raise Error(*failure)

    def fd(self):
        """For poll(): readable while there is news."""
        return _lib.cov_fd(self._alive())

    def find(self, module):
        target = c_uint32()
        self.call(_lib.cov_find, _name(module), byref(target))
        return target.value

    @contextlib.contextmanager
    def snapshot(self, module, sample, levels=()):
        """The pointer to a snapshot, for a block; of all modules, those with the levels."""
        _lib.cov_levels(self._alive(), _mask(levels))
        if sample is not None:
            self.call(_lib.cov_view, _number(sample))
        pointer = c_void_p()
        self.call(_lib.cov_snapshot_take, None if module is None else _name(module),
                  byref(pointer))
        try:
            yield pointer
        finally:
            _lib.cov_snapshot_free(pointer)


def _name(text):
    name = os.fsencode(text)
    # C would take what is before it for the name.
    if b"\0" in name:
        raise ValueError(f"a name has no null characters: {text!r}")
    return name


def _unsigned(what, number, bits):
    """A number as a C integer, which ctypes would cut to fit."""
    if not 0 <= number < 1 << bits:
        raise ValueError(f"{what} is a number from 0 to 2**{bits} - 1, not {number!r}")
    return number


def _number(sample):
    """A sample's number: 0 means 'everything' to libcov and is not a sample."""
    if not isinstance(sample, int) or not 0 < sample < 1 << 64:
        raise ValueError(f"a sample is a number from 1 to 2**64 - 1, not {sample!r}")
    return sample


def _choice(what, choices, given):
    if given not in choices:
        raise ValueError(f"{what} is one of {', '.join(choices)}, not {given!r}")
    return choices[given]


def _word(choices, value):
    """The name of one of libcov's constants."""
    for word, number in choices.items():
        if number == value:
            return word
    return str(value)


def _known(value):
    return {_NO: False, _YES: True}.get(value)


def _mask(levels):
    mask = 0
    for level in levels:
        if not 1 <= level <= 64:
            raise ValueError(f"levels are 1 to 64, not {level!r}")
        mask |= 1 << (level - 1)
    return mask


@functools.lru_cache(maxsize=None)
def _levels(mask):
    return tuple(level for level in range(1, 65) if mask >> (level - 1) & 1)


def _outcome(taken):
    """As covstat says it to people."""
    return "taken" if taken else "fall-through"


def _jump(condition):
    return _JUMPS[condition] if condition < len(_JUMPS) else str(condition)


# ---- what is read ------------------------------------------------------------------


class Totals(NamedTuple):
    """Coverage in numbers.

    Functions are counted without their cold parts; each conditional jump has two
    outcomes. X_hit + X_unknown never exceed X: the rest certainly did not run. sites are
    the patched places; missed are hits that the kernel's kprobes skipped, lost the
    tasks and caller records that did not fit into livecov's tables.
    """
    functions: int
    functions_hit: int
    functions_unknown: int
    blocks: int
    blocks_hit: int
    blocks_unknown: int
    outcomes: int
    outcomes_hit: int
    outcomes_unknown: int
    sites: int
    pending: int
    armed: int
    disarmed: int
    refused: int
    gone: int
    missed: int
    lost: int


class Block(NamedTuple):
    """Straight-line code. offset is from its function's first byte; error is the errno
    with which its site was refused, else 0."""
    function: str
    address: int
    offset: int
    length: int
    covered: Optional[bool]
    state: str
    error: int


class Branch(NamedTuple):
    """A conditional jump and its two outcomes.

    offset is the jump's from its function's first byte, jump its mnemonic, target the
    address it goes to when taken. first_sample reached it first, 0 if none or not
    recorded; error is the errno with which its site was refused, else 0.
    """
    function: str
    address: int
    offset: int
    length: int
    jump: str
    target: int
    taken: Optional[bool]
    fallthrough: Optional[bool]
    taken_hits: int
    fallthrough_hits: int
    first_sample: int
    state: str
    error: int


class Function(NamedTuple):
    """A function, or the cold part of one: parent is then its function's name, else None.

    Several functions of a module may have the same name; address distinguishes them, and
    parent_address says which of them the parent is. offset is from the first byte of its
    section. opaque ones could not be decoded: only their entry is known. first_sample
    entered it first, 0 if none or not recorded; error is the errno with which its entry
    was refused, else 0.
    """
    name: str
    address: int
    section: str
    offset: int
    length: int
    parent: Optional[str]
    opaque: bool
    entered: Optional[bool]
    hits: int
    first_sample: int
    levels: Tuple[int, ...]
    state: str
    error: int
    blocks: Tuple[Block, ...]
    branches: Tuple[Branch, ...]
    parent_address: Optional[int] = None

    def __repr__(self):
        return f"<livecov.Function {self.name} entered={self.entered}>"


class Coverage(NamedTuple):
    """All that is known about one target at one moment; sample is None for everything."""
    module: str
    target: int
    state: str
    build_id: str
    mode: str
    scope: str
    engine: str
    counted: bool
    sample: Optional[int]
    totals: Totals
    functions: Tuple[Function, ...]

    def __repr__(self):
        return (f"<livecov.Coverage of {self.module}: {self.totals.outcomes_hit} of "
                f"{self.totals.outcomes} outcomes>")

    @property
    def blocks(self) -> List[Block]:
        """The blocks of all functions."""
        return [block for function in self.functions for block in function.blocks]

    @property
    def branches(self) -> List[Branch]:
        """The branches of all functions."""
        return [branch for function in self.functions for branch in function.branches]


class Unhit(NamedTuple):
    """A place that no test has reached.

    kind is "function", one that was not entered, or "outcome", a side of a branch that
    was reached: missing says which, "taken" or "fallthrough". behind is the number of
    blocks after it that did not run, other_hits how often the other side ran, 0 if
    that is not counted.
    """
    kind: str
    module: str
    function: str
    offset: int
    address: int
    missing: Optional[str]
    jump: Optional[str]
    behind: int
    other_hits: int
    levels: Tuple[int, ...]

    def __str__(self):
        place = f"{self.module}:{self.function}"
        return f"{place}+{self.offset:#x} {self.missing}" if self.missing else place


class Status(NamedTuple):
    """livecov as a whole: what works here, how full its tables are, what was lost."""
    release: str
    abi: Tuple[int, int]
    modes: Tuple[str, ...]
    scopes: Tuple[str, ...]
    engines: Tuple[str, ...]
    targets: int
    checkpoints: int
    checkpoints_max: int
    tasks: int
    tasks_max: int
    callers: int
    callers_max: int
    tasks_lost: int
    callers_lost: int
    missed: int
    refused: int


class Attached(NamedTuple):
    """The result of an attach: functions, blocks and branches selected, their sites."""
    functions: int
    blocks: int
    branches: int
    sites: int
    armed: int
    refused: int


def _get(kind, getter, *place):
    """One of a snapshot's structs; its index is known to be in range."""
    out = kind()
    result = getter(*place, byref(out))
    if result:
        raise Error(-result, os.strerror(-result))
    return out


def _text(value):
    return value.decode(errors="replace")


class _Reader:
    """Converts one target of a snapshot to what is known about it."""

    def __init__(self, snapshot, t=0):
        self._snapshot = snapshot
        self._t = t
        self.target = _get(_cov_target_desc, _lib.cov_snapshot_target, snapshot, t)
        self._sections = [_text(d.name) for d in self._all(
            _cov_section_desc, _lib.cov_snapshot_section, 0, self.target.sections)]

    def _all(self, kind, getter, first, count):
        return [_get(kind, getter, self._snapshot, self._t, i)
                for i in range(first, first + count)]

    def names(self):
        """The functions' names, and each branch's function and offset."""
        functions_ = [_text(d.name) for d in self._all(
            _cov_function_desc, _lib.cov_snapshot_function, 0, self.target.functions)]
        return functions_, [(functions_[d.function], d.offset) for d in self._all(
            _cov_branch_desc, _lib.cov_snapshot_branch, 0, self.target.branches)]

    def coverage(self, sample):
        desc = self.target
        descs = self._all(_cov_function_desc, _lib.cov_snapshot_function, 0, desc.functions)
        totals = _get(_cov_totals, _lib.cov_snapshot_totals, self._snapshot, self._t)
        return Coverage(
            module=_text(desc.module), target=desc.target,
            state=_word(TARGET_STATES, desc.state),
            build_id=bytes(desc.build_id[:desc.build_id_len]).hex(),
            mode=_word(MODES, desc.mode), scope=_word(SCOPES, desc.scope),
            engine=_word(ENGINES, desc.engine), counted=bool(desc.counted), sample=sample,
            totals=Totals(*(getattr(totals, name) for name in Totals._fields)),
            functions=tuple(self._function(d, descs) for d in descs))

    def _function(self, d, descs):
        name = _text(d.name)
        return Function(
            name=name, address=d.address, section=self._sections[d.section], offset=d.offset,
            length=d.length,
            parent=None if d.parent == _NONE else _text(descs[d.parent].name),
            parent_address=None if d.parent == _NONE else descs[d.parent].address,
            opaque=bool(d.opaque), entered=_known(d.entered), hits=d.hits,
            first_sample=d.first_sample, levels=_levels(d.levels),
            state=_word(SITE_STATES, d.state), error=d.error,
            blocks=tuple(self._block(name, d.address, b) for b in self._all(
                _cov_block_desc, _lib.cov_snapshot_block, d.first_block, d.blocks)),
            branches=tuple(self._branch(name, d.address, b) for b in self._all(
                _cov_branch_desc, _lib.cov_snapshot_branch, d.first_branch, d.branches)))

    @staticmethod
    def _block(function, base, d):
        return Block(function=function, address=base + d.offset, offset=d.offset,
                     length=d.length, covered=_known(d.covered),
                     state=_word(SITE_STATES, d.state), error=d.error)

    @staticmethod
    def _branch(function, base, d):
        return Branch(function=function, address=base + d.offset, offset=d.offset,
                      length=d.length, jump=_jump(d.condition), target=d.target,
                      taken=_known(d.taken), fallthrough=_known(d.fallthrough),
                      taken_hits=d.taken_hits, fallthrough_hits=d.fallthrough_hits,
                      first_sample=d.first_sample, state=_word(SITE_STATES, d.state),
                      error=d.error)


def coverage(module: str, *, sample: Optional[int] = None) -> Coverage:
    """All that is known about an attached module, or only what one sample has covered.

    Samples are distinguished in scope "tracked" only. Errors: ENOENT the module is not
    attached, or there is no such sample; EOPNOTSUPP a sample of a target with scope
    "all".
    """
    with _Handle() as handle, handle.snapshot(module, sample) as snapshot:
        return _Reader(snapshot).coverage(sample)


def functions(module: str, *, sample: Optional[int] = None) -> List[Function]:
    """The functions of an attached module, as coverage() has them."""
    return list(coverage(module, sample=sample).functions)


def blocks(module: str, *, sample: Optional[int] = None) -> List[Block]:
    """The blocks of an attached module, as coverage() has them."""
    return coverage(module, sample=sample).blocks


def branches(module: str, *, sample: Optional[int] = None) -> List[Branch]:
    """The branches of an attached module, as coverage() has them."""
    return coverage(module, sample=sample).branches


def _no_level(what):
    return Error(errno.ENOENT, f"{what} has one of these levels; "
                               "livecov.attach(MODULE, levels=...) gives some")


def _check_functions(snapshot, mask):
    """That a function of a snapshot has one of the levels, if there are any."""
    for t in range(_lib.cov_snapshot_targets(snapshot) if mask else 0):
        target = _get(_cov_target_desc, _lib.cov_snapshot_target, snapshot, t)
        for i in range(target.functions):
            if _get(_cov_function_desc, _lib.cov_snapshot_function, snapshot, t, i).levels & mask:
                return
    if mask:
        raise _no_level("no function of what is attached")


def _unhit(place):
    outcome = place.kind == UNHIT_KINDS["outcome"]
    missing = "taken" if place.taken else "fallthrough"
    return Unhit(
        kind=_word(UNHIT_KINDS, place.kind), module=_text(place.module),
        function=_text(place.function_name), offset=place.offset, address=place.address,
        missing=missing if outcome else None,
        jump=_jump(place.condition) if outcome else None, behind=place.behind,
        other_hits=place.other_hits, levels=_levels(place.levels))


def unhit(module: Optional[str] = None, *, sample: Optional[int] = None,
          levels: Iterable[int] = (), functions_only: bool = False) -> List[Unhit]:
    """What was not reached, the most rewarding first.

    Unhit sides of branches that were reached come before functions that were never
    entered. With a module, only of that one; with a sample, what that sample did not
    reach; with levels, only functions that have one of them. Errors: as coverage();
    ENOENT also if nothing is attached, or no function has one of the levels.
    """
    flags = _RANK_FUNCTIONS_ONLY if functions_only else 0
    mask = _mask(levels)
    with _Handle() as handle, handle.snapshot(module, sample) as snapshot:
        if not _lib.cov_snapshot_targets(snapshot):
            raise Error(errno.ENOENT, "nothing is attached; run livecov.attach(MODULE) or "
                                      "`covstat attach MODULE`")
        _check_functions(snapshot, mask)
        ranking = c_void_p()
        handle.call(_lib.cov_rank, snapshot, mask, flags, byref(ranking))
        try:
            return [_unhit(_get(_cov_unhit, _lib.cov_ranking_get, ranking, i))
                    for i in range(_lib.cov_ranking_count(ranking))]
        finally:
            _lib.cov_ranking_free(ranking)


def next_unhit(module: Optional[str] = None, *, skip: int = 0, sample: Optional[int] = None,
               levels: Iterable[int] = (), functions_only: bool = False) -> Optional[Unhit]:
    """The place most worth reaching next, or None if all has been reached.

    skip is the number of places to skip; the rest is as for unhit(), which is the better
    choice for many places.
    """
    if skip < 0:
        raise ValueError(f"skip is {skip}")
    places = unhit(module, sample=sample, levels=levels, functions_only=functions_only)
    return places[skip] if skip < len(places) else None


# ---- who called, what came before ----------------------------------------------------


class End(NamedTuple):
    """Where a pair begins or leads to.

    kind is "function", an entry; "outcome", a branch and whether it was taken; "block";
    "checkpoint", a single one; "address", the place after a call; "start", nothing came
    before; or "other", a place of a module that is not in the result. offset is from
    the first byte of function; module and function are None where they are not known.
    """
    kind: str
    module: Optional[str]
    function: Optional[str]
    offset: int
    address: int
    taken: Optional[bool]

    def __str__(self):
        if self.kind == "start":
            return "start"
        if not self.function:
            return f"{self.address:#x}" if self.address else self.kind
        place = f"{self.module}:{self.function}" if self.module else self.function
        if self.kind != "function":
            place += f"+{self.offset:#x}"
        return place if self.taken is None else f"{place} {_outcome(self.taken)}"


class Pair(NamedTuple):
    """Two places that were passed one after the other: the caller, or what the same task
    passed before, and the place it led to.

    count is how often; first_sample and last_sample showed it first and last, 0 if none or
    not known. Pairs have serial numbers in the order in which they first occurred.
    """
    source: End
    to: End
    count: int
    first_sample: int
    last_sample: int
    serial: int

    @property
    def is_call(self) -> bool:
        """Is source the caller of a function, and not what the task had passed before?"""
        return self.source.kind == "address"

    def __str__(self):
        return f"{self.source} -> {self.to}"


class Pairs(List[Pair]):
    """Pairs, in the order in which they first occurred. lost is how many times livecov had
    no room for one, for all modules."""

    def __init__(self, pairs: Iterable[Pair] = (), lost: int = 0):
        super().__init__(pairs)
        self.lost = lost


class New(NamedTuple):
    """What was new between two calls of new(): pairs, callers and paths, and how many
    entries, outcomes and blocks were passed for the first time where livecov detects that:
    see Watch."""
    pairs: Pairs
    places: int


def _end(d):
    outcome = d.kind == END_KINDS["outcome"]
    return End(kind=_word(END_KINDS, d.kind), module=d.module and _text(d.module),
               function=d.symbol and _text(d.symbol), offset=d.offset, address=d.address,
               taken=bool(d.taken) if outcome else None)


def _pair(d):
    # `from` is a keyword of Python.
    return Pair(source=_end(getattr(d, "from")), to=_end(d.to), count=d.count,
                first_sample=d.first_sample, last_sample=d.last_sample, serial=d.serial)


def _pairs(handle, function, snapshot, *more):
    """What cov_callers() or a similar function returns."""
    records = c_void_p()
    handle.call(function, snapshot, *more, byref(records))
    try:
        return Pairs((_pair(_get(_cov_record, _lib.cov_records_get, records, i))
                      for i in range(_lib.cov_records_count(records))),
                     _lib.cov_records_lost(records))
    finally:
        _lib.cov_records_free(records)


def _check_target(snapshot, levels):
    """That what is named has one of the levels, if there are any: it is in its snapshot anyway."""
    target = _get(_cov_target_desc, _lib.cov_snapshot_target, snapshot, 0)
    if levels and not target.levels & _mask(levels):
        raise Error(errno.ENOENT, f"{_text(target.module)} has level "
                                  f"{','.join(map(str, _levels(target.levels)))} and not "
                                  f"{','.join(map(str, levels))}")


def _pairs_of(module, levels, function):
    levels = tuple(levels)
    with _Handle() as handle, handle.snapshot(module, None, levels) as snapshot:
        if module is not None:
            _check_target(snapshot, levels)
        elif _lib.cov_snapshot_left_out(snapshot) and not _lib.cov_snapshot_targets(snapshot):
            raise _no_level("nothing that is attached")
        return _pairs(handle, function, snapshot)


def callers(module: Optional[str] = None, *, levels: Iterable[int] = ()) -> Pairs:
    """The callers of each function of a module, or of all that are attached; also from outside.

    Recorded where attach() was given paths=True, by engine "kprobe", and for manual
    checkpoints on entries. With levels, of all those that have one of them. Errors: ENOENT the
    module is not attached, or has none of the levels; ENOTTY livecov.ko is too old for it.
    """
    return _pairs_of(module, levels, _lib.cov_callers)


def paths(module: Optional[str] = None, *, levels: Iterable[int] = ()) -> Pairs:
    """Which place came before each one, for tracked tasks; otherwise as callers().

    Their number is the number of paths, counted as pairs: A to B and C to D, then A to C
    and B to D, are four.
    """
    return _pairs_of(module, levels, _lib.cov_paths)


class Watch:
    """What is new from the moment of watch() on; use it in a `with`, or close() it.

    New pairs are detected where callers() and paths() have any. First hits are detected by
    kprobes and by breakpoints that remove themselves, and with paths=True by all engines:
    for what detours and ftrace see for the first time, compare two results of coverage().
    """

    def __init__(self):
        self._handle = _Handle()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Stop watching. Calling it twice does no harm."""
        self._handle.close()

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Wait until there is something new, or for so many seconds; is there?

        It stays so until new() is called. Signals are handled while it waits. A timeout
        that is negative, a deadline that has passed, is 0; None, infinity and anything
        above 24 days set no limit.
        """
        poll = select.poll()
        poll.register(self._handle.fd(), select.POLLIN)
        if timeout is None or timeout * 1000 > _POLL_MAX:
            return bool(poll.poll())
        # To poll(), a negative one is none.
        return bool(poll.poll(math.ceil(max(timeout, 0) * 1000)))

    def new(self) -> New:
        """What is new since the last call, or since watch(); each thing once."""
        counts = _cov_news_counts()
        # First this, then the tables: what comes in between is reported next time.
        self._handle.call(_lib.cov_news, byref(counts))
        with self._handle.snapshot(None, None) as snapshot:
            found = _pairs(self._handle, _lib.cov_new_pairs, snapshot, byref(counts))
        return New(pairs=found, places=counts.places - counts.places_since)


def watch() -> Watch:
    """Watch for what is new from now on.

        with livecov.watch() as watch:
            start_my_fuzzer()
            while watch.wait(timeout=60):
                print(*watch.new().pairs, sep="\\n")
    """
    return Watch()


# ---- traces --------------------------------------------------------------------------


class Event(NamedTuple):
    """What a task did: kind is "entry", "return", "branch", "syscall" or "sysret".

    An entry, a return and a branch have a module and a function (a cold part by its own
    name); offset is a branch's from that function's first byte, as Branch.offset, and
    taken says whether it jumped. number is a system call's, compat marks 32-bit ones. value
    is what a "return" or "sysret" returned: the register, so that a function that returns
    nothing has a value nevertheless. args are the six registers that may hold arguments of
    an entry or a syscall, ns is the time of CLOCK_MONOTONIC; both only if trace() was asked
    to record them.
    stack is how many bytes of the kernel's stack were in use: a callee has more than its
    caller.
    """
    kind: str
    module: Optional[str]
    function: Optional[str]
    offset: Optional[int]
    taken: Optional[bool]
    number: Optional[int]
    compat: bool
    value: Optional[int]
    args: Tuple[int, ...]
    ns: Optional[int]
    stack: int

    @property
    def error(self) -> int:
        """The errno that a return or sysret returned, else 0: its value is -errno, as an
        int or as a long."""
        if self.value is None:
            return 0
        # An int's upper half is whatever the compiler left there.
        bits = 64 if self.value >> 32 else 32
        left = (1 << bits) - self.value
        return left if 0 < left <= 4095 else 0

    def __str__(self):
        if self.kind in ("syscall", "sysret"):
            place = f"{self.kind} {self.number}"
        else:
            place = f"{self.kind} {self.module}:{self.function}"
        if self.kind == "branch":
            return f"{place}+{self.offset:#x} {_outcome(self.taken)}"
        return place if self.value is None else f"{place} = {-self.error or self.value}"


class Task:
    """A traced task, that is a thread. pid is its own pid, tgid its process's.

    comm is its name when it passed the first place or, where system calls are recorded,
    since it last executed a program. recorded and lost are how many events it has and how
    many did not fit, by kind; for "return", lost also counts those that the kernel's
    kretprobes missed.
    """

    def __init__(self, trace_, index, desc):
        self._trace = trace_
        self._index = index
        self.pid = desc.pid
        self.tgid = desc.tgid
        self.comm = _text(desc.comm)
        self.recorded = _by_kind(desc.recorded)
        self.lost = _by_kind(desc.lost)

    def __repr__(self):
        return f"<livecov.Task {self.comm}[{self.pid}] {sum(self.recorded.values())} events>"

    def events(self) -> Iterator[Event]:
        """Its events so far, in order."""
        # pylint: disable=protected-access
        return self._trace._events(self._index)


class Trace:
    """What trace() and run_traced() recorded.

    It can be read while it is written; tasks and losses are the current ones. After
    trace()'s block nothing is added, and it can be read as long as it exists. process is
    run_traced()'s subprocess.CompletedProcess, None if that has raised an exception.
    """

    def __init__(self, handle: _Handle, options: _cov_trace_options):
        pointer = c_void_p()
        handle.call(_lib.cov_trace_open, byref(options), byref(pointer))
        self._pointer = pointer
        self._free = weakref.finalize(self, _lib.cov_trace_close, pointer)
        self._handle = handle
        self._flags = options.flags
        self._places = None
        self._hidden = None
        self.process = None

    def __repr__(self):
        return f"<livecov.Trace of {len(self.tasks)} tasks>"

    @property
    def tasks(self) -> List[Task]:
        """The tasks that have passed something, in the order in which they first did."""
        descs = (_get(_cov_trace_task_desc, _lib.cov_trace_task, self._pointer, i)
                 for i in range(_lib.cov_trace_tasks(self._pointer)))
        return [Task(self, i, d) for i, d in enumerate(descs) if d.pid != self._hidden]

    @property
    def lost(self) -> Dict[str, int]:
        """How many events of all tasks did not fit, by kind."""
        lost = _by_kind(self._losses().lost)
        for task in self.tasks:
            for kind, count in task.lost.items():
                lost[kind] += count
        return lost

    @property
    def tasks_lost(self) -> int:
        """How many tasks did not fit; their events are in lost."""
        return self._losses().tasks

    def _losses(self):
        return _get(_cov_trace_losses, _lib.cov_trace_losses, self._pointer)

    def _end(self):
        """Nothing will be added: keep the names of what is in it."""
        self._places = _places(self._handle)
        self._handle.close()

    def _events(self, index):
        places = _places(self._handle) if self._places is None else self._places
        position = c_uint64()
        event = _cov_trace_event()
        while True:
            result = _lib.cov_trace_read(self._pointer, index, byref(position), byref(event))
            if result == -errno.ENODATA:
                return
            if result:
                raise Error(-result, "this trace is damaged; please report this")
            yield _event(event, places, self._flags)


def _by_kind(numbers):
    return {word: numbers[kind] for word, kind in EVENT_KINDS.items()}


def _places(handle):
    """By target id: a module, its functions' names, its branches (function, offset)."""
    found = {}
    with handle.snapshot(None, None) as snapshot:
        for t in range(_lib.cov_snapshot_targets(snapshot)):
            reader = _Reader(snapshot, t)
            found[reader.target.target] = (_text(reader.target.module), *reader.names())
    return found


def _event(d, places, flags):
    syscall = d.kind in (EVENT_KINDS["syscall"], EVENT_KINDS["sysret"])
    branch = d.kind == EVENT_KINDS["branch"]
    left = d.kind in (EVENT_KINDS["return"], EVENT_KINDS["sysret"])
    module, functions_, branches_ = places.get(d.target, (None, (), ()))
    function, offset = None, None
    if branch and d.index < len(branches_):
        function, offset = branches_[d.index]
    elif not branch and not syscall and d.index < len(functions_):
        function = functions_[d.index]
    return Event(kind=_word(EVENT_KINDS, d.kind), module=module, function=function,
                 offset=offset, taken=bool(d.taken) if branch else None,
                 number=d.index if syscall else None, compat=bool(d.compat),
                 value=d.value if left else None, args=tuple(d.args[:d.nr_args]),
                 ns=d.time if flags & _TRACE_TIME else None, stack=d.stack)


@contextlib.contextmanager
def trace(*, sample: int = 1, size: int = 16 << 20, tasks: int = 4096, time: bool = False,
          args: bool = False, syscalls: bool = False) -> Iterator[Trace]:
    """Trace the calling thread, and what it starts, for a block.

        with livecov.attach("brd", mode="trace", scope="tracked", returns=True):
            with livecov.trace() as trace:
                my_test()
        for event in trace.tasks[0].events():
            print(event)

    What is recorded is what the thread does in modules that are attached in mode "trace",
    with syscalls also its system calls, with time the time, and with args the registers.
    It also is the sample() of that number, so that neither can be nested in the other
    (EEXIST). size is the memory for events in bytes, at most 1 GiB; tasks is how many
    tasks can be traced, at most 65,536. The memory is filled once; what does not fit is
    counted as lost. Errors: EINVAL too much of either, ENOMEM, ENOSPC there are 16 traces
    already, EEXIST the thread is already tracked.
    """
    flags = ((_TRACE_TIME if time else 0) | (_TRACE_ARGS if args else 0) |
             (_TRACE_SYSCALLS if syscalls else 0))
    options = _cov_trace_options(bytes=_unsigned("size", size, 64),
                                 tasks=_unsigned("tasks", tasks, 32), flags=flags)
    # pylint: disable=protected-access
    with _Handle() as handle:
        found = Trace(handle, options)
        try:
            with _registered(handle, sample):
                yield found
        except BaseException:
            with contextlib.suppress(Error):
                found._end()
            raise
        found._end()


def run_traced(command: Union[str, Sequence[str]], *, sample: int = 1, size: int = 16 << 20,
               tasks: int = 4096, time: bool = False, args: bool = False,
               syscalls: bool = True, **options) -> Trace:
    """Run a command and trace it and what it starts, without the caller's own part.

    The trace is trace()'s; options are subprocess.run()'s, whose result is the trace's
    process. Where it raises CalledProcessError or TimeoutExpired, because options have check
    or timeout, the exception has the trace: what led there is often what one looks for.

        try:
            livecov.run_traced(["./my-test"], check=True, timeout=60)
        except subprocess.SubprocessError as error:
            print(error, *error.trace.tasks[0].events(), sep="\\n")
    """
    with trace(sample=sample, size=size, tasks=tasks, time=time, args=args,
               syscalls=syscalls) as found:
        # pylint: disable=protected-access,subprocess-run-check
        found._hidden = threading.get_native_id()
        try:
            found.process = subprocess.run(command, **options)
        except subprocess.SubprocessError as error:
            error.trace = found
            raise
    return found


def status() -> Status:
    """livecov as a whole."""
    out = _cov_summary()
    with _Handle() as handle:
        handle.call(_lib.cov_status, byref(out))
    words = {name: tuple(word for word, bit in choices.items() if getattr(out, name) >> bit & 1)
             for name, choices in (("modes", MODES), ("scopes", SCOPES), ("engines", ENGINES))}
    numbers = {name: getattr(out, name) for name in Status._fields if hasattr(out, name)}
    return Status(**{**numbers, **words, "release": _text(out.release),
                     "abi": (out.abi_major, out.abi_minor)})


# ---- what is done --------------------------------------------------------------------


class Target:
    """A module that is measured, as returned by attach().

    It lives until detach(), until its `with` block ends, or until this object or the
    process is gone; keep() lets it stay. A child made by os.fork() that leaves the block
    itself, or ends in it, leaves the target to its parent. attached is the result of the
    attach.
    """

    def __init__(self, handle: _Handle, module: str, result: _cov_attach_result):
        self._handle = handle
        self._kept = False
        self._pid = os.getpid()
        self.module = module
        self.id = result.target
        self.attached = Attached(*(getattr(result, name) for name in Attached._fields))

    def __repr__(self):
        return f"<livecov.Target {self.id} {self.module}>"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        # A forked child has only copies: to detach would take the parent's results away.
        forked = os.getpid() != self._pid
        if self._kept or forked or not self._handle.close.alive:
            self._handle.close()
            return
        # The exception that is on its way is the news.
        with contextlib.suppress(*([Error] if kind else [])):
            self.detach()

    def detach(self) -> None:
        """Restore the module's text and forget the results. ENOENT: gone already."""
        try:
            self._handle.call(_lib.cov_detach, self.id)
        finally:
            self._handle.close()

    def keep(self) -> None:
        """Let it outlive this object, until livecov.detach() or covstat detaches it."""
        self._handle.call(_lib.cov_keep, self.id)
        self._kept = True

    def reset(self) -> None:
        """Forget what was hit and continue measuring."""
        self._handle.call(_lib.cov_reset, self.id)

    def coverage(self, *, sample: Optional[int] = None) -> Coverage:
        """All that is known about it, or about one sample in it: see livecov.coverage()."""
        return coverage(self.module, sample=sample)

    def functions(self, *, sample: Optional[int] = None) -> List[Function]:
        """Its functions, with their blocks and branches."""
        return functions(self.module, sample=sample)

    def blocks(self, *, sample: Optional[int] = None) -> List[Block]:
        """Its blocks."""
        return blocks(self.module, sample=sample)

    def branches(self, *, sample: Optional[int] = None) -> List[Branch]:
        """Its branches."""
        return branches(self.module, sample=sample)

    def callers(self) -> Pairs:
        """The callers of its functions: see livecov.callers()."""
        return callers(self.module)

    def paths(self) -> Pairs:
        """Which place came before each of its places: see livecov.paths()."""
        return paths(self.module)

    def unhit(self, **options) -> List[Unhit]:
        """What of it was not reached: see livecov.unhit()."""
        return unhit(self.module, **options)

    def next_unhit(self, **options) -> Optional[Unhit]:
        """Its place most worth reaching next: see livecov.next_unhit()."""
        return next_unhit(self.module, **options)


def _attach(module, options, result, progress):
    """A handle with what cov_attach() has attached.

    What progress or a signal handler raises ends it.
    """
    raised = []

    @_progress
    def step(done, total, _):
        try:
            held.run()
            if progress:
                progress(done, total)
            held.block()
        except BaseException as error:  # pylint: disable=broad-except
            raised.append(error)
        return len(raised)

    options.progress = step
    call = (_lib.cov_attach, _name(module), byref(options), byref(result))
    handle = _Handle()
    try:
        with _HeldSignals() as held:
            failure = handle.attempt(*call)
            while failure and failure[0] == errno.EINTR:
                held.interrupted()
                # A signal may have kept livecov from undoing it, too. Nothing keeps it from
                # doing so when the handle is closed.
                handle.close()
                handle = _Handle()
                failure = handle.attempt(*call)
            if failure:
                raise raised.pop() if raised else Error(*failure)
    except BaseException:
        handle.close()
        raise
    return handle


def attach(module: str, *, mode: str = "edges", scope: str = "all", engine: str = "auto",
           functions: Union[str, Iterable[str], None] = None,  # pylint: disable=redefined-outer-name
           functions_only: bool = False, levels: Iterable[int] = (),
           paths: bool = False, returns: bool = False,
           progress: Optional[Callable[[int, int], object]] = None) -> Target:
    """Measure a loaded module; use the result in a `with`, or keep it.

    mode is "edges", "count", "trace" or "blocks", scope "all" or "tracked", engine "auto",
    "kprobe", "breakpoint", "detour" or "entry": `covstat attach --help` explains them.
    functions are shell patterns of names, at least one, or None for all (for "vmlinux":
    exact names, not None); functions_only leaves out blocks and branches; levels, 1 to 64,
    are given to the new checkpoints. paths records callers() and paths(), at the cost of a
    trap for each jump; returns, in mode "trace", what functions return. progress(done,
    total) is called now and then, and begins again where a signal has interrupted the
    attach; what it raises ends the attach, and so does Ctrl-C. After any exception, nothing
    is left attached.

    Errors: ENOENT no such module or function, EEXIST already attached, EPERM livecov
    itself or a locked-down kernel, EOPNOTSUPP a mode, scope or engine that cannot be
    used here, ENOSPC a table is full, and the others of cov_attach() in libcov(3).
    """
    if functions is not None:
        patterns = [functions] if isinstance(functions, str) else list(functions)
        if not patterns:
            # libcov would select all, which nobody means by a list with nothing left in it.
            raise ValueError("no function is named: functions is empty; None selects all")
        functions = (c_char_p * (len(patterns) + 1))(*(_name(p) for p in patterns), None)
    options = _cov_attach_options(
        mode=_choice("mode", MODES, mode), scope=_choice("scope", SCOPES, scope),
        engine=_choice("engine", ENGINES, engine),
        flags=((_ATTACH_FUNCTIONS_ONLY if functions_only else 0) |
               (_ATTACH_PATHS if paths else 0) | (_ATTACH_RETURNS if returns else 0)),
        levels=_mask(levels),
        functions=functions)
    result = _cov_attach_result()
    return Target(_attach(module, options, result, progress), module, result)


def detach(module: str) -> None:
    """Detach a module, regardless of who attached it. ENOENT: it is not attached."""
    with _Handle() as handle:
        handle.call(_lib.cov_detach, handle.find(module))


def reset(module: Optional[str] = None) -> None:
    """Forget what was hit in a module, or in all, and continue measuring."""
    with _Handle() as handle:
        handle.call(_lib.cov_reset, handle.find(module) if module is not None else 0)


# ---- manual checkpoints --------------------------------------------------------------


class Checkpoint(NamedTuple):
    """A single place that is watched under a name.

    offset is from the first byte of function, branches how many of its branches are watched
    with it, first_sample the one that passed it first, 0 if none or not known. module_state is
    "live", or "gone" while the module is unloaded; error is the errno with which the place was
    refused when it was loaded again, else 0. Bytes of name that are not UTF-8 are as in the names
    of files, os.fsencode(name) has them; str() shows a replacement.
    """
    name: str
    module: str
    function: str
    offset: int
    address: int
    levels: Tuple[int, ...]
    enabled: bool
    hits: int
    first_sample: int
    branches: int
    state: str
    module_state: str
    error: int

    def __str__(self):
        return f"{_text(_name(self.name))} at {self.module}:{self.function}+{self.offset:#x}"


def _checkpoint(d):
    return Checkpoint(
        # As it can be given back, _name()'s inverse: covstat's users choose any bytes.
        name=os.fsdecode(d.name), module=_text(d.module), function=_text(d.function),
        offset=d.offset, address=d.address, levels=_levels(d.levels), enabled=bool(d.enabled), hits=d.hits,
        first_sample=d.first_sample, branches=d.branches, state=_word(SITE_STATES, d.state),
        module_state=_word(TARGET_STATES, d.target_state), error=d.error)


def checkpoints(*, levels: Iterable[int] = ()) -> List[Checkpoint]:
    """The manual checkpoints, whoever added them, in the order in which they were added; with
    levels, those that have one of them."""
    found = []
    with _Handle() as handle, handle.snapshot(None, None, levels) as snapshot:
        for t in range(_lib.cov_snapshot_targets(snapshot)):
            desc = _cov_checkpoint_desc()
            if not _lib.cov_snapshot_checkpoint(snapshot, t, byref(desc)):
                found.append(_checkpoint(desc))
    return found


def add_checkpoint(name: str, function: str, *, module: Optional[str] = None, offset: int = 0,
                   section: Optional[str] = None, section_offset: int = 0,
                   levels: Iterable[int] = (), scope: str = "all",
                   branches: bool = False) -> None:  # pylint: disable=redefined-outer-name
    """Watch one place until del_checkpoint(); it outlives the process.

    module is a loaded one, "vmlinux", or None to search all; offset is of an instruction from
    the function's first byte, branches watches the function's branches as well. Of several
    functions of one name, section and section_offset say which is meant: that is where the place
    is. Errors: EEXIST name in use, ENOENT no such module or function, ENOTUNIQ several functions
    of that name, EILSEQ the offset is inside an instruction, ERANGE it is beyond the function's
    end, and the others of cov_checkpoint_add() in libcov(3).
    """
    options = _cov_checkpoint_options(
        name=_name(name), module=None if module is None else _name(module),
        function=_name(function), offset=_unsigned("offset", offset, 64), levels=_mask(levels),
        scope=_choice("scope", SCOPES, scope), automatic=int(branches),
        section=None if section is None else _name(section),
        section_offset=_unsigned("section_offset", section_offset, 64))
    with _Handle() as handle:
        handle.call(_lib.cov_checkpoint_add, byref(options), None)


def del_checkpoint(name: str) -> None:
    """Delete a checkpoint. ENOENT: there is none of that name."""
    with _Handle() as handle:
        handle.call(_lib.checkpoint_del, _name(name))


def restart_checkpoint(name: str) -> None:
    """Forget what a checkpoint has counted. ENOENT: there is none of that name."""
    with _Handle() as handle:
        handle.call(_lib.checkpoint_restart, _name(name))


def switch_checkpoints(pattern: str, enabled: bool, *,
                       branches: bool = False) -> None:  # pylint: disable=redefined-outer-name
    """Switch the checkpoints whose names match a shell pattern on or off; with branches, their
    functions' branches as well. What they had counted stays. ENOENT: none matches."""
    with _Handle() as handle:
        handle.call(_lib.cov_checkpoint_switch, _name(pattern), int(enabled), int(branches))


@contextlib.contextmanager
def _registered(handle, number):
    """The calling thread is tracked through a handle for a block."""
    handle.call(_lib.cov_register, _number(number))
    try:
        yield
    except BaseException:
        # The exception that is on its way is the news; closing ends it anyway.
        with contextlib.suppress(Error):
            handle.call(_lib.cov_unregister)
        raise
    handle.call(_lib.cov_unregister)


@contextlib.contextmanager
def sample(number: int):
    """Track the calling thread, and what it starts, as one sample for a block.

        with livecov.sample(7):
            subprocess.run(["./my-test"])

    Threads and processes that are started inside the block belong to the sample; none of
    them is tracked any more when it has ended, in whichever way. Other threads are not
    affected and can have samples of their own at the same time. As a decorator it does
    the same for each call of a function. Blocks cannot be nested (EEXIST).

    The coverage of each sample is kept separately in scope "tracked"; number is 1 to
    2**64 - 1. A child made by os.fork() that leaves the block itself ends only its own
    part. Errors: EEXIST the thread is already tracked, ENOSPC a table is full.
    """
    with _Handle() as handle, _registered(handle, number):
        yield


def samples() -> List[int]:
    """The samples that were registered, in the order of their first registration."""
    found = []
    group = (c_uint64 * _SAMPLES_GROUP)()
    with _Handle() as handle:
        while True:
            count = c_uint32(_SAMPLES_GROUP)
            handle.call(_lib.cov_samples, len(found), group, byref(count))
            if not count.value:
                return found
            found += group[:count.value]
