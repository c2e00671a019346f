# SPDX-License-Identifier: Apache-2.0
"""Deliberate mistakes, each in a good manifest: (what, change). A check that does not notice
them proves nothing."""
import rules


def pod(documents):
    return next(found[0] for found in map(rules.pod_of, documents) if found)


def of_kind(documents, kind):
    return next(document for document in documents if document["kind"] == kind)


def agent(documents):
    return next(one for one in pod(documents)["containers"] if one["name"] == "agent")


def sidecar(documents):
    return next(one for one in pod(documents)["initContainers"] if one["name"] == "firewall")


def put(place, *path):
    """Sets path[:-1] of place(documents) to path[-1]; None removes it."""
    *keys, last, value = path

    def change(documents):
        inner = place(documents)
        for key in keys:
            inner = inner[key]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    return change


def add(place, *path):
    """Appends path[-1] to the list at path[:-1]."""
    *keys, value = path

    def change(documents):
        inner = place(documents)
        for key in keys:
            inner = inner[key]
        inner.append(value)
    return change


def kind(name):
    return lambda documents: of_kind(documents, name)


EVERYWHERE = [
    ("an unknown field of a container", put(agent, "privilegd", True)),
    ("an unknown field of the pod", put(pod, "hostNetwork", True)),
    ("an unknown field of a security context", put(agent, "securityContext", "procMount", "Unmasked")),
    ("a field in the wrong case", put(agent, "workingdir", "/")),
    ("an unknown kind", put(lambda documents: documents[0], "kind", "ConfigMaps")),
    ("a wrong API version", put(lambda documents: documents[0], "apiVersion", "v2")),
    ("an object without a name", put(lambda documents: documents[0], "metadata", "name", None)),
    ("a name with capitals", put(lambda documents: documents[0], "metadata", "name", "Box")),
    ("a name that is too long", put(lambda documents: documents[0], "metadata", "name", "a" * 254)),
    ("a container without a name", put(agent, "name", None)),
    ("a container's name with a dot", put(agent, "name", "a.b")),
    ("a container without an image", put(agent, "image", None)),
    ("an image's name with a blank", put(agent, "image", "a b")),
    ("two containers of one name", put(agent, "name", "firewall")),
    ("a pod without containers", put(pod, "containers", [])),
    ("a host name with an underscore", put(pod, "hostname", "a_b")),
    ("a text where a number must be", put(agent, "securityContext", "runAsUser", "1000")),
    ("a negative uid", put(agent, "securityContext", "runAsUser", -1)),
    ("a text where a boolean must be", put(agent, "securityContext", "allowPrivilegeEscalation", "false")),
    ("a capability with CAP_", put(agent, "securityContext", "capabilities", "drop", ["CAP_NET_RAW"])),
    ("a number where an argument must be", put(agent, "args", ["exec", 512])),
    ("a boolean where a variable's value must be", add(agent, "env", {"name": "X", "value": True})),
    ("a variable without a name", add(agent, "env", {"value": "x"})),
    ("a variable's name with '='", add(agent, "env", {"name": "A=B", "value": "x"})),
    ("a variable twice", add(agent, "env", {"name": "PATH", "value": "x"})),
    ("a variable with two sources", add(agent, "env", {"name": "X", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}})),
    ("a field of the pod that cannot be a variable", add(agent, "env", {"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "spec.hostname"}}})),
    ("a mount of a volume that does not exist", add(agent, "volumeMounts", {"name": "nowhere", "mountPath": "/x"})),
    ("a mount without a path", add(agent, "volumeMounts", {"name": "tmp"})),
    ("a relative mountPath", add(agent, "volumeMounts", {"name": "tmp", "mountPath": "x"})),
    ("two mounts at one path",
     lambda documents: agent(documents)["volumeMounts"].extend([{"name": "run", "mountPath": "/x"}, {"name": "tmp", "mountPath": "/x"}])),
    ("an absolute subPath", add(agent, "volumeMounts", {"name": "tmp", "mountPath": "/x", "subPath": "/etc"})),
    ("a subPath with ..", add(agent, "volumeMounts", {"name": "tmp", "mountPath": "/x", "subPath": "a/../.."})),
    ("subPath and subPathExpr", add(agent, "volumeMounts", {"name": "tmp", "mountPath": "/x", "subPath": "a", "subPathExpr": "b"})),
    ("subPathExpr with a variable that does not exist", add(agent, "volumeMounts", {"name": "tmp", "mountPath": "/x", "subPathExpr": "a-$(NO)"})),
    ("a volume without a source", add(pod, "volumes", {"name": "x"})),
    ("a volume with two sources", add(pod, "volumes", {"name": "x", "emptyDir": {}, "hostPath": {"path": "/x"}})),
    ("two volumes of one name", add(pod, "volumes", {"name": "tmp", "emptyDir": {}})),
    ("a volume of a ConfigMap that does not exist", add(pod, "volumes", {"name": "x", "configMap": {"name": "nowhere"}})),
    ("an unknown medium", add(pod, "volumes", {"name": "x", "emptyDir": {"medium": "memory"}})),
    ("a size that is not a quantity", add(pod, "volumes", {"name": "x", "emptyDir": {"sizeLimit": "1 GB"}})),
    ("a quantity as a number", put(agent, "resources", {"limits": {"cpu": 1}})),
    ("a quantity with an unknown unit", put(agent, "resources", {"limits": {"memory": "1GB"}})),
    ("a request above its limit", put(agent, "resources", {"limits": {"memory": "1Mi"}, "requests": {"memory": "1Gi"}})),
    ("an unknown restart policy", put(pod, "restartPolicy", "never")),
    ("a sidecar among the ordinary containers", put(agent, "restartPolicy", "Always")),
    ("a label that is too long", put(lambda documents: documents[-1], "metadata", "labels", {"a": "b" * 64})),
    ("a label with a blank", put(lambda documents: documents[-1], "metadata", "labels", {"a": "b c"})),
    ("an annotation that is not a string", put(lambda documents: documents[-1], "metadata", "annotations", {"a": 1})),
    ("an annotation's key with two slashes", put(lambda documents: documents[-1], "metadata", "annotations", {"a/b/c": "1"})),
    ("a file of a ConfigMap with a slash", put(kind("ConfigMap"), "data", {"a/b": "x"})),
    ("a ConfigMap that is too large", lambda documents: of_kind(documents, "ConfigMap")["data"].update({"x": "y" * (1 << 20)})),
]

KUBERNETES = [
    ("a mountPath with ':'", add(agent, "volumeMounts", {"name": "tmp", "mountPath": "/x:nosuid"})),
    ("two objects of one kind and name", lambda documents: documents.append(documents[0])),
    ("objects of two namespaces", put(kind("NetworkPolicy"), "metadata", "namespace", "elsewhere")),
    ("a key that the ConfigMap does not have", lambda documents: of_kind(documents, "ConfigMap")["data"].pop("egress.json")),
    ("a subPath that the ConfigMap's volume does not have", add(agent, "volumeMounts", {"name": "hosts", "mountPath": "/x", "subPath": "host"})),
    ("a probe of an init container that is not a sidecar", put(sidecar, "restartPolicy", None)),
    ("an init container with another restart policy", put(sidecar, "restartPolicy", "OnFailure")),
    ("a local seccomp profile without its file", put(agent, "securityContext", "seccompProfile", {"type": "Localhost"})),
    ("a file with the runtime's seccomp profile", put(agent, "securityContext", "seccompProfile", {"type": "RuntimeDefault", "localhostProfile": "x"})),
    ("an absolute seccomp profile", put(agent, "securityContext", "seccompProfile", {"type": "Localhost", "localhostProfile": "/x"})),
    ("root that must not be root", put(agent, "securityContext", "runAsUser", 0)),
    ("a port beyond 65535", put(kind("NetworkPolicy"), "spec", "egress", [{"ports": [{"port": 65536}]}])),
    ("a port with an invalid name", put(kind("NetworkPolicy"), "spec", "egress", [{"ports": [{"port": "443"}]}])),
    ("a protocol in small letters", put(kind("NetworkPolicy"), "spec", "egress", [{"ports": [{"protocol": "tcp", "port": 1}]}])),
    ("a block that is not a CIDR", put(kind("NetworkPolicy"), "spec", "egress", [{"to": [{"ipBlock": {"cidr": "10.0.0.1"}}]}])),
    ("a block with bits of a host", put(kind("NetworkPolicy"), "spec", "egress", [{"to": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}])),
    ("an exception outside its block", put(kind("NetworkPolicy"), "spec", "egress", [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]}])),
    ("a block and a selector in one", put(kind("NetworkPolicy"), "spec", "egress", [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {"matchLabels": {}}}]}])),
    ("a network policy for no pod", put(kind("NetworkPolicy"), "spec", "podSelector", "matchLabels", {"a": "b"})),
    ("a network policy that lets something in", put(kind("NetworkPolicy"), "spec", "ingress", [{}])),
]

