# SPDX-License-Identifier: Apache-2.0
"""Reads manifests as strictly as an API server does for kubectl --validate=strict: the YAML reader is independent of the
writer, duplicate keys are refused, and every document is checked against schema.json and then rules.py."""
import copy
import json
import pathlib

import jsonschema
import yaml

import rules

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = json.loads((HERE / "schema.json").read_text())
# Podman's options after a mountPath, which are not in the schema.
PODMAN_MOUNT_OPTIONS = {"nosuid", "nodev", "noexec"}


class StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML 1.1 by libyaml. Kubernetes' and Podman's readers use dialects of it: nothing may be written that differs there."""


def construct_mapping(loader, node, deep=True):
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    if len(keys) != len(set(keys)):
        raise yaml.constructor.ConstructorError(None, None, f"a key occurs twice among {keys}", node.start_mark)
    if not all(isinstance(key, str) for key in keys):
        raise yaml.constructor.ConstructorError(None, None, f"a key is not a string: {keys}", node.start_mark)
    return dict(zip(keys, [loader.construct_object(value, deep=deep) for _, value in node.value]))


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, construct_mapping)


def read(text):
    """Returns all documents of a manifest. Raises yaml.YAMLError."""
    return list(yaml.load_all(text, StrictLoader))


def validator(kind):
    known = SCHEMA["definitions"]
    if kind not in known:
        return None
    return jsonschema.Draft7Validator({"$ref": f"#/definitions/{kind}", "definitions": known},
                                      format_checker=jsonschema.FormatChecker())


def without_podmans_options(document, wrong):
    """Returns a copy in which mountPaths are only paths. Unknown options are added to `wrong`."""
    document = copy.deepcopy(document)
    if not isinstance(document, dict) or document.get("kind") != "Pod" or not isinstance(document.get("spec"), dict):
        return document
    for container in rules.containers_of(document["spec"]):
        for mount in container.get("volumeMounts", []):
            path, colon, options = str(mount.get("mountPath", "")).partition(":")
            mount["mountPath"] = path
            if colon and not set(options.split(",")) <= PODMAN_MOUNT_OPTIONS:
                wrong.append(f"mountPath: {options} are not options of a mount")
    return document


def mistakes(documents, for_podman=False):
    """Returns the mistakes in a set of documents as text; empty for a valid one."""
    wrong = []
    if for_podman:
        documents = [without_podmans_options(document, wrong) for document in documents]
    for document in documents:
        kind = document.get("kind") if isinstance(document, dict) else None
        check = validator(kind)
        if check is None:
            wrong.append(f"no such kind: {kind!r}")
            continue
        wrong += [f"{kind} {'/'.join(map(str, e.path))}: {e.message[:300]}" for e in check.iter_errors(document)]
    if not wrong:  # the rules rely on the types
        wrong += rules.broken(documents, for_podman)
    return wrong
