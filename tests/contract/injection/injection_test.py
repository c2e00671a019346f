#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A string from the user is in a generated set unchanged, in its place and nowhere else, or it is refused with a message.
Proved with readers that are independent of the writers: the set with the string, when read, must equal the set with a
harmless word in the same place, except for that word.

Usage: injection_test.py RENDER_HOSTILE_SETS"""
import collections
import json
import pathlib
import re
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "kubernetes-schema"))
import manifests  # noqa: E402
import rules  # noqa: E402

HARMLESS = "harmless"
# Places with their own grammar: there, whatever was accepted must be valid by the schema.
NAMES = {"name", "hostname", "env name", "workspace in the box", "protect", "mount's destination", "--namespace", "--workspace-claim"}
# Each contains many characters with a meaning in YAML, a shell, systemd or Kubernetes; those whose meaning depends on the
# beginning, the end or a line break are separate.
TEXTS = [text.encode() for text in (
    "a\"b'c\\d `id` $(id) ${x} ;id&&|>", "a b  c", " a", "a ", "-x", "--", "- a", "#x", "a #b", "a: b", "a:", "%h %% %n 100%", "$(PATH)", "$$(PATH)",
    "$(HOME) $$ $(AGENTBOX_INDEX) $(NO_SUCH) $(", "$", "\\", "a\\", "'", "null", "1e3", "[a, {b: c}]", "&a *b !!c @d `e` ? | > = <<", "...", "---",
    "{name}{{0}}", "..", "../x", "ü€😀", "\t", "a\tb", "a\nb", "\na\n\n#b\n", "a\r\nb", "a\x1b[31m\x01\x7fb", "\ufeffa", "\u202ea",
    "x\n      securityContext: {privileged: true}", "x\r      securityContext: {privileged: true}", "x\x85      securityContext: {privileged: true}",
    "x\u2028      securityContext: {privileged: true}", "x\u2029---\u2029kind: Pod\u2029", "x\r\n---\r\nkind: Pod\r\n",
    "x\n[Service]\nExecStartPre=id", "x\r[Service]\rRestart=always", "x" * 300, "x" * 140000,
)] + [b"a\0b", b"\xff", b"a\xc3(", b"\xed\xa0\x80"]


def expand(text, variables):
    """Kubernetes' expansion of $(NAME) in command, args and env: $$ is $, and an unknown name is not changed."""
    return re.sub(r"\$\$|\$\(([^)]*)\)", lambda found: "$" if found.group(0) == "$$" else variables.get(found.group(1), found.group(0)), text)


def expanded(documents):
    """Returns the variables that a container gets: in the order of the list, each may use those before it."""
    for document in documents:
        pod = rules.pod_of(document)
        for container in rules.containers_of(pod[0]) if pod else []:
            variables = {}
            for variable in container.get("env", []):
                if "value" in variable:
                    variable["value"] = variables[variable["name"]] = expand(variable["value"], variables)
                else:
                    variables[variable["name"]] = "1"
            for key in ("command", "args"):
                container[key] = [expand(word, variables) for word in container[key]]
            for mount in container["volumeMounts"]:
                if "subPathExpr" in mount:
                    mount["subPathExpr"] = expand(mount["subPathExpr"], variables)
                if "subPath" in mount and "subPathExpr" not in mount:
                    mount["subPathExpr"] = mount.pop("subPath")
    return documents


def plain(text):
    """Returns a word of a command as systemd passes it: %% is %, $$ is $. Other words with % or $ would be expanded."""
    assert not re.search(r"(?<!%)(%%)*%(?!%)", text), f"a specifier: {text}"
    assert not re.search(r"(?<!\$)(\$\$)*\$(?!\$)", text), f"a variable: {text}"
    return text.replace("%%", "%").replace("$$", "$")


def unit_words(text):
    """Returns the words of a value that systemd splits (systemd.syntax(7))."""
    return [plain(word) for word in shlex.split(text)]


def unit(text):
    """Reads a unit file as (section, key, value) of each line; refuses anything that could be read in another way."""
    lines, section = [], None
    for line in text.split("\n"):
        assert "\r" not in line and not line.endswith("\\"), line
        if line.startswith(("#", ";")) or not line.strip():
            continue
        if line.startswith("["):
            section = line
            continue
        key, equals, value = line.partition("=")
        assert equals and section, line
        lines.append([section, key, unit_words(value) if key == "PodmanArgs" else plain(value)])
    return lines