KUBE = [
    ("an unknown option of a mount", add(agent, "volumeMounts", {"name": "tmp", "mountPath": "/x:nosiud"})),
    ("a claim that does not exist", lambda documents: documents.remove(of_kind(documents, "PersistentVolumeClaim"))),
    ("a claim without a size", put(kind("PersistentVolumeClaim"), "spec", "resources", "requests", {})),
    ("an unknown access mode", put(kind("PersistentVolumeClaim"), "spec", "accessModes", ["RWO"])),
    ("an unknown type of host path", add(pod, "volumes", {"name": "x", "hostPath": {"path": "/x", "type": "Dir"}})),
    ("a host port without an address", put(agent, "ports", [{"containerPort": 1, "hostPort": 2, "hostIP": "localhost"}])),
    ("a host port twice", put(agent, "ports", [{"containerPort": 1, "hostPort": 2}, {"containerPort": 2, "hostPort": 2}])),
]

JOB = [
    ("a Job that restarts its containers for ever", put(pod, "restartPolicy", "Always")),
    ("an Indexed Job without completions", put(kind("Job"), "spec", "completions", None)),
    ("an unknown completion mode", put(kind("Job"), "spec", "completionMode", "indexed")),
    ("a Job without a template", put(kind("Job"), "spec", "template", None)),
    ("a Job whose pods' names are too long", lambda documents: of_kind(documents, "Job")["metadata"].update({"name": "a" * 62})),
    ("a name in a template", put(kind("Job"), "spec", "template", "metadata", "name", "x")),
]

