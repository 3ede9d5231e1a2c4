# SPDX-License-Identifier: LGPL-2.1-or-later
"""Coverage of a loaded Linux kernel module, for test scripts: libcov from Python.

    import livecov

    with livecov.attach("brd", scope="tracked") as brd:
        with livecov.sample(7):
            subprocess.run(["./my-test"], check=True)
        for function in brd.functions(sample=7):
            print(function.name, function.entered)
        print(livecov.next_unhit())

livecov.ko has to be loaded, and all of this needs root, as covstat does. A target
that was attached by covstat can be read, reset and detached from here, and the
other way round.

Values are as libcov has them: addresses are kernel virtual addresses, sizes and
offsets are in bytes. What may be unknown (entered, covered, taken, fallthrough) is
True, False, or None if a refused site or unknown flow hides it. Where the target's
@counted is False, hits are 1 for any number above 0.

What libcov refuses is raised as livecov.Error. Functions of this module may be
called from any thread; a Target belongs to one thread at a time.

The library is $LIVECOV_LIBRARY if that is set, else libcov.so.1 as it was installed
or built beside this file, else where the dynamic linker finds it.
"""

import contextlib
import ctypes
import ctypes.util
import errno
import functools
import os
import pathlib
import signal
import threading
import weakref
from ctypes import (CFUNCTYPE, POINTER, byref, c_char, c_char_p, c_int, c_size_t, c_uint,
                    c_uint8, c_uint32, c_uint64, c_void_p)
from typing import Callable, Iterable, List, NamedTuple, Optional, Tuple, Union

__all__ = ["Attached", "Block", "Branch", "Coverage", "Error", "Function", "Status", "Target",
           "Totals", "Unhit", "attach", "blocks", "branches", "coverage", "detach", "functions",
           "next_unhit", "reset", "sample", "samples", "status", "unhit"]

MODES = {"blocks": 1, "edges": 2, "count": 3, "trace": 4}
SCOPES = {"tracked": 1, "all": 2}
ENGINES = {"auto": 0, "kprobe": 1, "breakpoint": 2, "detour": 3, "entry": 4}
TARGET_STATES = {"live": 1, "gone": 2, "stale": 3}
SITE_STATES = {"none": 0, "pending": 1, "armed": 2, "disarmed": 3, "refused": 4, "gone": 5}
UNHIT_KINDS = {"function": 1, "outcome": 2}

_NONE = 0xFFFFFFFF
_NO, _YES, _UNKNOWN = 0, 1, 2
_ATTACH_FUNCTIONS_ONLY = 1 << 0
_RANK_FUNCTIONS_ONLY = 1 << 0
_SAMPLES_GROUP = 1024

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
    """A struct that begins with its own size."""

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
                ("fallthrough_hits", c_uint64), ("first_sample", c_uint64)]


class _cov_unhit(_Shared):
    _fields_ = [("size", c_size_t), ("kind", c_uint32), ("target", c_uint32),
                ("target_index", c_uint32), ("function", c_uint32), ("branch", c_uint32),
                ("taken", c_uint32), ("behind", c_uint32), ("condition", c_uint32),
                ("address", c_uint64), ("offset", c_uint64), ("other_hits", c_uint64),
                ("levels", c_uint64), ("module", c_char * 64),
                ("function_name", c_char * 256)]


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
    "cov_status": (c_int, c_void_p, POINTER(_cov_summary)),
    "cov_snapshot_take": (c_int, c_void_p, c_char_p, POINTER(c_void_p)),
    "cov_snapshot_free": (None, c_void_p),
    "cov_snapshot_targets": (c_uint, c_void_p),
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
}


def _candidates():
    """Where libcov may be, the most certain place first."""
    chosen = os.environ.get("LIVECOV_LIBRARY")
    if chosen:
        return [chosen]
    here = pathlib.Path(__file__).resolve()
    # In the source tree; LIB/pythonX.Y/dist-packages/livecov.py and LIB/libcov.so.1.
    beside = [here.parents[1] / "build" / "libcov.so.1", here.parents[2] / "libcov.so.1"]
    return ([str(path) for path in beside if path.exists()] +
            ["libcov.so.1", ctypes.util.find_library("cov")])


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

    def call(self, function, *arguments):
        """function(handle, arguments...), an error raised."""
        if not self.close.alive:
            raise ValueError("this target has been detached or closed")
        result = function(self._pointer, *arguments)
        if result:
            raise Error(-result, _lib.cov_last_error(self._pointer).decode(errors="replace"))

    def find(self, module):
        target = c_uint32()
        self.call(_lib.cov_find, _name(module), byref(target))
        return target.value

    @contextlib.contextmanager
    def snapshot(self, module, sample):
        """The pointer to a snapshot, for a block."""
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
    return os.fsencode(text)