def header(text):
    """Returns the commands in a manifest's comments, which users type."""
    found = dict(re.findall(r"^# (Start|Stop|Install): +(\S.*)$", text, re.MULTILINE))
    return {name: shlex.split(line) for name, line in found.items()}


def read(path, text, kubernetes):
    """Returns what a parser of that kind of file reads."""
    name = pathlib.Path(path).name
    if name.endswith(".json"):
        return json.loads(text)
    if name.endswith(".kube"):
        return [unit(text), header(text)]
    if name.endswith(".yaml"):
        documents = manifests.read(text)
        return [expanded(documents), header(text)] if kubernetes else [documents, header(text)]
    if name == "start":
        subprocess.run(["sh", "-n"], input=text.encode(), check=True, capture_output=True)
        return shlex.split(text, comments=True)
    return text


def replaced(value, text):
    """Returns `value` with every harmless word in it replaced, in keys as well."""
    if isinstance(value, dict):
        return {replaced(key, text): replaced(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, text) for item in value]
    return value.replace(HARMLESS, text) if isinstance(value, str) else value


def with_safe_settings(value):
    """Returns `value` with each setting of Codex (-c developer_instructions="…", one line for the agent to read) in its safe form:
    every byte that means something to TOML or a terminal is a question mark."""
    if isinstance(value, dict):
        return {key: with_safe_settings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_safe_settings(item) for item in value]
    if isinstance(value, str) and value.startswith("developer_instructions="):
        return re.sub(rb'[^ -~]|["\\]', b"?", value.encode()).decode()
    return value


def contains(value, word):
    return word in json.dumps(value, ensure_ascii=False)


def normal(value):
    """Sorts sets and lists, because the order of some items depends on the text."""
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((normal(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def understood(line):
    kubernetes = line["format"].startswith("kubernetes")
    return {path: read(path, text, kubernetes) for path, text in line["files"].items()}


def problem(line, harmless, text):
    """Returns what is wrong with the outcome for one text, or None."""
    if "broke" in line:
        return f"broke instead of being refused: {line['broke']}"
    if "refused" in line:
        clean = line["refused"].replace("\ufeff", "").isprintable() and len(line["refused"]) < 600
        return None if clean and line["code"] in (2, 126) else f"refused with {line['code']} and a bad message: {line['refused']!r}"
    if text is None:
        return contains(harmless, HARMLESS) and "accepted, although it is not UTF-8 or contains NUL"
    try:
        found = understood(line)
        for path, text_of_file in line["files"].items() if line["place"] in NAMES else ():
            if path.endswith(".yaml"):
                wrong = manifests.mistakes(manifests.read(text_of_file), for_podman=not line["format"].startswith("kubernetes"))
                assert not wrong, wrong
    except (AssertionError, ValueError, subprocess.CalledProcessError, manifests.yaml.YAMLError) as error:
        return f"cannot be read back: {str(error)[:300]}"
    found, expected = with_safe_settings(found), with_safe_settings(replaced(harmless, text))
    for path, value in expected.items():
        path = path.replace(HARMLESS, text)
        if path not in found:
            return f"{path} is missing"
        if found[path] != value and normal(found[path]) != normal(value):
            return f"{path} has other content"
    return None if len(found) == len(expected) else f"other files: {sorted(found)}"


def text_of(line):
    data = bytes.fromhex(line["text"])
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def main():
    texts = [HARMLESS.encode(), *TEXTS]
    done = subprocess.run([sys.argv[1]], input=json.dumps([text.hex() for text in texts]).encode(), check=True, stdout=subprocess.PIPE)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    harmless = {(line["place"], line["format"]): line for line in lines if text_of(line) == HARMLESS}
    taken, failed = collections.Counter(), 0
    baseline = {key: understood(line) for key, line in harmless.items() if "files" in line}
    for line in lines:
        key, text = (line["place"], line["format"]), text_of(line)
        if key not in baseline:
            wrong = f"even a harmless word was refused: {harmless[key]}"
        else:
            wrong = problem(line, baseline[key], text)
        if wrong:
            failed += 1
            print(f"{key[1]}: {key[0]} = {bytes.fromhex(line['text'])[:60]!r}: {wrong}")
        taken[key] += "files" in line
    # The positive control: not every text is refused.
    for key in baseline:
        if contains(baseline[key], HARMLESS) and taken[key] < 1:
            print(f"{key}: nothing was accepted")
            failed += 1
    print(f"{len(lines)} sets, {sum(taken.values())} of them accepted, {failed} wrong")
    sys.exit(1 if failed else 0)


main()
