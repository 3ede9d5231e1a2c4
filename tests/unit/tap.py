# SPDX-License-Identifier: GPL-2.0-only
"""unittest with a line 'ok NAME' or 'not ok NAME' for each test, as tests/run wants it.

Before them goes their number, '1..N': then it is noticed if the program does not get to the last.
"""

import sys
import unittest


class Result(unittest.TextTestResult):
    def _report(self, verdict, test, why=""):
        name = f"{type(test).__name__}.{getattr(test, '_testMethodName', 'set_up')}"
        self.stream.writeln(f"{verdict} {name}{why}")
        self.stream.flush()

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self._report("ok", test)

    def addError(self, test, err):
        unittest.TestResult.addError(self, test, err)
        self._report("not ok", test, f" - {err[0].__name__}")

    def addFailure(self, test, err):
        unittest.TestResult.addFailure(self, test, err)
        self._report("not ok", test, f" - {str(err[1]).strip().splitlines()[0]}")

    def addSkip(self, test, reason):
        unittest.TestResult.addSkip(self, test, reason)
        self._report("skip", test, f" - {reason}")

    def addSubTest(self, test, subtest, err):
        unittest.TestResult.addSubTest(self, test, subtest, err)
        if err:
            self._report("not ok", test, f" - {str(err[1]).strip().splitlines()[0]}")


class Runner(unittest.TextTestRunner):
    def run(self, test):
        self.stream.writeln(f"1..{test.countTestCases()}")
        return super().run(test)


def main():
    unittest.main(testRunner=Runner(stream=sys.stdout, resultclass=Result))