def _number(sample):
    """A sample's number: 0 means 'everything' to libcov and is none."""
    if not isinstance(sample, int) or not 0 < sample < 1 << 64:
        raise ValueError(f"a sample is a number from 1 to 2**64 - 1, not {sample!r}")
    return sample


def _choice(what, choices, given):
    if given not in choices:
        raise ValueError(f"{what} is one of {', '.join(choices)}, not {given!r}")
    return choices[given]


def _word(choices, value):
    """The word for one of libcov's numbers."""
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


def _jump(condition):
    return _JUMPS[condition] if condition < len(_JUMPS) else str(condition)


# ---- what is read ------------------------------------------------------------------


class Totals(NamedTuple):
    """Coverage in numbers.

    Functions are without their cold parts; there are two outcomes to each conditional
    jump. X_hit + X_unknown never exceed X: the rest certainly did not run. sites are
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
    for which its site was refused, else 0."""
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
    noted; error is the errno for which its site was refused, else 0.
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

    Several functions of a module may have one name; address tells them apart. offset
    is from the first byte of its section. opaque ones could not be decoded: only
    their entry is known. first_sample entered it first, 0 if none or not noted; error
    is the errno for which its entry was refused, else 0.
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

    def __repr__(self):
        return f"<livecov.Function {self.name} entered={self.entered}>"


