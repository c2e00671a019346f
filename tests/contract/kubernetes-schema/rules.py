# SPDX-License-Identifier: Apache-2.0
"""Rules between the fields of a manifest: the API server's own validation (Kubernetes v1.29+,
pkg/apis/core/validation, pkg/apis/batch/validation, pkg/apis/apps/validation, pkg/apis/networking/validation), as far as
agentbox's manifests need it, and what kubelet and the documentation of NetworkPolicy add. Rewritten here."""
import collections
import ipaddress
import re

UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18,
         "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60, "m": 1e-3}
LARGEST_CONFIG_MAP = 1 << 20
LONGEST_LABEL = 63


def quantity(text):
    number, unit = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", text).groups()
    return float(number) * UNITS[unit]


def containers_of(spec):
    return [*spec.get("initContainers", []), *spec.get("containers", [])]


def duplicates(values):
    return [value for value, count in collections.Counter(values).items() if count > 1]


def pod_of(document):
    """Returns (spec, labels, restart policies that its kind accepts) of what runs pods; None for other kinds."""
    kind, spec = document["kind"], document.get("spec", {})
    if kind == "Pod":
        return spec, document["metadata"].get("labels", {}), {"Always", "OnFailure", "Never"}
    if kind in ("Deployment", "Job"):
        template = spec["template"]
        allowed = {"Always"} if kind == "Deployment" else {"OnFailure", "Never"}
        return template["spec"], template["metadata"].get("labels", {}), allowed
    return None


def variable_rules(container):
    for name in duplicates(variable["name"] for variable in container.get("env", [])):
        yield f"variable {name} occurs twice"


def mount_rules(container, volumes, config_maps):
    for path in duplicates(mount["mountPath"] for mount in container.get("volumeMounts", [])):
        yield f"mountPath {path} must be unique"
    names = {variable["name"] for variable in container.get("env", [])}
    for mount in container.get("volumeMounts", []):
        volume = volumes.get(mount["name"])
        if volume is None:
            yield f"volumeMount of {mount['name']}, which is not a volume of the pod"
            continue
        for name in re.findall(r"(?<!\$)(?:\$\$)*\$\(([^)]*)\)", mount.get("subPathExpr", "")):
            if name not in names:
                yield f"subPathExpr needs ${name}, which is not a variable of the container"
        source = volume.get("configMap")
        if source and "subPath" in mount:
            items = source.get("items")
            files = [item["path"] for item in items] if items is not None else config_maps.get(source["name"], {})
            if mount["subPath"] not in files:
                yield f"subPath {mount['subPath']} is not a file of volume {mount['name']}: kubelet would create a directory"


def security_rules(container):
    context = container.get("securityContext", {})
    profile = context.get("seccompProfile", {})
    if profile and (profile["type"] == "Localhost") != ("localhostProfile" in profile):
        yield "localhostProfile belongs to type Localhost, and to no other"
    if context.get("runAsNonRoot") and context.get("runAsUser") == 0:
        yield "runAsNonRoot with runAsUser 0: kubelet does not start it"
    capabilities = context.get("capabilities", {})
    if context.get("allowPrivilegeEscalation") is False and "SYS_ADMIN" in capabilities.get("add", []):
        yield "allowPrivilegeEscalation cannot be false with CAP_SYS_ADMIN"


def resource_rules(container):
    resources = container.get("resources", {})
    limits = resources.get("limits", {})
    for name, value in resources.get("requests", {}).items():
        if name in limits and quantity(value) > quantity(limits[name]):
            yield f"the request of {name} must not be above its limit"


def container_rules(container, init):
    sidecar = init and container.get("restartPolicy") == "Always"
    if not init and "restartPolicy" in container:
        yield "restartPolicy of a container: only of init containers"
    if init and not sidecar and "startupProbe" in container:
        yield "a probe of an init container that is not a sidecar"
    ports = container.get("ports", [])
    for port in duplicates((port.get("hostIP"), port.get("hostPort"), port.get("protocol", "TCP")) for port in ports if "hostPort" in port):
        yield f"host port {port} is used twice"


