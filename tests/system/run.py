#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the system tests: every test_*.py below this directory, or those whose name contains one of the arguments.

One line per test, and `N passed, N failed, N skipped` at the end. They need the site that tests/host/site makes."""
import pathlib
import signal
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from suite_runner import run_suite  # noqa: E402


def main():
    # A background job of a shell script ignores SIGINT, and so would every program that the tests started.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    loader, suite = unittest.TestLoader(), unittest.TestSuite()
    for directory in [HERE, *sorted(path for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__")]:
        suite.addTests(loader.discover(str(directory), pattern="test_*.py", top_level_dir=str(directory)))
    return run_suite(suite, sys.argv[1:])


sys.exit(main())