class Coverage(NamedTuple):
    """All that is known of one target at one moment; sample is None for everything."""
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
    was reached: missing tells which, "taken" or "fallthrough". behind is how many
    blocks that did not run lie behind it, other_hits how often the other side ran, 0
    if that is not counted.
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
    """What an attach came to: functions, blocks and branches chosen, sites of them."""
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
    """Turns one target of a snapshot, the first, into a Coverage."""

    def __init__(self, snapshot):
        self._snapshot = snapshot
        self._target = _get(_cov_target_desc, _lib.cov_snapshot_target, snapshot, 0)
        self._sections = [_text(d.name) for d in self._all(
            _cov_section_desc, _lib.cov_snapshot_section, 0, self._target.sections)]

    def _all(self, kind, getter, first, count):
        return [_get(kind, getter, self._snapshot, 0, i) for i in range(first, first + count)]

    def coverage(self, sample):
        desc = self._target
        descs = self._all(_cov_function_desc, _lib.cov_snapshot_function, 0, desc.functions)
        totals = _get(_cov_totals, _lib.cov_snapshot_totals, self._snapshot, 0)
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
    """All that is known of an attached module, or what one sample alone has covered.

    Samples are kept apart in scope "tracked" only. Errors: ENOENT the module is not
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
    entered. With a module, of it alone; with a sample, what that sample alone did not
    reach; with levels, only functions that have one of them. Errors: as coverage();
    ENOENT also if nothing is attached.
    """
    flags = _RANK_FUNCTIONS_ONLY if functions_only else 0
    mask = _mask(levels)
    with _Handle() as handle, handle.snapshot(module, sample) as snapshot:
        if not _lib.cov_snapshot_targets(snapshot):
            raise Error(errno.ENOENT, "nothing is attached; run livecov.attach(MODULE) or "
                                      "`covstat attach MODULE`")
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

    skip passes over the first ones; the rest is as with unhit(), which is the better
    choice for many.
    """
    if skip < 0:
        raise ValueError(f"skip is {skip}")
    places = unhit(module, sample=sample, levels=levels, functions_only=functions_only)
    return places[skip] if skip < len(places) else None


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
    """A module that is measured, as attach() returns it.

    It lives until detach(), until its `with` block ends, or until this object or the
    process is gone; keep() lets it stay. attached says what the attach came to.
    """

    def __init__(self, handle: _Handle, module: str, result: _cov_attach_result):
        self._handle = handle
        self._kept = False
        self.module = module
        self.id = result.target
        self.attached = Attached(*(getattr(result, name) for name in Attached._fields))

    def __repr__(self):
        return f"<livecov.Target {self.id} {self.module}>"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self._kept or not self._handle.close.alive:
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
        """Let it stay when this object goes, until livecov.detach() or covstat detaches it."""
        self._handle.call(_lib.cov_keep, self.id)
        self._kept = True

    def reset(self) -> None:
        """Forget what was hit and go on measuring."""
        self._handle.call(_lib.cov_reset, self.id)

    def coverage(self, *, sample: Optional[int] = None) -> Coverage:
        """All that is known of it, or of one sample in it: see livecov.coverage()."""
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

    def unhit(self, **options) -> List[Unhit]:
        """What of it was not reached: see livecov.unhit()."""
        return unhit(self.module, **options)

    def next_unhit(self, **options) -> Optional[Unhit]:
        """The place of it most worth reaching next: see livecov.next_unhit()."""
        return next_unhit(self.module, **options)


class _HeldSignals:
    """For a block of the main thread, Python's handlers of signals wait for run().

    What a handler raises while libcov calls back would be lost: between the call of a
    Python function and its first statement there is nobody to catch it.
    """

    def __init__(self):
        self._handlers = {}
        self._came = []

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
            self._handlers = {n: handler for n, handler in handlers.items() if callable(handler)}
        for number in self._handlers:
            signal.signal(number, lambda *came: self._came.append(came))
        return self

    def __exit__(self, *_):
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self.run()

    def run(self):
        while self._came:
            number, frame = self._came.pop(0)
            self._handlers[number](number, frame)


def _attach(handle, module, options, result, progress):
    """cov_attach(), ended by what progress or the handler of a signal raises."""
    raised = []

    @_progress
    def step(done, total, _):
        try:
            held.run()
            if progress:
                progress(done, total)
        except BaseException as error:  # pylint: disable=broad-except
            raised.append(error)
        return len(raised)

    options.progress = step
    try:
        with _HeldSignals() as held:
            handle.call(_lib.cov_attach, _name(module), byref(options), byref(result))
    except Error:
        if raised:
            raise raised[0] from None
        raise


def attach(module: str, *, mode: str = "edges", scope: str = "all", engine: str = "auto",
           functions: Union[str, Iterable[str], None] = None,  # pylint: disable=redefined-outer-name
           functions_only: bool = False, levels: Iterable[int] = (),
           progress: Optional[Callable[[int, int], object]] = None) -> Target:
    """Measure a loaded module; use the result in a `with`, or keep it.

    mode is "edges", "count", "trace" or "blocks", scope "all" or "tracked", engine "auto",
    "kprobe", "breakpoint", "detour" or "entry": `covstat attach --help` tells them
    apart. functions are shell patterns of names (for "vmlinux": exact names, at least
    one); functions_only leaves out blocks and branches; levels, 1 to 64, are given to
    the new checkpoints. progress(done, total) is called now and then; what it raises
    ends the attach, and so does Ctrl-C. Whatever is raised, nothing is left attached.

    Errors: ENOENT no such module or function, EEXIST attached already, EPERM livecov
    itself or a locked-down kernel, EOPNOTSUPP a mode, scope or engine that cannot be
    used here, ENOSPC a table is full, and the others of cov_attach() in libcov(3).
    """
    if functions is not None:
        patterns = [functions] if isinstance(functions, str) else list(functions)
        functions = (c_char_p * (len(patterns) + 1))(*(_name(p) for p in patterns), None)
    options = _cov_attach_options(
        mode=_choice("mode", MODES, mode), scope=_choice("scope", SCOPES, scope),
        engine=_choice("engine", ENGINES, engine),
        flags=_ATTACH_FUNCTIONS_ONLY if functions_only else 0, levels=_mask(levels),
        functions=functions)
    result = _cov_attach_result()
    handle = _Handle()
    try:
        _attach(handle, module, options, result, progress)
    except BaseException:
        handle.close()
        raise
    return Target(handle, module, result)


def detach(module: str) -> None:
    """Detach a module, whoever attached it. ENOENT: it is not attached."""
    with _Handle() as handle:
        handle.call(_lib.cov_detach, handle.find(module))


def reset(module: Optional[str] = None) -> None:
    """Forget what was hit in a module, or in all, and go on measuring."""
    with _Handle() as handle:
        handle.call(_lib.cov_reset, handle.find(module) if module is not None else 0)


@contextlib.contextmanager
def sample(number: int):
    """Track the calling thread, and what it starts, as one sample for a block.

        with livecov.sample(7):
            subprocess.run(["./my-test"])

    Threads and processes that begin inside the block belong to the sample; none of
    them is tracked any more when it has ended, whichever way. Other threads are not
    touched and can have samples of their own at the same time. As a decorator it does
    the same for each call of a function. One block cannot be inside another (EEXIST).

    The coverage of each sample by itself is kept in scope "tracked"; number is 1 to
    2**64 - 1. A child made by os.fork() that leaves the block itself ends its own part
    only. Errors: EEXIST the thread is tracked already, ENOSPC a table is full.
    """
    with _Handle() as handle:
        handle.call(_lib.cov_register, _number(number))
        try:
            yield
        except BaseException:
            # The exception that is on its way is the news; closing ends it anyway.
            with contextlib.suppress(Error):
                handle.call(_lib.cov_unregister)
            raise
        handle.call(_lib.cov_unregister)


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
