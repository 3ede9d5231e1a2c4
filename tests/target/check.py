#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare what covstat says of covtarget.ko with what must have run.

    check.py [--mode edges|blocks|count] [--scope tracked|all]
             [--engine auto|detour|breakpoint|kprobe] [--functions GLOB]...
        attach to covtarget (loading it and livecov if need be), call its
        functions in rounds, compare each round's `covstat list --json` with
        expected.py, detach
    check.py --compare LIST --calls 'FUNCTION ARGS, ...' [--mode] [--scope]
        compare one saved list, of calls made once by one process

Prints `ok NAME` or `not ok NAME - WHY` for each function called in each round, and
for what every round has in common, in that mode and scope. Exit status: 0 if all are ok, else 1; 2 on a
wrong command line.

In mode blocks an outcome may be unknown; everything else is exact in every mode. How
often something ran is compared where the list says that it is counted.
"""

import argparse
import bisect
import collections
import fnmatch
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True      # the project may be read-only, or somebody else's
# pylint: disable=wrong-import-position
import expected
from expected import Ran
from marks import Marks, Place

HERE = os.path.dirname(os.path.realpath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
MODULE = "covtarget"
MODULE_SYSFS = f"/sys/module/{MODULE}"
CONTROL = "/sys/kernel/debug/livecov/control"
COMMAND_TIMEOUT_S = 300


class Fatal(Exception):
    """The test could not be made."""


class Report:
    """The lines of output, and the verdict."""

    def __init__(self, name):
        self._name = name
        self.failed = 0
        self.passed = 0

    def result(self, name, problems):
        if problems:
            more = f" (and {len(problems) - 4} more)" if len(problems) > 4 else ""
            print(f"not ok {self._name}/{name} - {'; '.join(problems[:4])}{more}", flush=True)
            self.failed += 1
        else:
            print(f"ok {self._name}/{name}", flush=True)
            self.passed += 1


# -- what covstat says --

class Listing:
    """One target of `covstat list --json`, indexed by place."""

    def __init__(self, document):
        if document.get("format_version") != 1:
            raise Fatal(f"format_version is {document.get('format_version')}, not 1")
        targets = [t for t in document["targets"] if t["module"] == MODULE]
        if len(targets) != 1:
            raise Fatal(f"{len(targets)} targets {MODULE} in the list, not 1")
        self.functions = {f["name"]: f for f in targets[0]["functions"]}
        self.build_id = targets[0]["build_id"]
        # In mode blocks a site that has done its work counts no more.
        self.counts_entries = targets[0]["counted"] and targets[0]["mode"] != "blocks"
        self.nr_functions = len(targets[0]["functions"])
        self.missed, self.lost = document["missed"], document["lost"]
        self._blocks = collections.defaultdict(list)
        self._branches = {}
        for function in targets[0]["functions"]:
            section = function["section"]
            for block in function["blocks"]:
                self._blocks[section].append(
                    (block["offset"], block["size"], block["covered"]))
            for branch in function["branches"]:
                self._branches[Place(section, branch["offset"])] = branch
        for blocks in self._blocks.values():
            blocks.sort()

    def block_at(self, place):
        """(offset, size, covered) of the block that has @place, or None."""
        blocks = self._blocks[place.section]
        i = bisect.bisect_right(blocks, place.offset, key=lambda b: b[0]) - 1
        if i < 0 or place.offset >= blocks[i][0] + blocks[i][1]:
            return None
        return blocks[i]

    def branch_at(self, place):
        return self._branches.get(place)


def union(answers):
    """Of all copies of a place: yes if one is, unknown if none is and one may be."""
    answers = list(answers)
    if True in answers:
        return True
    return None if None in answers else False


# -- what must have run --

class Selection:
    """The functions that are attached to, as covstat attach --functions has it."""

    def __init__(self, globs):
        self.globs = globs

    def __contains__(self, name):
        name = name.removesuffix(".cold")
        return not self.globs or any(fnmatch.fnmatchcase(name, g) for g in self.globs)


class Expectation:
    """What ran in a round: adds up inputs."""

    def __init__(self, scope, selection):
        self._scope = scope
        self._selection = selection
        self.entries = collections.Counter()
        self.words = collections.defaultdict(set)

    def add_ran(self, name, ran, times=1):
        if name not in self._selection:
            return
        if expected.AT_LEAST_ONCE in (ran.entries, self.entries.get(name, 0)):
            self.entries[name] = expected.AT_LEAST_ONCE
        else:
            self.entries[name] += ran.entries * times
        self.words[name].update(self._split(ran.words))

    def add(self, function, inp, times=1):
        self.add_ran(f"covt_{function}", Ran(inp.entries, inp.own), times)
        for name, ran in inp.also.items():
            self.add_ran(name, ran, times)
        if self._scope == "all":
            for name, ran in inp.aside.items():
                self.add_ran(name, ran, times)

    @staticmethod
    def _split(words):
        """name, name+ and name- each as itself; name+- as both of the latter."""
        for word in words.split():
            name = word.rstrip("+-")
            yield from (name + sign for sign in word[len(name):] or [""])


class Judge:
    """Compares a Listing with an Expectation."""

    def __init__(self, marks, mode):
        self._marks = marks
        self._exact = mode != "blocks"

    def function(self, name, listing, want):
        """What is wrong with one function, in words."""
        function = listing.functions.get(name)
        if function is None:
            return ["it is not listed"]
        problems = self._entry(function["entry"], want.entries[name],
                               listing.counts_entries)
        words = want.words[name]
        for mark, places in self._marks.marks.get(name, {}).items():
            if name not in expected.BLOCKS_UNSURE:
                problems += self._mark(mark, places, listing, mark in words)
        for jump, places in self._marks.jumps.get(name, {}).items():
            # In mode blocks outcomes follow from blocks.
            if name not in expected.BLOCKS_UNSURE or self._exact:
                problems += self._jump(jump, places, listing,
                                       {s: jump + s in words for s in "+-"})
        problems += [f"{w} is no place in it" for w in sorted(words)
                     if w.rstrip("+-") not in self._marks.marks.get(name, {})
                     and w.rstrip("+-") not in self._marks.jumps.get(name, {})]
        return problems

    @staticmethod
    def _entry(entry, want, counted):
        if entry["state"] == "refused":
            return [f"its entry was refused, errno {entry['errno']}"]
        hits = entry["hits"]
        if want == expected.AT_LEAST_ONCE:
            return [] if hits else ["not entered"]
        if hits == want or (not counted and hits and want):
            return []
        return [f"entered {hits} times, not {want}"]

    @staticmethod
    def _mark(mark, places, listing, want):
        blocks = [listing.block_at(p) for p in places]
        if None in blocks:
            return [f"{mark} is in no block"]
        covered = union(b[2] for b in blocks)
        if covered == want:
            return []
        words = {True: "covered", False: "not covered", None: "unknown"}
        return [f"{mark} is {words[covered]}, but it {'ran' if want else 'did not run'}"]

    def _jump(self, jump, places, listing, want):
        branches = [listing.branch_at(p) for p in places]
        if None in branches:
            return [f"jump {jump} is not listed"]
        problems = []
        for sign, member in (("+", "taken"), ("-", "fallthrough")):
            seen = union(b[member] for b in branches)
            if seen != want[sign] and (self._exact or seen is not None):
                problems.append(f"jump {jump}: {member} is {json.dumps(seen)}")
        return problems

    def others(self, listing, want):
        """What was not called: nothing of it ran."""
        problems = []
        for name in listing.functions:
            if name in want.entries or name in expected.PLUMBING or \
               not name.startswith("covt_") or name.endswith(".cold"):
                continue
            problems += [f"{name}: {p}" for p in self.function(name, listing, want)]
        problems += [f"{name} was not entered" for name in expected.PLUMBING
                     if name in listing.functions
                     and not listing.functions[name]["entry"]["hits"]]
        if listing.missed or listing.lost:
            problems.append(f"{listing.missed} missed, {listing.lost} lost")
        return problems


class Structure:
    """What holds of every list, whatever ran."""

    def __init__(self, marks, selection):
        self._marks = marks
        self._selection = selection

    def build(self, listing):
        """What is loaded is the file that the marks are from."""
        if listing.build_id == self._marks.build_id:
            return []
        return [f"loaded is {listing.build_id}, the file is {self._marks.build_id}"]

    def functions(self, listing):
        """Each function of the file is listed once; what is gone is not."""
        wanted = {}
        for symbol in self._marks.symbols:
            # What stands in front of functions, with a symbol: padding, the hash of a type.
            if symbol.section in expected.LISTED_SECTIONS and \
               not symbol.name.startswith(("__pfx_", "__cfi_")):
                key = Place(symbol.section, symbol.offset)
                wanted.setdefault(key, set()).add((symbol.name, symbol.size))
        # One function can have several names; any of them selects it.
        wanted = {key: names for key, names in wanted.items()
                  if any(name in self._selection for name, _ in names)}
        problems = []
        if listing.nr_functions != len(listing.functions):
            problems.append("a name is listed twice")
        for function in listing.functions.values():
            key = Place(function["section"], function["offset"])
            if (function["name"], function["size"]) not in wanted.pop(key, ()):
                problems.append(f"{function['name']} is listed, but not in the file")
        problems += [f"{min(names)[0]} is not listed" for names in wanted.values()]
        problems += [f"{name} has no cold part" for name in expected.HAS_COLD_PART
                     if name in self._selection and f"{name}.cold" not in listing.functions]
        return problems

    def jumps(self, listing):
        problems = []
        for name, sizes in expected.JUMP_SIZES.items():
            if name not in self._selection:
                continue
            for jump, size in sizes.items():
                for place in self._marks.jumps[name][jump]:
                    branch = listing.branch_at(place)
                    if branch is None or branch["size"] != size:
                        problems.append(f"{name}: {jump} is not {size} bytes long")
        return problems

    @staticmethod
    def blocks(listing):
        """Blocks lie in their function, side by side; branches end one each."""
        problems = []
        for function in listing.functions.values():
            at, end = function["offset"], function["offset"] + function["size"]
            ends = set()
            for block in sorted(function["blocks"], key=lambda b: b["offset"]):
                if block["offset"] < at or block["size"] < 1:
                    problems.append(f"{function['name']}: block at {block['offset']:#x} "
                                    "overlaps the one before")
                at = block["offset"] + block["size"]
                ends.add(at)
            if at > end:
                problems.append(f"{function['name']}: a block ends behind it")
            if not function["blocks"]:
                problems.append(f"{function['name']} has no blocks")
            problems += [f"{function['name']}: branch at {b['offset']:#x} ends no block"
                         for b in function["branches"]
                         if b["offset"] + b["size"] not in ends]
        return problems


# -- calling --

def run(*command):
    """stdout of a command that must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False,
                          timeout=COMMAND_TIMEOUT_S)
    if done.returncode:
        raise Fatal(f"{' '.join(command)[:200]}: exit status {done.returncode}")
    return done.stdout


