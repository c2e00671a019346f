// SPDX-License-Identifier: Apache-2.0
#include "box/announce.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "agents/agent_data.hpp"
#include "config/instructions.hpp"
#include "conversations/store.hpp"
#include "logins/login_store.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace {

/// Returns a host path for messages: escaped, and "~/x" below the home directory.
std::string shown(const std::filesystem::path& path, const std::string& home) {
  const std::string text = path.string();
  const bool below = !home.empty() && text.starts_with(home + "/");
  return support::escape_untrusted(below ? "~" + text.substr(home.size()) : text);
}

std::string network_text(const policy::EgressPolicy& egress) {
  if (egress.mode == policy::NetworkMode::full) {
    return "full network";
  }
  const std::size_t count = egress.allow.size() + egress.allow_addresses.size();
  std::string text = count == 0 ? "no network" : fmt::format("{} host{}", count, count == 1 ? "" : "s");
  for (const std::uint16_t port : egress.host_ports) {
    text += fmt::format(", port {} of this machine", port);
  }
  return text;
}

/// Returns which hosts the box may reach because of its agent.
std::vector<std::string> agent_hosts(const policy::PolicyFields& fields) {
  std::vector<std::string> lines;
  const auto add = [&](const std::vector<std::string>& hosts, const std::string& why) {
    std::vector<std::string> allowed;
    for (const policy::HostEntry& entry : fields.egress.allow) {
      if (support::contains(hosts, entry.text())) {
        allowed.push_back(entry.text());
      }
    }
    if (!allowed.empty()) {
      lines.push_back("the box may reach " + support::join(allowed, ", ") + ", because of " + why);
    }
  };
  for (const agents::AgentData& data : agents::agent_data()) {
    if (data.name == fields.agent.name && !data.in_default_image) {
      add(data.hosts, "the agent " + data.name);
    }
  }
  return lines;
}

} // namespace

std::vector<std::string> announcement(const policy::PolicyFields& fields, const support::Terminal& terminal,
                                      const std::string& home) {
  std::vector<std::string> lines;
  if (terminal.interactive() && terminal.err) {
    lines.push_back(fmt::format("box \"{}\": {} at {}, {} (agentbox policy show)", fields.name,
                                shown(fields.workspace.source, home), fields.workspace.destination,
                                network_text(fields.egress)));
  }
  std::size_t instructions = 0;
  std::size_t conversations = 0;
  for (const policy::Mount& mount : fields.mounts) {
    if (mount.reason == conversations::k_reason) {
      if (++conversations == 1) {
        lines.push_back(
            fmt::format("conversations with {} in this directory are kept (see agentbox history; --fresh keeps none)",
                        fields.agent.name));
      }
      continue;
    }
    if (mount.reason == config::k_instructions_reason) {
      ++instructions;
      continue;
    }
    if (mount.reason == policy::k_home_reason) {
      lines.push_back(fmt::format("this project's home is kept in {} (see agentbox home; --fresh starts without it)",
                                  shown(mount.source, home)));
      continue;
    }
    if (const auto login = logins::place_of_mount(mount.source)) {
      lines.push_back(
          fmt::format("the box has your login for {} from {} (kept in sync, renewed at {})", login->kind->agent,
                      login->origin == logins::LoginOrigin::own ? "agentbox login" : shown(login->file, home),
                      support::join(login->kind->hosts, ", ")));
      continue;
    }
    lines.push_back(fmt::format("also mounted in the box: {} ({}), because of {}", shown(mount.source, home),
                                mount.read_only ? "read-only" : "read-write", support::escape_untrusted(mount.reason)));
  }
  for (const agents::AgentData& data : agents::agent_data()) {
    if (data.login && !data.login->token_variable.empty() && fields.env.contains(data.login->token_variable)) {
      lines.push_back(fmt::format("the box has your token for {} ({})", data.name, data.login->token_variable));
    }
  }
  for (std::string& line : agent_hosts(fields)) {
    lines.push_back(std::move(line));
  }
  if (instructions > 0) {
    lines.push_back(fmt::format("the box has copies of your own instructions for {}: {} file{} (agentbox policy show)",
                                fields.agent.name, instructions, instructions == 1 ? "" : "s"));
  }
  if (fields.ca_bundle) {
    lines.push_back("the box trusts the CA certificates in " + shown(*fields.ca_bundle, home));
  }
  if (fields.egress.mode == policy::NetworkMode::full) {
    lines.emplace_back(
        "WARNING: --full-network: no firewall. The agent can reach every host, your local network included.");
  }
  return lines;
}

std::optional<std::string> resume_line(const policy::PolicyFields& fields, std::time_t start) {
  constexpr std::size_t k_max_named = 3; // another box in the project may have written some of them
  const bool kept = std::any_of(fields.mounts.begin(), fields.mounts.end(),
                                [](const policy::Mount& mount) { return mount.reason == conversations::k_reason; });
  if (!kept) {
    return std::nullopt;
  }
  std::vector<std::string> ids;
  for (const auto& one : conversations::find(conversations::project_directory(fields.workspace.source))) {
    if (one.agent != fields.agent.name || one.modified < start) {
      continue;
    }
    if (one.is_database()) {
      return fmt::format("to continue this conversation: agentbox {} --continue", fields.agent.name);
    }
    ids.push_back(one.id);
  }
  if (ids.empty()) {
    return std::nullopt;
  }
  std::string line =
      fmt::format("to resume {}: agentbox {} --resume {}", ids.size() == 1 ? "this conversation" : "a conversation",
                  fields.agent.name, ids.front());
  for (std::size_t i = 1; i < std::min(ids.size(), k_max_named); ++i) {
    line += (i == 1 ? ", or " : ", ") + ids[i];
  }
  return line;
}

std::vector<std::string> protection_notices(const oci::GitReferences& references, const policy::Workspace& workspace) {
  constexpr std::size_t k_named = 4;
  std::vector<std::string> lines;
  if (!references.read_only.empty()) {
    const std::size_t count = std::min(k_named, references.read_only.size());
    std::vector<std::string> named;
    for (std::size_t i = 0; i < count; ++i) {
      named.push_back(support::escape_untrusted(references.read_only[i], 80));
    }
    const std::size_t more = references.read_only.size() - count;
    lines.push_back(fmt::format("read-only because the Git configuration refers to them: {}{} (to make one writable: "
                                "[protect] except, see agentbox-config(5))",
                                support::join(named, ", "), more > 0 ? fmt::format(", {} more", more) : ""));
  }
  for (const std::string& path : references.unused_exceptions) {
    const std::string meant = support::did_you_mean(path.substr(0, 64), workspace.protect);
    if (!meant.empty()) {
      lines.push_back(fmt::format("[protect] except has no effect on {}, which is not protected{}",
                                  support::in_quotes(path), meant));
    }
  }
  return lines;
}

} // namespace agentbox::box
