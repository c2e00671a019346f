#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the documentation with the programs, in both directions.

Usage: docs_test.py SOURCE_DIR AGENTBOX AGENTBOX_FIREWALL
"""
import fnmatch
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
import unittest

SOURCE, AGENTBOX, FIREWALL = (pathlib.Path(word) for word in sys.argv[1:4])
MAN = SOURCE / "packaging" / "man"
BROADENING = sorted(str(path.relative_to(SOURCE)) for path in (SOURCE / "docs" / "broadening").glob("*.md"))
DOCUMENTS = ["README.md", "SECURITY.md", "ARCHITECTURE.md", "HACKING.md",
             *sorted(str(path.relative_to(SOURCE)) for path in (SOURCE / "docs").glob("*.md")), *BROADENING]
EVERYWHERE = {"-h", "--help", "--version"}


def read(name):
    return (SOURCE / name).read_text()


def run(program, *words):
    result = subprocess.run([program, *words], capture_output=True, text=True, check=True)
    return result.stdout


class Command:
    """A subcommand as its --help describes it."""

    def __init__(self, path):
        self.path = path
        self.flags = set()
        self.subcommands = []
        part = ""
        for line in run(AGENTBOX, *path, "--help").splitlines():
            if re.fullmatch(r"[A-Z][\w ()\[\]-]*:", line):
                part = line[:-1]
            elif part.lower() == "subcommands" and re.match(r"  \w", line):
                self.subcommands.append(line.split()[0])
            elif options := re.match(r" {2,12}(-[\w-]+(?:, *-[\w-]+)*)", line): # CLI11 2.6 indents long ones more
                self.flags.update(re.split(", *", options[1]))
        self.flags -= EVERYWHERE


def commands():
    """Returns every command of the program, outermost first, by its path as text."""
    found, waiting = {}, [()]
    while waiting:
        path = waiting.pop(0)
        command = Command(path)
        found[" ".join(path)] = command
        waiting += [path + (name,) for name in command.subcommands]
    return found


def sections(page, macro):
    """Returns the text below each `macro` heading of a man page, by the heading's words."""
    parts = re.split(rf"^\.{macro} (.*)$", page, flags=re.M)
    return dict(zip(parts[1::2], (re.split(r"^\.Sh ", part, flags=re.M)[0] for part in parts[2::2])))


def flags_of(text):
    """Returns the flags that `.It Fl` items describe: `.It Fl p , Fl -publish Ar PORT` is -p and --publish."""
    items = re.findall(r"^\.It (Fl .*)$", text, flags=re.M)
    return {"-" + word for item in items for word in re.findall(r"Fl (-?[\w-]+)", item)}


def table(document, heading):
    """Returns the text in backquotes in the first cells of the table below `heading`."""
    text = document.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")][2:]
    return [re.findall(r"`([^`]+)`", row) for row in rows]


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.commands = commands()
        cls.page = (MAN / "agentbox.1").read_text()
        cls.readme = read("README.md")

    def test_the_help_is_understood(self):
        self.assertIn("--base", self.commands["run"].flags)
        self.assertIn("-p", self.commands["run"].flags)
        self.assertEqual(self.commands["doctor"].flags, {"--json", "--quick"})

    def test_the_man_page_has_every_command_and_no_other(self):
        parts = sections(self.page.split("\n.Sh DESCRIPTION\n", 1)[1].split("\n.Sh ", 1)[0], "Ss")
        documented = {re.split(r" (?:Op|Ar|Fl) ", heading + " Op ", maxsplit=1)[0]: text for heading, text in parts.items()}
        leaves = {path: one for path, one in self.commands.items() if path and not one.subcommands}
        self.assertEqual(sorted(documented), sorted(leaves))
        for path, command in leaves.items():
            with self.subTest(command=path):
                flags = flags_of(documented[path])
                shared = re.search(r'^\.\\" takes options of (.*)$', documented[path], flags=re.M)
                others = [self.commands[other].flags for other in shared[1].split(", ")] if shared else []
                self.assertLessEqual(flags, command.flags)
                self.assertLessEqual(command.flags - flags, set().union(*others))

    def test_the_readme_has_every_flag_of_run_and_no_other(self):
        cells = [cell for row in table(self.readme, "## Options of `run`") for cell in row]
        documented = {word for cell in cells for word in re.findall(r"(?<![\w-])--?[a-z][\w-]*", cell)}
        self.assertEqual(documented, self.commands["run"].flags)

    def test_the_readme_has_every_command_and_no_other(self):
        documented = {row[0].split()[1] for row in table(self.readme, "## Commands")}
        self.assertEqual(sorted(documented), sorted(self.commands[""].subcommands))

    def test_the_exit_codes_agree(self):
        page = self.page.split("\n.Sh EXIT STATUS\n", 1)[1].split("\n.Sh ", 1)[0]
        listed = re.findall(r"^\.It (\d+)$", page, flags=re.M)
        codes = dict(re.findall(r"^\s+(\w+) = (\d+),", read("src/support/error.hpp"), flags=re.M))
        self.assertEqual(sorted(set(listed) - {"0", "1"}), sorted(codes.values()))
        documented = [code for row in table(self.readme, "## Exit codes") for cell in row for code in re.findall(r"\b\d+\b", cell)]
        self.assertEqual(sorted(set(documented) - {"0", "1"}), sorted(codes.values()))

    def test_no_flag_is_mentioned_that_does_not_exist(self):
        known = EVERYWHERE.union(*(command.flags for command in self.commands.values()))
        for name in DOCUMENTS:
            text = re.sub(r"^```(?!console).*?^```", "", read(name), flags=re.M | re.S)
            for words in re.findall(r"agentbox (--?[a-z][^`\n]*|[a-z]+ [^`\n]*)", text):
                mine = words.split(" -- ")[0]
                for flag in re.findall(r"(?<!\S)--[a-z][\w-]*", mine):
                    with self.subTest(document=name, words=words):
                        self.assertIn(flag, known)