class Machine:
    """The real thing: covstat, the module, and calls."""

    def __init__(self, options):
        self._options = options
        self._loaded = False
        self._attached = False

    def __enter__(self):
        if not os.path.exists(CONTROL):
            run("modprobe", "livecov")
        if not os.path.exists(MODULE_SYSFS):
            run("modprobe", MODULE)
            self._loaded = True
        try:
            run(self._options.covstat, "attach", MODULE, "--mode", self._options.mode,
                "--scope", self._options.scope, "--engine", self._options.engine,
                *(f"--functions={glob}" for glob in self._options.functions))
            self._attached = True
        except Fatal:
            self._clean_up()
            raise
        return self

    def __exit__(self, failure, *_):
        try:
            self._clean_up()
        except Fatal as error:
            if failure is None:
                raise
            # What failed first is the news.
            print(f"# {error}", file=sys.stderr)

    def _clean_up(self):
        if self._attached:
            run(self._options.covstat, "detach", MODULE)
        if self._loaded:
            run("rmmod", MODULE)

    def reset(self):
        run(self._options.covstat, "reset")

    def command(self, *words):
        """The command that makes tracked calls; words are covtarget-call's."""
        return (self._options.covstat, "run", "--", self._options.call, *words)

    def call(self, *words):
        return run(*self.command(*words))

    def call_untracked(self, *words):
        return run(self._options.call, *words)

    def listing(self, name):
        text = run(self._options.covstat, "list", "--json")
        if self._options.save:
            with open(os.path.join(self._options.save, f"{name}.json"), "w",
                      encoding="utf-8") as file:
                file.write(text)
        return Listing(json.loads(text))


