#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Validates the output of render_sample_configs against the OCI runtime specification's JSON schema.

Usage: oci_schema_test.py RENDER_SAMPLE_CONFIGS
"""
import copy
import json
import pathlib
import subprocess
import sys

import jsonschema

SCHEMAS = pathlib.Path("/usr/share/gocode/src/github.com/opencontainers/runtime-spec/schema")


def validator():
    path = SCHEMAS / "config-schema.json"
    if not path.exists():
        sys.exit(f"{path} is missing: apt-get install golang-github-opencontainers-specs-dev")
    schema = json.loads(path.read_text())
    resolver = jsonschema.RefResolver(base_uri=path.as_uri(), referrer=schema)
    return jsonschema.Draft4Validator(schema, resolver=resolver)


def mistakes(check, config):
    return [f"{'/'.join(map(str, e.path))}: {e.message}" for e in check.iter_errors(config)]


def broken(config):
    """Returns configs with one mistake each, which the schema must detect: the negative control of this test."""
    for path, value in (
        (["ociVersion"], 1),
        (["process", "user", "uid"], -1),
        (["process", "rlimits", 0, "type"], "NOFILE"),
        (["linux", "namespaces", 0, "type"], "moon"),
        (["linux", "seccomp", "defaultAction"], "MAYBE"),
        (["linux", "seccomp", "syscalls", 0, "action"], "SCMP_ACT_MAYBE"),
        (["mounts", 0, "destination"], None),
        (["annotations", "org.agentbox.box"], 7),
    ):
        wrong = copy.deepcopy(config)
        place = wrong
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        yield "/".join(map(str, path)), wrong


def main():
    samples = json.loads(subprocess.run([sys.argv[1]], check=True, stdout=subprocess.PIPE).stdout)
    check = validator()
    failed = False
    for name, config in samples.items():
        for mistake in mistakes(check, config):
            print(f"{name}: {mistake}")
            failed = True
    for place, config in broken(samples["agent"]):
        if not mistakes(check, config):
            print(f"the schema does not notice a wrong {place}")
            failed = True
    if len(samples) < 7:
        print(f"only {len(samples)} samples")
        failed = True
    sys.exit(1 if failed else 0)


main()
