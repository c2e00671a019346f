// SPDX-License-Identifier: Apache-2.0
#include <tuple>

#include "policy/agents.hpp"
#include "policy/changes.hpp"
#include "policy/env_names.hpp"
#include "support/command.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

using Direction = Change::Direction;

void diff_user(const User& before, const User& after, Changes& changes) {
  const auto& [uid, gid, name, home] = after;
  changes.value("user.uid", std::to_string(before.uid), std::to_string(uid));
  changes.value("user.gid", std::to_string(before.gid), std::to_string(gid));
  changes.value("user.name", before.name, name);
  changes.value("user.home", before.home, home);
}

void diff_workspace(const Workspace& before, const Workspace& after, Changes& changes) {
  const auto& [source, destination, protect, mask, protect_except, mask_except] = after;
  changes.value("workspace.source", before.source.string(), source.string());
  changes.value("workspace.destination", before.destination, destination);
  changes.list("protect.paths", before.protect, protect, Direction::tighter);
  changes.list("mask.paths", before.mask, mask, Direction::tighter);
  changes.list("protect.except", before.protect_except, protect_except, Direction::broader);
  changes.list("mask.except", before.mask_except, mask_except, Direction::broader);
}

std::string text_of(const Mount& mount) {
  return mount.source.string() + " at " + mount.destination + (mount.read_only ? " (read-only" : " (read-write") +
         (mount.label ? ", label)" : ")");
}

void diff_mounts(const std::vector<Mount>& before, const std::vector<Mount>& after, Changes& changes) {
  const auto find = [](const std::vector<Mount>& mounts, const Mount& wanted) {
    return std::find_if(mounts.begin(), mounts.end(), [&](const Mount& mount) {
      return mount.source == wanted.source && mount.destination == wanted.destination;
    });
  };
  for (const Mount& mount : before) {
    if (find(after, mount) == after.end()) {
      changes.add(Direction::tighter, "mounts", "- " + text_of(mount));
    }
  }
  for (const Mount& mount : after) {
    const auto old = find(before, mount);
    if (old == before.end()) {
      changes.add(Direction::broader, "mounts", "+ " + text_of(mount));
    } else if (old->read_only != mount.read_only || old->label != mount.label) {
      const bool broader = (old->read_only && !mount.read_only) || (!old->label && mount.label);
      changes.add(broader ? Direction::broader : Direction::tighter, "mounts", text_of(*old) + " -> " + text_of(mount));
    } else if (old->reason != mount.reason) {
      changes.value("mounts", old->reason, mount.reason, Direction::neutral);
    }
  }
}

std::string shown_value(const std::string& name, const std::string& value) {
  return looks_like_secret(name) ? std::string(k_hidden_value) : value;
}

// Only the programs that read a variable know its effect, so every change counts as broader.
void diff_env(const std::string& field, const std::map<std::string, std::string>& before,
              const std::map<std::string, std::string>& after, Direction direction, Changes& changes) {
  for (const auto& [name, value] : before) {
    if (!after.contains(name)) {
      changes.add(direction, field, "- " + name);
    }
  }
  for (const auto& [name, value] : after) {
    const auto old = before.find(name);
    if (old == before.end()) {
      changes.add(direction, field, "+ " + name + "=" + shown_value(name, value));
    } else if (old->second != value) {
      // Not value(): two hidden values look the same and are not.
      changes.add(direction, field + "." + name, shown_value(name, old->second) + " -> " + shown_value(name, value));
    }
  }
}

void diff_limits(const Limits& before, const Limits& after, Changes& changes) {
  const auto& [pids, memory_bytes, cpu_millis, shm_bytes, tmp_bytes, open_files] = after;
  changes.limit("limits.pids", before.pids, pids);
  changes.limit("limits.memory", before.memory_bytes, memory_bytes);
  changes.limit("limits.cpus (thousandths)", before.cpu_millis, cpu_millis);
  changes.limit("limits.shm", before.shm_bytes, shm_bytes);
  changes.limit("limits.tmp", before.tmp_bytes, tmp_bytes);
  changes.limit("limits.open_files", before.open_files, open_files);
}

/// Adds a change of a protection that is on or off.
void diff_switch(const std::string& field, bool before, bool after, Changes& changes) {
  changes.value(field, before ? "on" : "off", after ? "on" : "off", after ? Direction::tighter : Direction::broader);
}

void diff_confinement(const Confinement& before, const Confinement& after, Changes& changes) {
  const auto& [capabilities, no_new_privileges, firewall_capabilities, masked_paths, readonly_paths, prove_at_start] =
      after;
  changes.list("confinement.capabilities", before.capabilities, capabilities, Direction::broader);
  diff_switch("confinement.no_new_privileges", before.no_new_privileges, no_new_privileges, changes);
  changes.list("confinement.firewall_capabilities", before.firewall_capabilities, firewall_capabilities,
               Direction::broader);
  changes.list("confinement.masked_paths", before.masked_paths, masked_paths, Direction::tighter);
  changes.list("confinement.readonly_paths", before.readonly_paths, readonly_paths, Direction::tighter);
  diff_switch("verify.on_start", before.prove_at_start, prove_at_start, changes);
}

