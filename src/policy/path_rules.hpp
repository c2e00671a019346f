// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::policy {

/// Whether `path` is absolute and normal: no "." or ".." parts, no doubled and no final slash, no NUL. "/" is.
bool is_normal_absolute(std::string_view path);

/// Whether `path` is relative and normal in the same sense, and not empty.
bool is_normal_relative(std::string_view path);

/// Whether normal path `inner` is `outer` or lies below it. By whole parts: "/a/b" does not contain "/a/bc".
bool contains_path(std::string_view outer, std::string_view inner);

/// Whether one of two normal paths contains the other.
inline bool overlap(std::string_view a, std::string_view b) {
  return contains_path(a, b) || contains_path(b, a);
}

/// The folders above relative normal `paths`, each once, the upper ones first.
std::vector<std::filesystem::path> ancestors_of(const std::vector<std::string>& paths);

/// Why nothing may be mounted at normal absolute path `destination` in the box ("/proc belongs to the kernel"), or
/// empty. It would hide what the box is made of, or what agentbox itself mounts there.
std::string_view destination_problem(std::string_view destination);

} // namespace agentbox::policy
