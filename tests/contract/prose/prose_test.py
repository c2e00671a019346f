#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Searches documents, sources and scripts for the phrases of banned_phrases.txt, and contracts (///) for its first words.

prose_test.py SOURCE_DIR    prints FILE:LINE: PHRASE -> BETTER WORDS for each, and fails if there is any
prose_test.py --self-test   checks the checker
"""
import os
import re
import sys
from pathlib import Path

LIST = Path(__file__).with_name("banned_phrases.txt")
SUFFIXES = {".md", ".cpp", ".hpp", ".in", ".py", ".sh", ".bash", ".cmake", ".txt", ".toml"}
NAMES = {"dev", "Containerfile", "Containerfile.tools"}
TOPS = ("tests/host/", "packaging/", "tests/run", "tests/distribution/", "tests/bench/")  # scripts and pages without a suffix
SKIPPED = re.compile(r"(^|/)(build[^/]*|\.[^/]+|__pycache__|golden|fixtures|corpus)/|^tests/contract/prose/|^oci/seccomp/.*json$")
BETWEEN_WORDS = r"(?:[\s/#*]+|\s*\"\s*\n\s*\"\s*)"  # a phrase may be wrapped, in a comment or in a string
CONTRACT = re.compile(r"^[ \t]*/// (.*)(?:\n[ \t]*///.*)*\n(?:[ \t]*template .*\n)?(.*)", re.M)  # first line; code below
# HACKING.md shows what to avoid between these lines.
EXAMPLES = re.compile(r"<!-- before/after.*?<!-- end -->", re.S)


def keyword(expression):
    """Returns the longest word that every match contains: a file without it needs no search by regular expression."""
    plain = re.sub(r"\\[a-z]", " ", expression)
    while re.search(r"\([^()]*\)", plain):
        plain = re.sub(r"\([^()]*\)[?*]?", " ", plain)
    return max(re.findall(r"[a-z_]+", re.sub(r"[a-z]\?", " ", plain)), key=len)


def phrases(text):
    """Returns the list's expressions, their keywords and the better words."""
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith(("#", "///"))]
    return [(re.compile(row[0].replace(" ", BETWEEN_WORDS)), keyword(row[0]), row[1]) for row in rows]


def openings(text):
    """Returns the list's expressions for first words, whether they are banned only for functions, and the better words."""
    rows = [line.split("\t") for line in text.splitlines() if line.startswith("///")]
    return [(re.compile(row[0].split(" ", 1)[1]), row[0].startswith("///()"), row[1]) for row in rows]


def is_function(code):
    """Returns whether `code`, the line below a contract, declares a function: not a type, a constant or a std::function."""
    before = code.partition("(")[0]
    is_type = re.match(r"\s*(struct|class|enum|using|namespace|#)", code)
    return "(" in code and "=" not in before and not is_type and before.count("<") == before.count(">")


def bad_contracts(name, text, banned):
    """Returns the lines to print for the contracts of one C++ file."""
    found = []
    for match in CONTRACT.finditer(text):
        for expression, functions, better in banned:
            if expression.match(match[1].lower()) and (not functions or is_function(match[2])):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{name}:{line}: /// {match[1][:40]}… -> {better}")
    return found


def problems(name, text, banned):
    """Returns the lines to print for one file."""
    text = EXAMPLES.sub(lambda match: "\n" * match[0].count("\n"), text).lower()
    found = []
    for expression, word, better in banned:
        for match in expression.finditer(text) if word in text else ():
            line = text.count("\n", 0, match.start()) + 1
            found.append((line, f"{name}:{line}: {' '.join(match[0].split())} -> {better}"))
    return [message for _, message in sorted(found)]


def files(root):
    """Returns the paths to search, relative to `root`."""
    for directory, directories, names in os.walk(root):
        inside = os.path.relpath(directory, root) + "/"
        prefix = "" if inside == "./" else inside
        directories[:] = sorted(name for name in directories if not SKIPPED.search(prefix + name + "/"))
        for name in sorted(names):
            path = prefix + name
            if Path(name).suffix in SUFFIXES or name in NAMES or path.startswith(TOPS):
                if not SKIPPED.search(path):
                    yield path


def self_test():
    banned = phrases("# comment\n\\bmends?\\b\tfix\n(?<!there\\s)\\bis no (?!longer)\tis not a valid …\n")
    assert problems("a", "It Mends\n", banned) == ["a:1: mends -> fix"]
    assert problems("a", "// x is\n/// no name\n", banned) == ["a:1: is /// no -> is not a valid …"]
    assert problems("a", "amends; there is no name; it is no longer", banned) == []
    assert problems("a", "<!-- before/after -->\nmend\n<!-- end -->\nmend\n", banned) == ["a:4: mend -> fix"]
    assert keyword(r"\bcorner ?stones?\b") == "corner" and keyword(r"(?<!there\s)\b(is|are) no (?!a\b|b)") == "no"
    banned = openings("/// (what|whether)\\b\ta verb\n///() (the|a)\\b\tReturns the\n")
    assert bad_contracts("a", "  /// What it\n  /// is.\nstruct A {\n", banned) == ["a:1: /// What it… -> a verb"]
    assert bad_contracts("a", "/// The\nint a();\n", banned) == ["a:1: /// The… -> Returns the"]
    assert bad_contracts("a", "/// The\nstruct A(\n/// A\nint k = f();\n/// A\nfunction<void(A)> f;\n", banned) == []
    assert bad_contracts("a", "/// Returns\n/// what\nint a();\n// The\nint b();\n", banned) == []
    for expression, _, better in phrases(LIST.read_text(encoding="utf-8")) + openings(LIST.read_text(encoding="utf-8")):
        assert better and not expression.search(""), expression
    return 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root, listed = Path(arguments[0]), LIST.read_text(encoding="utf-8")
    banned, first_words = phrases(listed), openings(listed)
    seen, found = 0, []
    for name in files(root):
        seen += 1
        text = (root / name).read_text(encoding="utf-8", errors="replace")
        found += problems(name, text, banned)
        if name.endswith((".cpp", ".hpp")):
            found += bad_contracts(name, text, first_words)
    print("\n".join(found) or f"{seen} files")
    if seen < 50:
        print(f"only {seen} files seen below {root}: is this the source tree?", file=sys.stderr)
        return 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
