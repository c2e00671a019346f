// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/egress.hpp"

namespace agentbox::policy {

/// The agent's user inside the box (OCI process.user). Numeric, never root.
struct User {
  std::uint32_t uid = 1000;
  std::uint32_t gid = 1000;
  std::string name = "agent";
  std::string home = "/home/agent";

  bool operator==(const User&) const = default;
};

/// The project: the only host path in every box.
struct Workspace {
  std::filesystem::path source;           ///< canonical, an existing directory
  std::string destination = "/workspace"; ///< also the working directory
  std::vector<std::string> protect;       ///< relative paths over-mounted read-only where they exist; sorted, unique
  std::vector<std::string> mask;          ///< relative paths that are empty in the box; sorted, unique
  std::vector<std::string>
      protect_except; ///< relative paths that stay writable although the Git configuration refers to them
  std::vector<std::string> mask_except; ///< relative paths and file names that is_hidden_name() does not hide

  bool operator==(const Workspace&) const = default;
};

/// Mount::reason of credentials begins with this; the agent's name follows.
inline constexpr const char* k_auth_reason = "--auth ";

/// Mount::reason of the box's home that is kept for the project, in which other mounts may be.
inline constexpr const char* k_home_reason = "home.keep";

/// An additional host path, from the command line or the user's own configuration.
struct Mount {
  std::filesystem::path source; ///< canonical; exists when the box starts
  std::string destination;      ///< absolute and normal, inside the box
  bool read_only = false;
  std::string reason; ///< where it was requested: "--mount", "--auth codex", "~/.config/…:12"; shown to the user
  bool label = false; ///< on a host with SELinux, it gets the project's label

  bool operator==(const Mount&) const = default;
};

/// A port of the box, published on the host (podman -p).
struct PublishedPort {
  std::string address = "127.0.0.1"; ///< on the host
  std::uint16_t host_port = 0;
  std::uint16_t box_port = 0;

  bool operator==(const PublishedPort&) const = default;
  auto operator<=>(const PublishedPort&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

/// Resource limits of the agent's container.
struct Limits {
  std::uint32_t pids = 512;                  ///< cgroup pids.max, and RLIMIT_NPROC
  std::optional<std::uint64_t> memory_bytes; ///< cgroup memory.max; none: the host's
  std::optional<std::uint32_t> cpu_millis;   ///< 1500 = one and a half cores; none: the host's
  std::uint64_t shm_bytes = 64U << 20U;      ///< /dev/shm
  std::uint64_t tmp_bytes = 1024ULL << 20U;  ///< /tmp, a tmpfs
  std::uint64_t open_files = 65536; ///< RLIMIT_NOFILE, hard and soft (less where the host's hard limit is less)

  bool operator==(const Limits&) const = default;
};

/// The restrictions that the kernel enforces on the agent's processes. There are no options to loosen them.
struct Confinement {
  std::vector<std::string> capabilities; ///< of the agent: none
  bool no_new_privileges = true;
  std::vector<std::string> firewall_capabilities = {"CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE"};
  std::vector<std::string> masked_paths;   ///< OCI linux.maskedPaths
  std::vector<std::string> readonly_paths; ///< OCI linux.readonlyPaths
  bool prove_at_start =
      false; ///< agent-entrypoint attacks the box before it starts the agent, and fails if an attack succeeds

  bool operator==(const Confinement&) const = default;
};

/// Placeholder in Agent::about for the text about the box.
inline constexpr const char* k_about_text = "{about}";

/// An agent CLI: built in (agents/*.toml), or from [agents.NAME] of a config.
struct Agent {
  std::string name;
  std::vector<std::string> command; ///< argv of an interactive start, approvals off
  std::vector<std::string> prompt;  ///< argv of --prompt TEXT, without TEXT (appended to a last word that ends in =);
                                    ///< empty: not supported
  std::map<std::string, std::string> env; ///< update checks and telemetry off
  std::vector<std::string> auth;          ///< paths below the host's home that --auth NAME mounts
  std::vector<std::string> history;       ///< directories below the box's home with conversations, kept per project
  std::vector<std::string> continue_last; ///< arguments that continue the last conversation; empty: not supported
  std::vector<std::string> resume;        ///< arguments before the ID of a conversation; without an ID the agent asks
  std::vector<std::string> model;         ///< arguments before the name of a model; empty: not supported
  std::vector<std::string> about; ///< arguments that tell it about its box: k_about_text is replaced; may be empty

  bool operator==(const Agent&) const = default;
};

/// The program that runs in the box.
struct Run {
  enum class Kind {
    agent,   ///< the agent when there is a terminal, else /bin/bash
    prompt,  ///< the agent with --prompt TEXT
    command, ///< the command after --
  };
  Kind kind = Kind::agent;
  std::string prompt;                      ///< Kind::prompt
  std::vector<std::string> command;        ///< Kind::command, not empty
  std::vector<std::string> arguments = {}; ///< Kind::agent and Kind::prompt: more arguments for the agent

  bool operator==(const Run&) const = default;
};

/// The requested image; image/ builds it.
struct ImageChoice {
  std::string base;                       ///< an image reference, "dir:PATH" or "tar:PATH"
  std::vector<std::string> toolkits;      ///< sorted, unique
  std::vector<std::string> packages = {}; ///< more packages of the distribution; sorted, unique
  /// Agents in an image of their own, each with its npm package "NAME@VERSION"; empty: that of agents/*.toml.
  std::map<std::string, std::string> agents = {};

  bool operator==(const ImageChoice&) const = default;
};

} // namespace agentbox::policy
