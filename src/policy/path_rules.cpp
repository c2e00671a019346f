// SPDX-License-Identifier: Apache-2.0
#include "policy/path_rules.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "protocol/protocol.hpp"
#include "support/lines.hpp"

namespace agentbox::policy {
namespace {

bool has_normal_parts(std::string_view path) {
  const auto parts = support::split(path, '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](std::string_view part) { return part.empty() || part == "." || part == ".."; });
}

bool has_nul(std::string_view path) {
  return path.find('\0') != std::string_view::npos;
}

/// Paths at or below which nothing may be mounted.
constexpr std::array<std::string_view, 6> k_kernel_trees = {"/proc", "/sys", "/dev", "/run", "/boot", "/var/run"};

/// Paths at or above which nothing may be mounted.
constexpr std::array<std::string_view, 14> k_needed = {
    protocol::k_entrypoint_program,
    "/usr/bin",
    "/usr/sbin",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/etc/passwd",
    "/etc/group",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/hostname",
    "/home/agent",
};

} // namespace

bool is_normal_absolute(std::string_view path) {
  return path == "/" || (path.starts_with('/') && has_normal_parts(path.substr(1)) && !has_nul(path));
}

bool is_normal_relative(std::string_view path) {
  return has_normal_parts(path) && !has_nul(path);
}

bool contains_path(std::string_view outer, std::string_view inner) {
  if (outer == "/") {
    return inner.starts_with('/');
  }
  return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
}

std::vector<std::filesystem::path> ancestors_of(const std::vector<std::string>& paths) {
  std::set<std::filesystem::path> all;
  for (const std::string& path : paths) {
    for (auto parent = std::filesystem::path(path).parent_path(); !parent.empty(); parent = parent.parent_path()) {
      all.insert(parent);
    }
  }
  return {all.begin(), all.end()}; // by parts: a directory sorts before its contents
}

std::string_view destination_problem(std::string_view destination) {
  const auto above_or_at = [&](std::string_view path) { return contains_path(destination, path); };
  const auto at_or_below = [&](std::string_view path) { return contains_path(path, destination); };
  if (std::any_of(k_kernel_trees.begin(), k_kernel_trees.end(), at_or_below)) {
    return "it belongs to the kernel or the runtime";
  }
  if (destination == "/home/agent") {
    return {}; // a home directory from the host is fine: agents create what they need there
  }
  if (std::any_of(k_needed.begin(), k_needed.end(), above_or_at)) {
    return "it would hide parts of the system";
  }
  if (destination == "/etc/ld.so.preload" || destination == "/tmp") {
    return "agentbox manages this path";
  }
  return {};
}

} // namespace agentbox::policy
