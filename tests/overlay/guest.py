#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Overlayfs from end to end: five samples mount, create, rename, copy up and unlink;
what each reached is what overlayfs does then.

    tests/vm/run [--kernel 6.12] --load -- tests/overlay/guest.py

Prints 'ok NAME' or 'not ok NAME - WHY'; the exit status is 0 if all are ok.
"""

import json
import os
import subprocess
import sys

MOUNT, CREATE, RENAME, COPY_UP, UNLINK = SAMPLES = range(1, 6)
WORK = {
    MOUNT: "mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged",
    CREATE: "echo new > merged/new",
    RENAME: "mv merged/new merged/newer",
    COPY_UP: "echo more >> merged/old",
    UNLINK: "rm merged/gone",
}
# Functions of overlayfs of which the names say it, on 6.1 and 6.12.
REACHED_BY = {
    "ovl_fill_super": [MOUNT],
    "ovl_create_object": [CREATE],
    "ovl_rename": [RENAME],
    "ovl_copy_up_one": [COPY_UP],
    "ovl_do_remove": [UNLINK],
}


def covstat(*words):
    """What a command of covstat prints as JSON."""
    done = subprocess.run(["covstat", *words, "--json"], check=True,
                          stdout=subprocess.PIPE, encoding="utf-8")
    return json.loads(done.stdout)


def shell(command):
    subprocess.run(["sh", "-ec", command], check=True)


def prepare():
    shell("modprobe overlay; mkdir -p /tmp/overlay; mount -t tmpfs none /tmp/overlay")
    os.chdir("/tmp/overlay")
    shell("mkdir lower upper work merged; echo old > lower/old; echo gone > lower/gone")
    covstat("attach", "overlay", "--scope", "tracked")


def run_samples():
    for sample in SAMPLES:
        subprocess.run(["covstat", "run", "--sample", str(sample), "--", "sh", "-ec",
                        WORK[sample]], check=True)


def functions(*words):
    """The functions that a set of places names as entered."""
    return {place["function"] for place in covstat("samples", *words)["places"]
            if place["kind"] == "function" and place["certain"]}


def expect(name, found, wanted):
    if found == wanted:
        print(f"ok {name}", flush=True)
        return True
    print(f"not ok {name} - {found}, expected {wanted}", flush=True)
    return False


def checks():
    for function, wanted in REACHED_BY.items():
        found = [sample["sample"] for sample in
                 covstat("samples", "--reaching", function)["samples"]]
        yield f"{function}_is_reached_by_its_sample_alone", found, wanted
    # What did rename reach that create did not, and the other way round?
    names = set(REACHED_BY)
    yield ("rename_reached_what_create_did_not",
           functions("--compare", str(RENAME), str(CREATE)) & names, {"ovl_rename"})
    yield ("create_reached_what_rename_did_not",
           functions("--compare", str(CREATE), str(RENAME)) & names, {"ovl_create_object"})
    for sample in SAMPLES:
        alone = {name for name, by in REACHED_BY.items() if by == [sample]}
        yield (f"sample_{sample}_has_its_function_alone",
               functions("--alone", str(sample)) & names, alone)
    yield "files_are_as_without_livecov", sorted(os.listdir("merged")), ["newer", "old"]


def main():
    prepare()
    run_samples()
    fine = [expect(*check) for check in checks()]
    shell("umount merged; covstat detach overlay")
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