class Firewall(unittest.TestCase):
    def test_the_man_page_has_every_option_and_no_other(self):
        text = run(FIREWALL, "--help")
        known = set(re.findall(r"(--\w+) [A-Za-z]+", text))
        page = (MAN / "agentbox-firewall.8").read_text()
        self.assertIn("--policy", known)
        self.assertEqual(flags_of(page), known)


class Configuration(unittest.TestCase):
    @staticmethod
    def known():
        """Returns the keys that the reader looks up in its tables, from its source."""
        source = "".join(path.read_text() for path in sorted((SOURCE / "src/config").glob("*layer*.cpp")))
        keys = set(re.findall(r'[.>](?:string|strings|boolean|text_or_number)\("(\w+)"[,)]', source))
        keys.update(re.findall(r'read_(?:limit|hosts)\(\*\w+, "(\w+)"', source))
        keys.update(re.findall(r'read_list\(top, "\w+", "(\w+)"\)', source))
        keys.update(re.findall(r'\{"(\w+)", &agent\.', source))  # [agents.NAME]
        keys.update(re.findall(r'(?<!top)\.table\("(\w+)"\)', source))
        return keys

    def test_the_man_page_has_every_key_and_no_other(self):
        page = (MAN / "agentbox-config.5").read_text()
        keys = page.split("\n.Sh KEYS\n", 1)[1].split("\n.Sh ", 1)[0]
        known = self.known()
        self.assertLessEqual({"allow_hosts", "default", "selected", "pids", "source", "base", "command", "env"}, known)
        self.assertEqual(set(re.findall(r"^\.It Cm (\w+)", keys, flags=re.M)), known)

    def test_the_man_page_has_every_table_and_no_other(self):
        source = (SOURCE / "src/config/config_layer.cpp").read_text() + (SOURCE / "src/config/layer_sections.cpp").read_text()
        known = set(re.findall(r'top\.tables?\("(\w+)"\)', source)) | set(re.findall(r'read_(?:list|paths)\(top, "(\w+)"', source))
        page = (MAN / "agentbox-config.5").read_text()
        documented = re.findall(r"^\.Ss \[+(\w+)(?:\.NAME)?\]+$", page, flags=re.M)
        self.assertEqual(sorted(documented), sorted(known))

    def test_the_examples_name_known_keys_only(self):
        page = (MAN / "agentbox-config.5").read_text()
        examples = re.findall(r"^```toml\n(.*?)^```", read("README.md"), flags=re.M | re.S)
        examples.append(page.split(".Bd -literal\n", 1)[1].split("\n.Ed", 1)[0])
        self.assertGreaterEqual(len(examples), 2)
        named = self.known()
        for example in examples:
            for name, entry in tomllib.loads(example).items():
                tables = entry if isinstance(entry, list) else list(entry.values()) if name == "agents" else [entry]
                for one in tables:
                    if isinstance(one, dict) and name != "env":
                        self.assertLessEqual(set(one), named)
                    elif name != "env":
                        self.assertIn(name, named)


