#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the real agentbox-firewall in separate network namespaces.

usage: run_in_namespaces.py /path/to/agentbox-firewall [WORD...]     tests whose name contains one of the words

Runs as root or as an ordinary user who may make user namespaces. Everything happens in a user, network, mount and
PID namespace that ends with this program, so nothing is left behind, whatever fails."""
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
INSIDE = "AGENTBOX_TEST_IN_NAMESPACES"


def tests(suite, words):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests(item, words)
        elif not words or any(word in item.id() for word in words):
            yield item


def main():
    program = os.path.realpath(sys.argv[1])
    if not os.access(program, os.X_OK):
        sys.exit(f"there is no program {program}")
    if INSIDE not in os.environ:
        os.execvpe("unshare", ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc",
                               "--kill-child", sys.executable, str(HERE / "run_in_namespaces.py"), program, *sys.argv[2:]],
                   {**os.environ, INSIDE: "1"})
    sys.path.insert(0, str(HERE))
    import world
    world.PROGRAM = program
    suite = unittest.TestSuite()
    for file in sorted(HERE.glob("*_cases.py")):
        suite.addTests(tests(unittest.defaultTestLoader.loadTestsFromName(file.stem), sys.argv[2:]))
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    if result.skipped and os.environ.get("CI"):
        print("in CI a skipped test is a failure")
        return 1
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
