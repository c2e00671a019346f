#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when an #include points against the arrows of ARCHITECTURE.md.

layering.py SOURCE_DIR    checks the tree
layering.py --self-test   checks the checker
"""
import re
import sys
from pathlib import Path

# What each component may include besides itself. Everything may include BASE.
BASE = "protocol"
ALLOWED = {
    "protocol": {},
    "support": {},
    "git": {},
    "executes": {},
    "agents": {},
    "policy": {"agents", "executes", "git", "support"},
    "conversations": {"support"},
    "homes": {"support"},
    "logins": {"agents", "support"},
    "selinux": {"support"},
    "config": {"agents", "conversations", "homes", "logins", "policy", "support"},
    "podman": {"support"},
    "oci": {"git", "policy", "support"},
    "image": {"agents", "podman", "oci", "policy", "support"},
    "firewall": {"policy", "support"},
    "network": {"agents", "boxes", "policy", "support", "firewall"},
    "review": {"executes", "git", "support"},
    "guard": {"executes", "git", "oci", "policy", "support"},
    "boxes": {"firewall", "oci", "support"},
    "box": {"agents", "boxes", "config", "conversations", "firewall", "git", "guard", "image", "logins", "network", "oci", "podman", "policy", "review", "selinux", "support"},
    "generate": {"box", "boxes", "config", "oci", "podman", "policy", "selinux", "support"},
    "doctor": {"podman", "policy", "selinux", "support"},
    "verify": {"selinux", "support"},
    "attacks": {},
    "entrypoint": {"attacks"},
    "cli": None,  # everything
}

# The launcher shows the ruleset in --dry-run, reads the audit log and speaks to the control socket: it may use the pure
# renderer and the formats of records and messages, but nothing of the firewall that opens a socket.
ONLY_HEADERS = {
    ("box", "firewall"): re.compile(r"^firewall/(ruleset/(?!\w*driver)\w+|audit/audit_record)\.hpp$"),
    ("boxes", "firewall"): re.compile(r"^firewall/control/control_message\.hpp$"),
    ("network", "firewall"): re.compile(r"^firewall/audit/(audit_record|sum)\.hpp$"),
}

# The same inside a component, by directory: oci and firewall each consist of several programs and libraries. A name with
# ".hpp" allows that header only. "" is the component's own top directory.
INSIDE = {
    "oci": {
        "": {"seccomp"},
        "seccomp": {},
        "impose": {"sealed_file.hpp"},
        "hook": {"impose"},
        "pod": {""},
        "kube": {"", "pod"},
        "kubernetes": {"", "pod"},
        "quadlet": {"", "pod", "kube"},
        "bundle": {"", "pod"},
    },
    "firewall": {
        "": {"serve"},
        "io": {},
        "audit": {},
        "http": {},
        "tls": {},
        "netlink": {},
        "ruleset": {},
        "nflog": {"io", "netlink"},
        "names": {"audit", "io"},
        "upstream": {"io"},
        "dns": {"audit", "io", "names"},
        "control": {"audit", "io", "names"},
        "proxy": {"audit", "http", "io", "names", "netlink", "ruleset", "tls", "upstream"},
        "serve": {"audit", "control", "dns", "io", "names", "netlink", "nflog", "proxy", "ruleset", "upstream"},
    },
}

# Where each component is.
DIRECTORIES = {
    "src/protocol": "protocol",
    "src/support": "support",
    "src/git": "git",
    "src/policy": "policy",
    "src/config": "config",
    "src/conversations": "conversations",
    "src/logins": "logins",
    "src/podman": "podman",
    "src/selinux": "selinux",
    "src/image": "image",
    "src/network": "network",
    "src/review": "review",
    "src/guard": "guard",
    "src/boxes": "boxes",
    "src/box": "box",
    "src/entrypoint": "entrypoint",
    "src/attacks": "attacks",
    "src/generate": "generate",
    "src/doctor": "doctor",
    "src/verify": "verify",
    "src/cli": "cli",
    "oci": "oci",
    "firewall": "firewall",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def component_of_include(name):
    """Returns the component that an include path names, or None for a header of the same directory or of a library."""
    first = name.split("/", 1)[0]
    return first if "/" in name and first in ALLOWED else None


def problem_inside(component, directory, name):
    """Returns why `directory` of `component` may not include `name` of the same component, or None."""
    target = name.split("/", 1)[1]
    target_directory = target.rsplit("/", 1)[0] if "/" in target else ""
    rules = INSIDE[component]
    if directory not in rules:
        return f"{component}/{directory} is not in INSIDE: add what it may include"
    if target_directory == directory or target_directory in rules[directory] or target in rules[directory]:
        return None
    return f"{component}/{directory} must not depend on {component}/{target_directory}"


def problem_of(component, name, directory=""):
    """Returns why a file in `directory` of `component` may not include `name`, or None."""
    if ".." in name.split("/"):
        return "a path with '..' hides the component"
    target = component_of_include(name)
    allowed = ALLOWED[component]
    if target == component and component in INSIDE:
        return problem_inside(component, directory, name)
    if target in (None, component, BASE) or allowed is None:
        return None
    if target not in allowed:
        return f"{component} must not depend on {target}"
    only = ONLY_HEADERS.get((component, target))
    if only and not only.match(name):
        return f"{component} may not include {name}: ONLY_HEADERS lists what it may"
    return None


def check(root):
    """Returns all wrong includes of the tree, as (file, line, problem), and the number of files seen."""
    wrong, seen = [], 0
    for directory, component in DIRECTORIES.items():
        for file in sorted((root / directory).rglob("*")):
            if file.suffix not in (".cpp", ".hpp", ".in"):
                continue
            seen += 1
            inside = file.parent.relative_to(root / directory).as_posix().removeprefix(".")
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                found = INCLUDE.match(line)
                problem = found and problem_of(component, found.group(1), inside)
                if problem:
                    wrong.append((file.relative_to(root), number, f'"{found.group(1)}": {problem}'))
    return wrong, seen


def self_test():
    assert problem_of("policy", "support/error.hpp") is None
    assert problem_of("policy", "policy/types.hpp") is None
    assert problem_of("policy", "nlohmann/json.hpp") is None
    assert problem_of("policy", "findings.hpp") is None
    assert problem_of("cli", "box/plan.hpp") is None
    assert problem_of("box", "firewall/ruleset/render.hpp") is None
    assert problem_of("network", "firewall/audit/audit_record.hpp") is None
    assert problem_of("support", "protocol/protocol.hpp") is None
    assert problem_of("oci", "oci/impose/impose.hpp", "hook") is None
    assert problem_of("oci", "oci/sealed_file.hpp", "impose") is None
    assert problem_of("firewall", "firewall/tls/client_hello.hpp", "proxy") is None
    assert problem_of("oci", "oci/runtime_config.hpp", "hook")
    assert problem_of("oci", "oci/runtime_config.hpp", "impose")
    assert problem_of("oci", "oci/pod/pod.hpp")
    assert problem_of("firewall", "firewall/proxy/server.hpp", "audit")
    assert problem_of("firewall", "firewall/serve/serve.hpp", "unheard-of")
    assert problem_of("protocol", "support/error.hpp")
    assert problem_of("support", "policy/types.hpp")
    assert problem_of("policy", "config/load.hpp")
    assert problem_of("oci", "podman/podman.hpp")
    assert problem_of("firewall", "oci/json.hpp")
    assert problem_of("box", "cli/app.hpp")
    assert problem_of("box", "firewall/proxy.hpp")
    assert problem_of("box", "firewall/ruleset/nft_driver.hpp")
    assert problem_of("network", "firewall/audit/audit_log.hpp")
    assert problem_of("policy", "../config/load.hpp")
    assert INCLUDE.match('#include "a/b.hpp"').group(1) == "a/b.hpp"
    assert INCLUDE.match("#include <vector>") is None
    for component, allowed in ALLOWED.items():
        assert allowed is None or "cli" not in allowed, f"{component} includes cli"
    return 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root = Path(arguments[0])
    wrong, seen = check(root)
    for file, number, problem in wrong:
        print(f"{file}:{number}: {problem}", file=sys.stderr)
    if seen < 50:
        print(f"only {seen} files seen below {root}: is this the source tree?", file=sys.stderr)
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
