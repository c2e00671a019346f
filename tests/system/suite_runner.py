# SPDX-License-Identifier: Apache-2.0
"""Runs unittest suites; prints a line per test, and `N passed, N failed, N skipped` at the end."""
import time
import unittest


class LinePerTest(unittest.TestResult):
    """Prints a line as each test ends, and keeps count."""

    def startTest(self, test):
        super().startTest(test)
        self._start, self._verdict = time.monotonic(), "ok"

    def _note(self, verdict, text=""):
        self._verdict = verdict
        if text:
            print(text, flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note("FAILED", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._note("FAILED", self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self._note("FAILED", f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(f"skipped ({reason})")

    def stopTest(self, test):
        super().stopTest(test)
        module, _, name = test.id().rpartition(".")
        print(f"{self._verdict:7} {time.monotonic() - self._start:6.1f} s  {module.split('.')[0]}: {name}", flush=True)


def matching_tests(suite, words):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from matching_tests(item, words)
        elif not words or any(word in item.id() for word in words):
            yield item


def run_suite(suite, words):
    """Runs the tests of `suite` whose id contains one of `words`, or all; returns the exit code."""
    picked = unittest.TestSuite(matching_tests(suite, words))
    result = LinePerTest()
    picked.run(result)
    bad = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    print(f"{result.testsRun - len(bad) - len(result.skipped)} passed, {len(bad)} failed, {len(result.skipped)} skipped")
    return 1 if bad or not result.testsRun else 0
