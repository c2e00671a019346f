// SPDX-License-Identifier: Apache-2.0
// The box as a pod: what pod YAML, Quadlet units and Kubernetes manifests have in common. Built from the same parts as
// the config.json of `agentbox run`, so that the formats cannot differ in what they run and mount.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "oci/host_facts.hpp"
#include "oci/pod/output_format.hpp"
#include "policy/policy.hpp"

namespace agentbox::oci {

/// Facts that the formats need besides the policy. Plain values.
struct PodFacts {
  HostFacts host;                          ///< as for config.json; its nonce is gate_nonce()
  std::string agent_image;                 ///< a reference that the target can resolve
  std::string firewall_image;              ///< likewise
  std::filesystem::path directory;         ///< where the set will be: absolute; pod YAML names files in it
  std::map<std::string, bool> masked_here; ///< masked paths that exist on this host -> whether they are directories
  std::string ca_bundle;                   ///< the policy's ca_bundle as text; empty: none
  std::string cluster_level;               ///< SELinux level of the pod in a cluster; empty: the cluster's choice
};

// Sources of a volume. Formats visit all of them, without a default.

/// A path of this host.
struct HostSource {
  std::filesystem::path path;
  enum class Kind { directory, directory_made_if_missing, file, masked_file } kind = Kind::directory;
};
/// Memory, bounded.
struct MemorySource {
  std::uint64_t bytes = 0;
  std::string mode = "1777";
  bool executable = false;
};
/// A text file that is part of the pod.
struct TextSource {
  std::string file; ///< file name
  std::string content;
};
/// A directory that lives as long as the pod.
struct ScratchSource {};
/// The project's directory.
struct WorkspaceSource {
  std::filesystem::path path; ///< on this host
};

/// A named volume.
struct Volume {
  std::string name;
  std::variant<HostSource, MemorySource, TextSource, ScratchSource, WorkspaceSource> from;
  std::string comment; ///< for the reader
};

/// A volume in a container.
struct VolumeMount {
  std::string volume;
  std::string path;
  std::string sub_path; ///< relative to the volume; empty: all
  bool read_only = false;
  std::string comment;
};

/// A variable of a container; the value of a credential is kept in a secret.
struct Variable {
  std::string name;
  std::string value;
  bool secret = false; ///< `value` is empty: it comes from the secret "POD-env", key `name`
};

/// One container of the pod.
struct PodContainer {
  std::string name; ///< "agent", "firewall", "lock"
  std::string image;
  std::vector<std::string> argv;
  std::vector<Variable> env;
  std::string working_dir;
  policy::User user;
  std::vector<std::string> capabilities; ///< "NET_ADMIN", as Kubernetes spells them; none: all are dropped
  bool read_only_root = false;
  bool terminal = false;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint32_t> cpu_millis;
  std::string seccomp_file;  ///< name of the profile's file
  std::string selinux_level; ///< empty: Podman's choice
  std::vector<VolumeMount> mounts;
};

/// The box as a pod.
struct Pod {
  std::string name; ///< "agentbox-NAME"
  std::string hostname;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations; ///< for people and tools; nothing depends on them
  std::optional<PodContainer>
      lock;              ///< loads the ruleset and exits before anything else starts; none with --full-network
  PodContainer firewall; ///< serves DNS and the proxy
  PodContainer agent;
  std::vector<policy::PublishedPort> ports;
  std::vector<Volume> volumes;
  std::map<std::string, std::string> seccomp; ///< file name -> profile
  std::string resolv_conf;                    ///< the agent's; empty with --full-network
  std::string hosts;                          ///< the agent's
};

/// A file of a set on a host with SELinux: a copy of the CA bundle that has a label for the box.
inline constexpr const char* k_ca_copy = "ca-bundle";

/// Returns the nonce for boxes without a launcher that could choose a random one: derived from the policy, so that the
/// same policy gives the same bytes. It need not be secret: it proves that the firewall that answers in this network
/// namespace belongs to this box and policy (another box's answers in another namespace, another policy's with another
/// nonce); the ruleset, which nobody without CAP_NET_ADMIN can load, is probed as well.
std::string gate_nonce(const policy::Policy& policy);

/// Returns annotations for people and tools: agent, base, toolkits, and what --auth would mount.
std::map<std::string, std::string> describe(const policy::PolicyFields& fields);

/// Returns where a mount was requested, "--mount" or "--mount (label)", for comments.
std::string request_text(const policy::Mount& mount);

/// Throws support::Error(usage) for directory names that the files cannot contain: commands are in comments, and a line
/// break would end the comment.
void check_directory_names(const PodFacts& facts);

/// Returns the pod of `policy` for `format`. Throws support::Error(refused) for what the format cannot express, and
/// like render_agent() for what this host cannot enforce.
Pod make_pod(const policy::Policy& policy, const PodFacts& facts, OutputFormat format);

} // namespace agentbox::oci
