// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::policy {

/// Returns whether `path` is absolute and normal: no "." or ".." parts, no double or final slash, no NUL. "/" is.
bool is_normal_absolute(std::string_view path);

/// Returns whether `path` is relative, normal in the same sense, and not empty.
bool is_normal_relative(std::string_view path);

/// Returns whether normal path `inner` is `outer` or below it, by whole parts: "/a/b" does not contain "/a/bc".
bool contains_path(std::string_view outer, std::string_view inner);

/// Returns whether one of two normal paths contains the other.
inline bool overlap(std::string_view a, std::string_view b) {
  return contains_path(a, b) || contains_path(b, a);
}

/// Returns the directories above relative normal `paths`, each once, parents first.
std::vector<std::filesystem::path> ancestors_of(const std::vector<std::string>& paths);

/// Returns why nothing may be mounted at normal absolute path `destination` in the box ("/proc belongs to the kernel"),
/// or empty. A mount there would hide parts of the system or what agentbox itself mounts.
std::string_view destination_problem(std::string_view destination);

} // namespace agentbox::policy
