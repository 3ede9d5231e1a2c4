# SPDX-License-Identifier: GPL-2.0-only
"""In the guest: measure one section.

    main.py SECTION SETTINGS

Rows go to $OUT/SECTION.json as they are measured.
"""

import importlib
import os
import sys
import traceback

from common import Rows, Settings, Unavailable


def main():
    section, settings = sys.argv[1:]
    rows = Rows(section, os.path.join(os.environ["OUT"], section + ".json"))
    try:
        importlib.import_module(section).measure(Settings(settings), rows)
    except Unavailable as error:
        traceback.print_exc()
        rows.add("bench", "the rest of this section", "", error=error)
        sys.exit(1)


main()