DEPLOYMENT = [
    ("a Deployment that does not restart", put(pod, "restartPolicy", "Never")),
    ("a selector of other pods", put(kind("Deployment"), "spec", "selector", "matchLabels", {"a": "b"})),
    ("a Deployment without a selector", put(kind("Deployment"), "spec", "selector", None)),
    ("an unknown strategy", put(kind("Deployment"), "spec", "strategy", "type", "Replace")),
]

# (what, change): each must be noticed by the restricted standard, even if the schema allows it.
INSECURE = [
    ("the host's network", put(pod, "hostNetwork", True)),
    ("the host's processes", put(pod, "hostPID", True)),
    ("a host path", add(pod, "volumes", {"name": "x", "hostPath": {"path": "/"}})),
    ("a privileged container", put(agent, "securityContext", "privileged", True)),
    ("privilege escalation", put(agent, "securityContext", "allowPrivilegeEscalation", True)),
    ("privilege escalation that is not denied", put(agent, "securityContext", "allowPrivilegeEscalation", None)),
    ("capabilities that are not dropped", put(agent, "securityContext", "capabilities", {})),
    ("an agent with NET_ADMIN", put(agent, "securityContext", "capabilities", "add", ["NET_ADMIN"])),
    ("an agent that may be root", put(agent, "securityContext", "runAsNonRoot", False)),
    ("an agent without a user", put(agent, "securityContext", "runAsNonRoot", None)),
    ("an agent that is root", put(agent, "securityContext", "runAsUser", 0)),
    ("a container that SELinux does not confine", put(agent, "securityContext", "seLinuxOptions", {"type": "spc_t"})),
    ("a custom SELinux user", put(agent, "securityContext", "seLinuxOptions", {"user": "unconfined_u"})),
    ("no seccomp filter", put(agent, "securityContext", "seccompProfile", {"type": "Unconfined"})),
    ("no field for seccomp", put(agent, "securityContext", "seccompProfile", None)),
    ("an unmasked /proc", put(agent, "securityContext", "procMount", "Unmasked")),
    ("a host port", put(agent, "ports", [{"containerPort": 1, "hostPort": 1}])),
    ("a firewall that may escalate", put(sidecar, "securityContext", "allowPrivilegeEscalation", True)),
    ("a firewall without a seccomp filter", put(sidecar, "securityContext", "seccompProfile", None)),
    ("a firewall that is less of an exception than the data says", put(sidecar, "securityContext", "runAsNonRoot", True)),
    ("another container with the firewall's rights", put(sidecar, "name", "helper")),
]