// Choosing another built-in agent is neutral; any other command line is broader.
void diff_agent(const Agent& before, const Agent& after, Changes& changes) {
  const Agent* builtin = find_builtin_agent(after.name);
  Agent told = after; // agent.about_box = false removes only the text
  told.about = builtin != nullptr && after.about.empty() ? builtin->about : after.about;
  const auto direction = builtin != nullptr && *builtin == told ? Direction::neutral : Direction::broader;
  const auto& [name, command, prompt, env, auth, history, continue_last, resume, model, about] = after;
  changes.value("agent", before.name, name, direction);
  changes.value("agent.command", support::shell_quote(before.command), support::shell_quote(command), direction);
  changes.value("agent.prompt", support::shell_quote(before.prompt), support::shell_quote(prompt), direction);
  diff_env("agent.env", before.env, env, direction, changes);
  changes.value("agent.auth", support::join(before.auth, ", "), support::join(auth, ", "), direction);
  changes.value("agent.history", support::join(before.history, ", "), support::join(history, ", "), direction);
  changes.value("agent.continue", support::shell_quote(before.continue_last), support::shell_quote(continue_last),
                direction);
  changes.value("agent.resume", support::shell_quote(before.resume), support::shell_quote(resume), direction);
  changes.value("agent.model", support::shell_quote(before.model), support::shell_quote(model), direction);
  changes.value("agent.about", support::shell_quote(before.about), support::shell_quote(about), direction);
}

std::string text_of(const Run& run) {
  const std::string arguments = run.arguments.empty() ? "" : " " + support::shell_quote(run.arguments);
  switch (run.kind) {
  case Run::Kind::agent: return "the agent" + arguments;
  case Run::Kind::prompt: return "the agent" + arguments + " with a prompt: " + run.prompt;
  case Run::Kind::command: return support::shell_quote(run.command);
  }
  return {};
}

/// Returns the agents of the image that are built in, or the others.
std::vector<std::string> agents_of(const ImageChoice& image, bool builtin) {
  std::vector<std::string> list;
  for (const auto& [name, package] : image.agents) {
    if (package.empty() == builtin) {
      list.push_back(builtin ? name : name + " = " + package);
    }
  }
  return list;
}

void diff_image(const ImageChoice& before, const ImageChoice& after, Changes& changes) {
  const auto& [base, toolkits, packages, agents] = after;
  std::ignore = agents;
  changes.value("image.base", before.base, base);
  changes.list("toolkits.selected", before.toolkits, toolkits, Direction::neutral); // all of them are ours
  changes.list("agents.packages", before.packages, packages, Direction::broader);
  changes.list("image.agents", agents_of(before, true), agents_of(after, true), Direction::neutral);
  changes.list("agents.npm", agents_of(before, false), agents_of(after, false), Direction::broader);
}

void diff_ca_bundle(const std::optional<std::filesystem::path>& before,
                    const std::optional<std::filesystem::path>& after, Changes& changes) {
  const auto direction = after ? Direction::broader : Direction::tighter;
  changes.value("ca_bundle", before.value_or("").string(), after.value_or("").string(), direction);
}

} // namespace

std::vector<Change> diff(const PolicyFields& before, const PolicyFields& after) {
  Changes changes;
  // Every member is named here: a new one does not compile until its direction is decided.
  const auto& [user, workspace, mounts, env, ports, limits, confinement, egress, firewall_driver, agent, run, image,
               ca_bundle, name, hostname] = after;
  diff_user(before.user, user, changes);
  diff_workspace(before.workspace, workspace, changes);
  diff_mounts(before.mounts, mounts, changes);
  diff_env("env", before.env, env, Direction::broader, changes);
  changes.list("ports", before.ports, ports, Direction::broader, [](const PublishedPort& port) {
    return port.address + ":" + std::to_string(port.host_port) + " to port " + std::to_string(port.box_port);
  });
  diff_limits(before.limits, limits, changes);
  diff_confinement(before.confinement, confinement, changes);
  diff_egress(before.egress, egress, changes);
  changes.value("network.driver", std::string(driver_text(before.firewall_driver)),
                std::string(driver_text(firewall_driver)), Direction::neutral);
  diff_agent(before.agent, agent, changes);
  changes.value("run", text_of(before.run), text_of(run));
  diff_image(before.image, image, changes);
  diff_ca_bundle(before.ca_bundle, ca_bundle, changes);
  changes.value("name", before.name, name, Direction::neutral);
  changes.value("hostname", before.hostname, hostname, Direction::neutral);
  return std::move(changes).differences();
}

} // namespace agentbox::policy