# -- the rounds --

def words_of(calls):
    """['f 1', 'g 2'] to covtarget-call's arguments."""
    words = []
    for call in calls:
        words += ([","] if words else []) + call.split()
    return words


class Test:
    """All rounds on one machine."""

    def __init__(self, machine, marks, options, report):
        self._machine = machine
        self._options = options
        self._report = report
        self._judge = Judge(marks, options.mode)
        self._selection = Selection(options.functions)
        self._structure = Structure(marks, self._selection)

    def run(self):
        functions = dict(expected.FUNCTIONS)
        if self._options.warn:
            functions["warn"] = functions["warn"] + [expected.WARNING]
        self._check_structure()
        everything = self._expectation()
        rounds = max(len(inputs) for inputs in functions.values())
        for number in range(rounds):
            inputs = {name: inputs[number] for name, inputs in functions.items()
                      if number < len(inputs)}
            self._machine.reset()
            self._inputs(f"round{number + 1}", inputs, self._expectation())
        self._machine.reset()
        for number in range(rounds):
            inputs = {name: inputs[number] for name, inputs in functions.items()
                      if number < len(inputs)}
            self._call_inputs(inputs, everything)
        self._compare("all_rounds", everything)
        for name, sleeper in expected.SLEEPERS.items():
            self._sleeper(name, *sleeper)
        self._thread(*expected.THREAD)
        self._tasks()
        self._untracked()

    def _expectation(self):
        return Expectation(self._options.scope, self._selection)

    def _check_structure(self):
        self._machine.reset()
        listing = self._machine.listing("structure")
        for check in (self._structure.build, self._structure.functions,
                      self._structure.jumps, self._structure.blocks):
            self._report.result(f"structure/{check.__name__}", check(listing))

    def _compare(self, round_name, want):
        listing = self._machine.listing(round_name)
        for name in want.entries:
            self._report.result(f"{round_name}/{name}",
                                self._judge.function(name, listing, want))
        self._report.result(f"{round_name}/others", self._judge.others(listing, want))

    def _call_inputs(self, inputs, want):
        """Make the calls in one process; compare what they return."""
        calls, results = [], []
        for name, inp in inputs.items():
            want.add(name, inp)
            for call, result in ((inp.before, 0), (f"{name} {inp.args}", inp.result),
                                 (inp.after, 0)):
                if call:
                    calls.append(call)
                    results.append(f"{call.split()[0]} = {result}")
        want.add_ran("covt_release", Ran(1, "release"))
        got = self._machine.call(*words_of(calls)).splitlines()
        return [f"{call} gave {line}" for call, result, line in zip(calls, results, got)
                if line != result] + (["a result is missing"] if len(got) != len(calls) else [])

    def _inputs(self, round_name, inputs, want):
        problems = self._call_inputs(inputs, want)
        self._report.result(f"{round_name}/results", problems)
        self._compare(round_name, want)

    def _sleeper(self, name, args, result, asleep, awake):
        """A tracked task sleeps in the middle of a block while we look."""
        self._machine.reset()
        command = self._machine.command(name, *args.split())
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as task:
            self._machine.call_untracked("wait_reached")
            want = self._waiting("covt_wait_reached")
            want.add_ran(f"covt_{name}", Ran(1, asleep))
            want.add_ran("covt_sleep", Ran(1, ""))
            self._compare(f"{name}_asleep", want)
            self._machine.call_untracked("wake")
            output, _ = task.communicate(timeout=COMMAND_TIMEOUT_S)
        want.add_ran("covt_release", Ran(1, "release"))
        if self._options.scope == "all":
            want.add_ran("covt_wake", Ran(1, ""))
            want.add_ran("covt_release", Ran(1, "release"))
        want.add_ran(f"covt_{name}", Ran(0, awake))
        self._report.result(f"{name}/result", [] if output == f"{name} = {result}\n"
                            else [f"gave {output.strip()}"])
        self._compare(f"{name}_awake", want)

    def _waiting(self, *functions):
        """Untracked calls: one process each, counted in scope all alone."""
        want = self._expectation()
        if self._options.scope == "all":
            for name in functions:
                want.add_ran(name, Ran(1, ""))
                want.add_ran("covt_release", Ran(1, "release"))
        return want

    def _thread(self, name, asleep, awake):
        self._machine.reset()
        scope_all = self._options.scope == "all"
        want = self._expectation()
        for call, words in (("thread_start", asleep), ("thread_stop", awake)):
            self._machine.call(call)
            want.add_ran(f"covt_{call}", Ran(1, ""))
            want.add_ran("covt_release", Ran(1, "release"))
            if scope_all:
                first = call == "thread_start"
                want.add_ran(name, Ran(int(first), words))
                want.add_ran("covt_sleep", Ran(int(first), ""))
            self._compare(call, want)

    def _tasks(self):
        """Children and threads count as their ancestor does, each exactly."""
        inp = expected.FUNCTIONS["if_else"][0]
        processes, threads, repeat = 5, 3, 20
        self._machine.reset()
        self._machine.call("-f", str(processes), "-t", str(threads), "-r", str(repeat),
                           "if_else", *inp.args.split())
        want = self._expectation()
        want.add("if_else", inp, processes * threads * repeat)
        want.add_ran("covt_release", Ran(1, "release"))
        self._compare("tasks", want)

    def _untracked(self):
        """Who is not registered counts in scope all alone."""
        inp = expected.FUNCTIONS["if_else"][1]
        self._machine.reset()
        self._machine.call_untracked("if_else", *inp.args.split())
        want = self._expectation()
        if self._options.scope == "all":
            want.add("if_else", inp)
            want.add_ran("covt_release", Ran(1, "release"))
            self._compare("untracked", want)
        else:
            listing = self._machine.listing("untracked")
            self._report.result("untracked/nothing", [
                f"{name} entered {f['entry']['hits']} times"
                for name, f in listing.functions.items() if f["entry"]["hits"]])


