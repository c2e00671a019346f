// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/values.hpp"
#include "policy/allow_entry.hpp"
#include "policy/diagnostic.hpp"
#include "policy/egress.hpp"

namespace agentbox::config {

/// Owner of a layer. A project's may not name paths of the host, because its author is not the user.
enum class LayerKind { system, user, project };

/// A set of hosts that a list names as "@NAME": share/agentbox/sets/NAME.toml (host_sets.hpp).
struct HostSet {
  struct Host {
    policy::HostEntry entry;
    std::string reason;
  };
  std::string name;
  std::string about;
  std::string note; ///< what a user who allows it must know; may be empty
  std::vector<Host> hosts;
};

/// [selinux] label: whether agentbox labels the project for containers.
enum class LabelChoice { project, never };

/// [agents.NAME]: missing values come from a lower layer or the built-in agent.
struct AgentLayer {
  std::string where;
  std::optional<std::vector<std::string>> command;
  std::optional<std::vector<std::string>> prompt;
  std::map<std::string, std::string> env;
  std::optional<std::vector<std::string>> auth;
  std::optional<std::vector<std::string>> history;
  std::optional<std::vector<std::string>> continue_last;
  std::optional<std::vector<std::string>> resume;
  std::optional<std::vector<std::string>> model;
  std::optional<std::vector<std::string>> about;
  std::optional<std::string> npm;                   ///< "NAME@VERSION", installed in the image; not a project's
  std::optional<std::vector<std::string>> packages; ///< of the distribution; not a project's
};

/// [limits]
struct LimitsLayer {
  std::optional<std::uint32_t> pids;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint32_t> cpu_millis;
  std::optional<std::uint64_t> shm_bytes;
  std::optional<std::uint64_t> tmp_bytes;
  std::optional<std::uint64_t> open_files;
};

/// The values of one configuration file, each of the right type and form. merge.hpp combines them.
struct ConfigLayer {
  LayerKind kind = LayerKind::user;
  std::filesystem::path file;

  std::vector<Located<std::string>> locked; ///< locked.keys, in the system's only: what other layers cannot broaden

  bool default_hosts = true; ///< network.default_hosts: false removes the built-in hosts
  std::vector<Located<policy::AllowEntry>> allow;
  std::vector<Located<std::string>> allow_sets; ///< "@NAME" in network.allow_hosts; expand_sets() adds their hosts
  std::vector<Located<policy::HostPattern>> block;
  std::vector<Located<policy::HostPattern>> allow_private;
  std::vector<Located<policy::HostPattern>> allow_ech;
  std::optional<Located<std::string>> allow_file; ///< the caller reads it and adds its entries to `allow`
  std::optional<policy::VirtualRange> virtual_range;
  std::optional<policy::FirewallDriver> driver;
  std::optional<bool> notify;                           ///< not allowed in a project's
  std::vector<Located<policy::AllowEntry>> build_hosts; ///< build.allow_hosts; not allowed in a project's
  std::vector<Located<std::string>> build_sets;         ///< "@NAME" in build.allow_hosts
  std::vector<HostSet> sets;                            ///< those that allow_sets and build_sets name
  std::optional<bool> verify_on_start;
  std::optional<std::uint64_t> max_upload;
  std::vector<policy::UploadLimit> upload_limits;
  std::optional<policy::UpstreamProxy> upstream_proxy;

  std::optional<Located<std::string>> default_agent; ///< agent.default: a name, or "last_used"
  std::optional<LabelChoice> label;                  ///< selinux.label; not allowed in a project's
  std::optional<bool> git_host_settings;             ///< git.host_settings; a project's can only be false
  std::optional<bool> history;                       ///< agent.history: false keeps no conversations
  std::optional<bool> about_box;                     ///< agent.about_box: false tells the agent nothing about its box
  std::optional<bool> instructions;                  ///< agent.instructions; a project's can only be false
  std::vector<Located<std::string>> auth;            ///< agent.auth; not allowed in a project's
  std::optional<std::uint32_t> history_days;         ///< agent.history_days; not allowed in a project's
  std::optional<bool> keep_home;                     ///< home.keep; a project's can only be false
  std::optional<std::uint64_t> home_limit;           ///< home.limit, in bytes; not allowed in a project's
  std::map<std::string, AgentLayer> agents;
  std::vector<Located<std::string>> toolkits;
  std::vector<Located<MountText>> mounts;
  LimitsLayer limits;
  std::optional<Located<std::string>> base;
  std::vector<Located<std::string>> protect;
  std::vector<Located<std::string>> protect_except; ///< removed from the list of this and of lower layers
  std::vector<Located<std::string>> mask;
  std::vector<Located<std::string>> mask_except;
  std::map<std::string, Located<std::string>> env;
  std::optional<Located<std::string>> ca_bundle;
};

/// Parses a configuration file. Adds mistakes to `diagnostics`, each with file:line:column, and returns the values that
/// are valid. Pure.
ConfigLayer parse_layer(std::string_view text, const std::filesystem::path& file, LayerKind kind,
                        policy::Diagnostics& diagnostics);

/// Parses an allow file: one entry per line; '#' starts a comment; lines of at most 300 bytes. A file without entries
/// is a mistake: it is more likely damaged than intended. Pure.
std::vector<Located<policy::AllowEntry>> parse_allow_file(std::string_view text, const std::filesystem::path& file,
                                                          policy::Diagnostics& diagnostics);

/// Parses saved-hosts.txt into `layer`: "allow HOST[:PORT]" or "deny HOST" per line, comments as in an allow file.
/// Pure.
void parse_saved_hosts(std::string_view text, const std::filesystem::path& file, ConfigLayer& layer,
                       policy::Diagnostics& diagnostics);

} // namespace agentbox::config
