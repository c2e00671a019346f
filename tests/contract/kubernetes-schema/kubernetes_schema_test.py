#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every golden manifest of `agentbox generate` against the Kubernetes API's schema and rules (schema.json, rules.py),
and those for a cluster against the restricted Pod Security Standard as well (pod-security.json).

Usage: kubernetes_schema_test.py GOLDEN_DIRECTORY"""
import copy
import pathlib
import sys
import unittest

import manifests
import mistakes
import pod_security

GOLDENS = pathlib.Path(sys.argv.pop())
# Manifests that must exist: one for every kind of workload and of workspace.
CLUSTER = {path.parent.name: manifests.read(path.read_text()) for path in sorted(GOLDENS.glob("kubernetes-*/manifest.yaml"))}
PODMAN = {path.parent.name: manifests.read(path.read_text()) for path in sorted(GOLDENS.glob("*/pod.yaml"))}


def kinds(documents):
    return [document["kind"] for document in documents]


class Schema(unittest.TestCase):
    def test_all_kinds_are_there(self):
        for kind in ("Pod", "Job", "Deployment"):
            self.assertTrue(any(kind in kinds(documents) for documents in CLUSTER.values()), kind)
        sources = {source for documents in CLUSTER.values() for volume in mistakes.pod(documents)["volumes"]
                   if volume["name"] == "workspace" for source in volume}
        self.assertEqual(sources, {"name", "emptyDir", "persistentVolumeClaim", "hostPath"})
        parallel = [mistakes.of_kind(documents, "Job")["spec"]["completions"] for documents in CLUSTER.values() if "Job" in kinds(documents)]
        self.assertGreater(max(parallel), 1)
        self.assertGreaterEqual(len(PODMAN), 2)

    def test_a_cluster_accepts_them(self):
        for name, documents in CLUSTER.items():
            with self.subTest(name):
                self.assertEqual(manifests.mistakes(documents), [])

    def test_they_are_kubernetes_for_podman_as_well(self):
        for name, documents in PODMAN.items():
            with self.subTest(name):
                self.assertEqual(manifests.mistakes(documents, for_podman=True), [])

    def test_every_mistake_is_noticed(self):
        sets = [(name, documents, mistakes.KUBERNETES, False) for name, documents in CLUSTER.items()]
        sets += [(name, documents, mistakes.KUBE, True) for name, documents in PODMAN.items()]
        for name, documents, more, for_podman in sets:
            by_kind = {"Job": mistakes.JOB, "Deployment": mistakes.DEPLOYMENT}
            for kind in kinds(documents):
                more = more + by_kind.get(kind, [])
            for what, change in mistakes.EVERYWHERE + more:
                with self.subTest(what, set=name):
                    wrong = copy.deepcopy(documents)
                    change(wrong)
                    self.assertNotEqual(manifests.mistakes(wrong, for_podman), [])

    def test_a_key_cannot_occur_twice(self):
        for text in ("a: 1\na: 2\n", "a: {b: 1, b: 2}\n", "on: 1\n"):
            with self.subTest(text), self.assertRaises(manifests.yaml.YAMLError):
                manifests.read(text)


class PodSecurity(unittest.TestCase):
    def restricted(self):
        """Returns the manifests without a directory of the node, which the standard forbids."""
        return {name: documents for name, documents in CLUSTER.items() if not name.endswith("host-path")}

    def test_all_but_the_firewall_are_restricted(self):
        self.assertGreaterEqual(len(self.restricted()), 4)
        for name, documents in self.restricted().items():
            with self.subTest(name):
                self.assertEqual(pod_security.unexpected(documents), [])

    def test_a_directory_of_the_node_breaks_exactly_one_more_control(self):
        documents = CLUSTER["kubernetes-host-path"]
        spec = mistakes.pod(documents)
        self.assertEqual(pod_security.violations(spec, mistakes.agent(documents)), ["Volume Types"])

    def test_every_loosening_is_noticed(self):
        for name, documents in self.restricted().items():
            for what, change in mistakes.INSECURE:
                with self.subTest(what, set=name):
                    wrong = copy.deepcopy(documents)
                    change(wrong)
                    self.assertNotEqual(pod_security.unexpected(wrong), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
