// SPDX-License-Identifier: Apache-2.0
// Facts for the formats of `agentbox generate`, the same in unit, golden and contract tests.
#pragma once
#include "oci/kubernetes/kubernetes.hpp"
#include "oci/pod/pod.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::tests {

/// Returns the facts that a launcher would find for `fields`: every protected and masked path exists, .git/config is a
/// file.
inline oci::PodFacts sample_pod_facts(const policy::PolicyFields& fields) {
  oci::PodFacts facts;
  facts.host = sample_facts();
  facts.host.guarded.read_only = fields.workspace.protect;
  facts.host.sources = {{fields.workspace.source, {1, 1, true}}};
  for (const std::string& path : fields.workspace.protect) {
    for (std::filesystem::path part(path); !part.empty(); part = part.parent_path()) {
      facts.host.sources[fields.workspace.source / part] = {1, 2, part.filename() != "config"};
    }
  }
  facts.host.guarded.masked = fields.workspace.mask;
  for (const std::string& path : fields.workspace.mask) {
    facts.host.sources[fields.workspace.source / path] = {1, 3, false};
  }
  for (const policy::Mount& mount : fields.mounts) {
    facts.host.sources[mount.source] = {1, 4, true};
  }
  facts.host.uid_mappings = {{0, 100000, 1000}, {1000, 1000, 1}, {1001, 101000, 64536}};
  facts.host.gid_mappings = facts.host.uid_mappings;
  facts.agent_image = "localhost/agentbox/agent:0123456789ab";
  facts.firewall_image = "localhost/agentbox/firewall:0.1.0-0123456789ab";
  facts.directory = "/home/dev/boxes/t";
  for (const std::string& path : fields.confinement.masked_paths) {
    facts.masked_here[path] = path.starts_with("/sys/");
  }
  if (fields.ca_bundle) {
    facts.ca_bundle = "the certificates in " + fields.ca_bundle->string() + "\n";
  }
  return facts;
}

/// Returns a cluster where the project is in a claim.
inline oci::KubernetesOptions sample_cluster() {
  oci::KubernetesOptions options;
  options.workspace_claim = "project";
  return options;
}

/// Returns all files of a set as one text.
inline std::string text_of(const oci::GeneratedSet& set) {
  std::string text;
  for (const oci::GeneratedFile& file : set) {
    text += "---- " + file.path + "\n" + file.content;
  }
  return text;
}

/// Returns the file `path` of a set.
inline std::string file_of(const oci::GeneratedSet& set, const std::string& path) {
  for (const oci::GeneratedFile& file : set) {
    if (file.path == path) {
      return file.content;
    }
  }
  return "(no such file)";
}

} // namespace agentbox::tests