class Executes(unittest.TestCase):
    def test_the_man_page_is_made_from_the_table(self):
        made = subprocess.run([SOURCE / "packaging" / "make-executes-page"], capture_output=True, text=True, check=True).stdout
        self.assertEqual((MAN / "agentbox-executes.5").read_text(), made)

    def test_the_program_lists_the_table(self):
        table = tomllib.loads(read("src/executes/executes.toml"))["executes"]
        names = sorted(name for one in table for key in ("protect", "report", "steers", "project") for name in one.get(key, []))
        self.assertEqual(sorted(line.split()[0] for line in run(AGENTBOX, "review", "--list").splitlines()), names)


    def test_a_name_is_proven_exactly_when_it_has_a_proof(self):
        table = tomllib.loads(read("src/executes/executes.toml"))["executes"]
        named = {name for one in table for key in ("protect", "report", "steers", "project") for name in one.get(key, [])}
        proven = set()
        for proof in tomllib.loads(read("tests/proofs/proofs.toml"))["proof"]:
            for file in proof["names"]:
                above = [file.rsplit("/", depth)[0] for depth in range(file.count("/") + 1)]
                rules = [name for name in above if name in named] or [
                    name for name in named if "*" in name and fnmatch.fnmatchcase(file.rpartition("/")[2], name)]
                self.assertTrue(rules, f"{file} is not in executes.toml")
                proven.update(rules)
        self.assertEqual({name for one in table for name in one.get("proven", [])}, proven)


class Pages(unittest.TestCase):
    def test_the_man_pages_are_clean(self):
        checkers = {"groff": ["-mandoc", "-rF0", "-ww", "-z", "-Tutf8"], "mandoc": ["-T", "lint", "-W", "warning,stop"]}
        present = [name for name in checkers if shutil.which(name)]
        self.assertTrue(present, "neither groff nor mandoc is installed")
        for page in sorted(MAN.iterdir()):
            for name in present:
                result = subprocess.run([name, *checkers[name], page], capture_output=True, text=True)
                with self.subTest(page=page.name, checker=name):
                    self.assertEqual((result.stdout + result.stderr, result.returncode), ("", 0))

    def test_link_targets_exist(self):
        for name in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(name)):
                with self.subTest(document=name, target=target):
                    self.assertTrue((SOURCE / name).parent.joinpath(target).exists())

    def test_the_documents_keep_their_length(self):
        for name, most in {"README.md": 220, "SECURITY.md": 150}.items():
            with self.subTest(document=name):
                self.assertLessEqual(len(read(name).splitlines()), most)

    def test_security_links_every_page_on_broadening(self):
        linked = re.findall(r"\]\((docs/broadening/[^)]+)\)", read("SECURITY.md"))
        self.assertEqual(sorted(set(linked)), BROADENING)
        for name in BROADENING:
            with self.subTest(page=name):
                headings = re.findall(r"^## (.*)$", read(name), flags=re.M)
                self.assertLessEqual({"Why", "What limits it", "Test plan"}, set(headings))

    def test_the_table_of_libraries_is_what_layering_enforces(self):
        sys.path.insert(0, str(SOURCE / "tests" / "contract" / "layering"))
        import layering
        text = read("ARCHITECTURE.md").split("<!-- libraries -->\n", 1)[1].split("<!-- end -->", 1)[0]
        rows = [[set(re.findall(r"`([^`]+)`", cell)) for cell in (line.split("|")[1], line.split("|")[3])]
                for line in text.splitlines()[2:]]
        documented = {name: may for names, may in rows for name in names}
        self.assertEqual(documented, {name: set(may) for name, may in layering.ALLOWED.items() if may is not None})

    def test_the_bill_of_materials_has_every_library_and_no_other(self):
        required = set(re.findall(r"^(?:find_package|pkg_check_modules)\((\w+) .*?REQUIRED", read("CMakeLists.txt"), flags=re.M))
        bill = read("packaging/CMakeLists.txt").split("foreach(library ", 1)[1].split("endforeach", 1)[0]
        listed = set(re.findall(r"\$\{([A-Za-z0-9]+(?:_json)?)(?:_gmp)?_VERSION\}", bill))
        self.assertEqual(listed, required - {"PkgConfig", "Threads"} | {"ASIO", "TOMLPLUSPLUS"})

    def test_paths_in_the_documents_exist(self):
        tops = "src|oci|firewall|containerfiles|tests|packaging|cmake|docs"
        for name in DOCUMENTS:
            for path in re.findall(rf"`((?:{tops})/[\w./-]+)`", read(name)):
                if "NAME" not in path and "FAMILY" not in path and "LIBRARY" not in path:  # placeholders
                    with self.subTest(document=name, path=path):
                        self.assertTrue((SOURCE / path).exists(), path)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
