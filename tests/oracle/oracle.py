#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The independent witness: what QEMU executed against what livecov reports.

    oracle.py DIR MODULE NAME MODE

judges what guest.py left in DIR: prints `ok NAME/CHECK` or `not ok NAME/CHECK -
why` for every check, the numbers as a comment, and leaves report.json in DIR.
Exit status: 0 no difference, 1 differences, 2 nothing could be compared.

target_text.py knows the text, exec_log.py reads the log, elsewhere.py follows it to
where livecov has moved instructions, judge.py compares, damage.py makes sure that it
can fail.
"""

import dataclasses
import json
import os
import sys
import textwrap

sys.dont_write_bytecode = True      # the sources' directory stays clean

import damage
from exec_log import Witness
from judge import CHECKS, Claim, Judge
from target_text import Error, Text

SHOWN = 10      # differences of a check; report.json has them all


def load(directory, name):
    path = os.path.join(directory, name)
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise Error(f"{path}: {error}") from error


def hear(directory, text):
    """What the log says."""
    armed = load(directory, "armed.json")
    witness = Witness(text, armed["engine"])
    for section, content in armed["text"].items():
        witness.elsewhere.learn(section, bytes.fromhex(content))
    with open(os.path.join(directory, "exec.log"), "rb") as log:
        witness.read(log)
    return witness


class Report:
    """The lines and the file that remain of a run."""

    def __init__(self, name):
        self._name = name
        self.checks = {}

    def check(self, check, problems):
        self.checks[check] = problems
        if not problems:
            print(f"ok {self._name}/{check}")
            return
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        print(f"not ok {self._name}/{check} - {problems[0]}{more}")
        for problem in problems[1:SHOWN]:
            print(f"#   {problem}")

    @property
    def failed(self):
        return any(self.checks.values())

    def write(self, path, **more):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"name": self._name, "failed": self.failed,
                       "checks": self.checks, **more}, file, indent=1)


def in_words(text, difference):
    words = [text.place(difference.address)] if difference.address else []
    if difference.claim:
        words.append(f"livecov: {difference.claim}")
    if difference.evidence:
        words.append(f"witness: {difference.evidence}")
    return "; ".join(words)


def not_restored(before, after):
    """Is the text what it was, after livecov has gone?  A workload that switches
    static keys has to switch them back."""
    for name, section in before["text"].items():
        old = bytes.fromhex(section["bytes"])
        new = bytes.fromhex(after["text"][name]["bytes"])
        changed = [i for i in range(len(old)) if old[i] != new[i]]
        if changed:
            yield f"{len(changed)} bytes of {name} differ, the first at " \
                f"{name}+{changed[0]:#x}: {old[changed[0]]:02x} became " \
                f"{new[changed[0]]:02x}"


class Sight:
    """What the judge is able to see: see damage.damaged()."""

    def __init__(self, text, witness, counted, complete):
        self._text = text
        self._witness = witness
        self._counted = counted
        self._complete = complete

    def sees(self, function, entry, key):
        address = self._text.bases.get(function["section"], 0) + entry["offset"]
        jump = self._witness.jumps.get(address)
        if key in ("taken", "fallthrough"):
            return jump is not None and not jump.ambiguous and \
                (self._complete or not (entry[key] or getattr(jump, key)))
        if key == "taken_count":
            return self._counted and self._complete and not jump.ambiguous and \
                entry["state"] == "armed"
        # Blocks and entries: a first instruction.
        claimed = entry["covered"] if key == "covered" else entry["entry"]["hits"]
        return self._complete or not (claimed or self._witness.ran[address])


def unnoticed(document, text, witness, mode, complete=True):
    """Damage to the claim that the judge does not see."""
    def differences(document):
        claim = Claim(document, text.module)
        return set(Judge(text, witness, claim, mode, complete).differences)

    counted = mode != "blocks" and Claim(document, text.module).is_counted
    sight = Sight(text, witness, counted, complete)
    known = differences(document)
    for how, spoilt in damage.damaged(document, text.module, sight):
        if differences(spoilt) == known:
            yield f"{how}: not noticed"


def judge(directory, module, name, mode):
    snapshot = load(directory, "snapshot.json")
    document = load(directory, "list.json")
    guest = load(directory, "guest.json")
    text = Text(snapshot, guest["globs"])
    witness = hear(directory, text)
    complete = guest["complete"]
    verdict = Judge(text, witness, Claim(document, module), mode, complete)

    report = Report(name)
    for check in CHECKS:
        report.check(check, [in_words(text, d) for d in verdict.differences
                             if d.check == check])
    report.check("restored", list(not_restored(
        snapshot, load(directory, "snapshot-after.json"))))
    report.check("can-fail", list(unnoticed(document, text, witness, mode, complete)))

    numbers = {**verdict.numbers, "missed": document["missed"],
               "refused": document["refused"], "lost": document["lost"]}
    print(textwrap.fill("; ".join(f"{key} {value}" for key, value in
                                  {**numbers, **guest["times"]}.items()),
                        width=100, initial_indent="# ", subsequent_indent="#   "))
    report.write(os.path.join(directory, "report.json"), numbers=numbers,
                 times=guest["times"], kernel=snapshot["kernel"],
                 differences=[dataclasses.asdict(d)
                              for d in verdict.differences])
    return int(report.failed)


def main(arguments):
    if len(arguments) != 4 or arguments[3] not in ("blocks", "edges", "count"):
        print(__doc__, file=sys.stderr)
        return 2
    directory, module, name, mode = arguments
    try:
        return judge(directory, module, name, mode)
    except Error as error:
        print(f"not ok {name} - {error}")
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
