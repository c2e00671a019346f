// SPDX-License-Identifier: Apache-2.0
#include "oci/expected_mounts.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "protocol/protocol.hpp"
#include "support/error.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;

/// The root, what Podman adds (impose_mounts.cpp), and the devices of the OCI specification, which runtimes bind in a
/// user namespace.
constexpr std::array<std::string_view, 11> k_always_allowed = {
    "/",         "/etc/hostname", "/run/.containerenv", "/dev/console", "/dev/null", "/dev/zero",
    "/dev/full", "/dev/tty",      "/dev/random",        "/dev/urandom", "/dev/ptmx"};

bool has_option(const json& mount, std::string_view option) {
  const json& options = mount.at("options");
  return std::any_of(options.begin(), options.end(), [&](const json& one) { return one == option; });
}

std::string text_of(const json& mount, const char* key) {
  return mount.at(key).get<std::string>();
}

/// Returns whether a mount is one of the user's, not a file that Podman or the launcher wrote.
bool is_users(const json& mount) {
  return mount.at("type") == "bind" && has_option(mount, "rbind");
}

/// Returns a path as /proc/self/mountinfo spells it.
std::string spelled(const std::string& path) {
  std::string result;
  for (const char c : path) {
    switch (c) {
    case ' ': result += "\\040"; break;
    case '\t': result += "\\011"; break;
    case '\n': result += "\\012"; break;
    case '\\': result += "\\134"; break;
    default: result += c;
    }
  }
  return result;
}

/// Finds mounts above or at a destination.
class Order {
public:
  explicit Order(const json& mounts) {
    for (std::size_t i = 0; i < mounts.size(); ++i) {
      m_last[text_of(mounts[i], "destination")] = i;
      if (is_users(mounts[i])) {
        m_users.insert(text_of(mounts[i], "destination"));
      }
    }
  }
  /// Returns whether mount `i` is at or below a later one.
  bool is_covered(const std::string& destination, std::size_t i) const {
    return any_above(destination, [&](const std::string& path) {
      const auto found = m_last.find(path);
      return found != m_last.end() && found->second > i;
    });
  }
  /// Returns whether a destination is below one of the user's mounts.
  bool is_in_users(const std::string& destination) const {
    return any_above(destination,
                     [&](const std::string& path) { return path != destination && m_users.contains(path); });
  }

private:
  template <class Predicate>
  static bool any_above(const std::string& destination, const Predicate& predicate) {
    for (std::filesystem::path path = destination; path.has_relative_path(); path = path.parent_path()) {
      if (predicate(path.native())) {
        return true;
      }
    }
    return false;
  }

  std::unordered_map<std::string, std::size_t> m_last;
  std::unordered_set<std::string> m_users;
};

std::string line_of(const json& mount, std::size_t i, const Order& order, const HostFacts& facts) {
  const std::string destination = text_of(mount, "destination");
  const std::string type = text_of(mount, "type");
  const bool covered = order.is_covered(destination, i);
  const bool file_tree = type == "bind" || type == "tmpfs"; // the runtime may mount kernel file systems differently
  std::string kind = covered ? "c" : "v";
  kind += file_tree && has_option(mount, "ro") ? "r" : "";
  kind += order.is_in_users(destination) ? "" : "l";
  std::string id = "-";
  if (const auto found = facts.sources.find(text_of(mount, "source"));
      !covered && type == "bind" && found != facts.sources.end()) {
    id = protocol::to_text({found->second.device, found->second.inode});
  }
  return kind + " " + id + " " + spelled(destination);
}

/// Adds the host's mounts below the user's mounts, which a recursive bind repeats in the box.
void add_mounts_below(std::vector<std::string>& lines, const json& mounts, const HostFacts& facts) {
  struct Bind {
    std::string source;
    std::string destination;
  };
  std::vector<Bind> binds;
  for (const json& mount : mounts) {
    if (is_users(mount)) {
      binds.push_back({spelled(text_of(mount, "source")) + "/", spelled(text_of(mount, "destination")) + "/"});
    }
  }
  for (const std::string& point : facts.mounted_here) {
    for (const Bind& bind : binds) {
      if (point.starts_with(bind.source)) {
        lines.push_back("o - " + bind.destination + point.substr(bind.source.size()));
      }
    }
  }
}

std::vector<std::string> in_variables(const std::vector<std::string>& lines) {
  std::vector<std::string> variables;
  std::size_t bytes = protocol::k_max_mounts_bytes;
  for (const std::string& line : lines) {
    bytes += line.size() + 1;
    if (bytes > protocol::k_max_mounts_bytes) {
      variables.push_back(std::string(protocol::mounts_variable(variables.size()).data()) + "=");
      bytes = line.size() + 1;
    }
    variables.back() += line + "\n";
  }
  if (variables.size() > protocol::k_max_mounts_variables) {
    throw support::Error(support::ExitCode::usage,
                         "the box would have " + std::to_string(lines.size()) +
                             " mounts with paths so long that their list does not fit into an environment",
                         "exclude directories with [protect] except or [mask] except, or start in a subdirectory");
  }
  return variables;
}

} // namespace

std::vector<std::string> mounts_variables(const json& mounts, const policy::Confinement& confinement,
                                          const HostFacts& facts) {
  const Order order(mounts);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    lines.push_back(line_of(mounts[i], i, order, facts));
  }
  for (const std::string_view path : k_always_allowed) {
    lines.push_back("o - " + std::string(path));
  }
  if (!facts.resolv_conf) { // Podman's
    lines.emplace_back("o - /etc/resolv.conf");
  }
  for (const auto* list : {&confinement.masked_paths, &confinement.readonly_paths}) {
    for (const std::string& path : *list) {
      lines.push_back("o - " + spelled(path));
    }
  }
  add_mounts_below(lines, mounts, facts);
  return in_variables(lines);
}

} // namespace agentbox::oci
