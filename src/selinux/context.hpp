// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::selinux {

/// A security context, `user:role:type[:level]`.
struct Context {
  std::string user;
  std::string role;
  std::string type;
  std::string level; ///< "s0", "s0:c1,c2"; empty where the policy has no levels

  bool operator==(const Context&) const = default;
};

/// Parses a context. Returns nothing for anything else. Pure.
std::optional<Context> parse_context(std::string_view text);
std::string to_text(const Context& context);

/// The part of a file's context that agentbox changes. User and role stay.
struct Label {
  std::string type;
  std::string level;

  bool operator==(const Label&) const = default;
};

/// Returns "container_file_t:s0:c1,c2", for messages.
std::string to_text(const Label& label);

/// Returns whether a file with context `current` has `label`. Pure.
bool has_label(const Context& current, const Label& label);

/// The contexts that Podman gives to containers before it adds a level.
struct ContainerContexts {
  Context process;
  Context file;
  Context read_only_file;

  bool operator==(const ContainerContexts&) const = default;
};

/// Parses the file that container-selinux installs for container engines (/usr/share/containers/selinux/contexts), or
/// the policy's own lxc_contexts: lines `KEY = "CONTEXT"`. Returns nothing when a context is missing. Pure.
std::optional<ContainerContexts> parse_container_contexts(std::string_view text);

/// Returns the level of all firewalls of user `uid`: no box has it. Pure.
std::string firewall_level(unsigned uid);

/// Returns the level of boxes in directory `workspace` of user `uid`: two of 1024 categories, derived from a hash. Two
/// directories share a level with a probability of 1 in 500,000. Pure.
std::string box_level(unsigned uid, std::string_view workspace);

/// Returns the level of the login for `agent`, which boxes of several projects use at the same time: two categories
/// that only those boxes have besides their own, and none of the firewalls'. Pure.
std::string login_level(unsigned uid, std::string_view agent);

/// The contexts of one box, as Podman forms them from `--security-opt label=level:LEVEL`.
struct BoxContexts {
  Context agent;
  Context agent_files; ///< files of the agent's container: its root
  Context project;     ///< the project's files, with the same level in each of its boxes
  Context firewall;
  Context firewall_files; ///< run/ and the audit log, which the firewall writes
  Context read_only;      ///< files that agentbox wrote for both: every container may read them

  bool operator==(const BoxContexts&) const = default;
};

/// Returns the contexts of a box in `workspace` that may use `logins`, names of agents; without levels when the policy
/// has none. Pure.
BoxContexts box_contexts(const ContainerContexts& contexts, bool levels, unsigned uid, std::string_view workspace,
                         const std::vector<std::string>& logins = {});

/// Returns the type and level of `context`. Pure.
Label label_of(const Context& context);

} // namespace agentbox::selinux