def volume_rules(volumes, config_maps, claims, for_podman):
    for volume in volumes:
        source = volume.get("configMap")
        if source is not None:
            data = config_maps.get(source["name"])
            if data is None:
                yield f"volume {volume['name']}: no ConfigMap {source['name']}"
                continue
            for item in source.get("items", []):
                if item["key"] not in data:
                    yield f"volume {volume['name']}: ConfigMap {source['name']} has no {item['key']}"
            for path in duplicates(item["path"] for item in source.get("items", [])):
                yield f"volume {volume['name']}: path {path} occurs twice"
        claim = volume.get("persistentVolumeClaim")
        if claim is not None and for_podman and claim["claimName"] not in claims:
            yield f"volume {volume['name']}: no PersistentVolumeClaim {claim['claimName']}"


def pod_rules(spec, config_maps, claims, for_podman):
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    for name in duplicates(volume["name"] for volume in spec.get("volumes", [])):
        yield f"volume {name} occurs twice"
    for name in duplicates(container["name"] for container in containers_of(spec)):
        yield f"container {name} occurs twice"
    yield from volume_rules(spec.get("volumes", []), config_maps, claims, for_podman)
    for container in containers_of(spec):
        init = any(container is one for one in spec.get("initContainers", []))
        for rule in (container_rules(container, init), variable_rules(container), mount_rules(container, volumes, config_maps),
                     security_rules(container), resource_rules(container)):
            yield from (f"container {container['name']}: {words}" for words in rule)


def job_rules(document):
    spec = document["spec"]
    if spec.get("completionMode") != "Indexed":
        return
    if spec.get("completions") is None:
        yield "an Indexed Job needs completions"
    last = f"{document['metadata']['name']}-{spec.get('completions', 1) - 1}"
    if len(last) > LONGEST_LABEL or "." in last:
        yield f"the name of the Job's last pod, {last}, is not a valid DNS label"


def network_rules(document):
    for rule in document["spec"].get("egress", []):
        for peer in rule.get("to", []):
            if "ipBlock" not in peer:
                continue
            try:
                block = ipaddress.ip_network(peer["ipBlock"]["cidr"])
                inner = [ipaddress.ip_network(text) for text in peer["ipBlock"].get("except", [])]
            except ValueError as error:
                yield f"ipBlock: {error}"
                continue
            for hole in inner:
                if hole.version != block.version or hole == block or not hole.subnet_of(block):
                    yield f"except {hole} is not within {block}"


def broken(documents, for_podman=False):
    """Returns the rules that a set breaks, in words. Every document has passed the schema."""
    wrong = []
    config_maps = {one["metadata"]["name"]: one.get("data", {}) for one in documents if one["kind"] == "ConfigMap"}
    claims = {one["metadata"]["name"] for one in documents if one["kind"] == "PersistentVolumeClaim"}
    workloads = [one for one in documents if pod_of(one)]
    for name, data in config_maps.items():
        if sum(len(key) + len(text.encode()) for key, text in data.items()) > LARGEST_CONFIG_MAP:
            wrong.append(f"ConfigMap {name} is larger than 1 MiB")
    for name in duplicates((one["kind"], one["metadata"]["name"]) for one in documents):
        wrong.append(f"{name} occurs twice")
    if len({one["metadata"].get("namespace") for one in documents}) > 1:
        wrong.append("the documents are of several namespaces")
    for document in workloads:
        spec, labels, policies = pod_of(document)
        if spec.get("restartPolicy", "Always") not in policies:
            wrong.append(f"restartPolicy {spec.get('restartPolicy', 'Always')} of a {document['kind']}")
        wrong += pod_rules(spec, config_maps, claims, for_podman)
        selector = document["spec"].get("selector", {}).get("matchLabels", {})
        if document["kind"] == "Deployment" and (not selector or not selector.items() <= labels.items()):
            wrong.append("the Deployment's selector does not match its template's labels")
        if document["kind"] == "Job":
            wrong += job_rules(document)
    for document in documents:
        if document["kind"] == "NetworkPolicy":
            wrong += network_rules(document)
            selector = document["spec"]["podSelector"]["matchLabels"]
            if not any(selector.items() <= pod_of(one)[1].items() for one in workloads):
                wrong.append("the NetworkPolicy selects no pod of the set")
    return wrong
