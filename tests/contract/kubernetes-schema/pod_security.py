# SPDX-License-Identifier: Apache-2.0
"""The restricted Pod Security Standard, from its rules as data in pod-security.json."""
import json
import pathlib

import rules

RULES = json.loads((pathlib.Path(__file__).resolve().parent / "pod-security.json").read_text())
EXCEPTIONS = {name: controls for name, controls in RULES["exceptions"].items() if name != "$comment"}


def at(value, path):
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def value_of(control, spec, container):
    match control["in"]:
        case "pod":
            return at(spec, control["field"])
        case "container":
            return at(container, control["field"])
        case "pod_or_container":
            own = at(container, ["securityContext", *control["field"]])
            return own if own is not None else at(spec, ["securityContext", *control["field"]])


def holds(control, value):
    """Returns whether `value` satisfies `control`."""
    if "one_of" in control:
        return any(value is good or (value == good and not isinstance(good, bool)) for good in control["one_of"])
    if "none_of" in control:
        return value not in control["none_of"]
    items = value or []
    if "includes" in control:
        return control["includes"] in items
    if "only" in control:
        return set(items) <= set(control["only"])
    if "each_has_only" in control:
        return all(set(item) <= set(control["each_has_only"]) for item in items)
    return not any(set(item) & set(control["each_lacks"]) for item in items)


def violations(spec, container):
    """Returns the controls that one container breaks, including those of the pod."""
    return sorted({control["control"] for control in RULES["controls"] if not holds(control, value_of(control, spec, container))})


def unexpected(documents):
    """Returns the containers of a set that are more or less restricted than they should be, as text."""
    wrong = []
    for document in documents:
        pod = rules.pod_of(document)
        for container in rules.containers_of(pod[0]) if pod else []:
            found, expected = violations(pod[0], container), sorted(EXCEPTIONS.get(container["name"], []))
            if found != expected:
                wrong.append(f"container {container['name']} breaks {found}, not {expected}")
    return wrong