def compare_saved(options, marks, report):
    """One list, made by somebody else."""
    want = Expectation(options.scope, Selection(options.functions))
    for call in options.calls.split(","):
        name, _, args = call.strip().partition(" ")
        inputs = [i for i in expected.FUNCTIONS.get(name, ()) if i.args == args.strip()]
        if not inputs:
            raise Fatal(f"expected.py says nothing of '{call.strip()}'")
        want.add(name, inputs[0])
    want.add_ran("covt_release", Ran(1, "release"))
    with open(options.compare, encoding="utf-8") as file:
        listing = Listing(json.load(file))
    report.result("structure/build",
                  Structure(marks, Selection(options.functions)).build(listing))
    judge = Judge(marks, options.mode)
    for name in want.entries:
        report.result(name, judge.function(name, listing, want))
    report.result("others", judge.others(listing, want))


def find_module():
    """The file that is loaded by its name, or the one at the project's top."""
    done = subprocess.run(("modinfo", "-n", MODULE), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    for path in (os.path.join(PROJECT, f"{MODULE}.ko"), done.stdout.strip()):
        if path and os.path.exists(path):
            return path
    raise Fatal(f"no {MODULE}.ko; say where with --ko")


def program(name):
    path = os.path.join(PROJECT, "build", name)
    return path if os.path.exists(path) else name


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--mode", choices=("edges", "blocks", "count"), default="edges")
    parser.add_argument("--scope", choices=("tracked", "all"), default="tracked")
    parser.add_argument("--engine", default="auto",
                        choices=("auto", "detour", "breakpoint", "kprobe"))
    parser.add_argument("--functions", metavar="GLOB", action="append", default=[],
                        help="attach to functions of these names alone")
    parser.add_argument("--warn", action="store_true",
                        help="also call what writes a warning to the kernel log")
    parser.add_argument("--save", metavar="DIR", help="keep each list there")
    parser.add_argument("--ko", help="the module's file")
    parser.add_argument("--covstat", default=program("covstat"))
    parser.add_argument("--call", default=program("covtarget-call"))
    parser.add_argument("--compare", metavar="LIST", help="a saved list; with --calls")
    parser.add_argument("--calls", help="what was called before, 'FUNCTION ARGS, ...'")
    options = parser.parse_args()
    if bool(options.compare) != bool(options.calls):
        parser.error("--compare and --calls go together")
    return options


def main():
    options = parse_options()
    report = Report(f"{options.mode}/{options.scope}")
    try:
        marks = Marks(options.ko or find_module())
        if options.compare:
            compare_saved(options, marks, report)
        else:
            with Machine(options) as machine:
                Test(machine, marks, options, report).run()
    except (Fatal, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        print(f"not ok check.py - {type(error).__name__}: {error}", flush=True)
        return 1
    print(f"# {report.passed} ok, {report.failed} not ok")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
