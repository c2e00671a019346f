// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/mount_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>

namespace agentbox::entrypoint {
namespace {

constexpr std::array<std::string_view, 12> k_kernel_types = {"sysfs",    "cgroup",     "cgroup2",  "tmpfs",
                                                             "devtmpfs", "securityfs", "bpf",      "debugfs",
                                                             "tracefs",  "pstore",     "efivarfs", "selinuxfs"};

/// Takes the next field of a line.
std::string_view next_field(std::string_view& rest) {
  const std::string_view field = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), field.size() + 1));
  return field;
}

bool has_option(std::string_view options, std::string_view wanted) {
  while (!options.empty()) {
    const std::string_view option = options.substr(0, options.find(','));
    if (option == wanted) {
      return true;
    }
    options.remove_prefix(std::min(options.size(), option.size() + 1));
  }
  return false;
}

bool is_in_sys(const MountEntry& mount) {
  return mount.path.starts_with("/sys/") &&
         std::find(k_kernel_types.begin(), k_kernel_types.end(), mount.type) != k_kernel_types.end();
}

bool is_before(const MountEntry& a, const MountEntry& b) {
  return a.path < b.path;
}

} // namespace

std::optional<MountEntry> read_mount_entry(std::string_view line) {
  MountEntry entry;
  const std::string_view id = next_field(line);
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), entry.id);
  for (int i = 0; i < 3; ++i) { // parent, device, root
    next_field(line);
  }
  entry.path = next_field(line);
  entry.read_only = has_option(next_field(line), "ro");
  std::string_view field = next_field(line);
  while (field != "-" && !line.empty()) { // optional fields
    field = next_field(line);
  }
  entry.type = next_field(line);
  const bool whole = error == std::errc() && end == id.data() + id.size() && entry.path.starts_with('/') &&
                     field == "-" && !entry.type.empty();
  return whole ? std::optional(entry) : std::nullopt;
}

std::optional<ExpectedMount> read_expected_mount(std::string_view line) {
  ExpectedMount mount;
  const std::string_view kind = next_field(line);
  const std::string_view id = next_field(line);
  mount.path = line;
  for (const char letter : kind) {
    switch (letter) {
    case 'v': mount.kind = ExpectedMount::Kind::visible; break;
    case 'c': mount.kind = ExpectedMount::Kind::covered; break;
    case 'o': mount.kind = ExpectedMount::Kind::optional; break;
    case 'r': mount.read_only = true; break;
    case 'l': mount.through_links = true; break;
    default: return std::nullopt;
    }
  }
  mount.id = protocol::parse_file_id(id);
  const bool whole = !kind.empty() && (mount.id || id == "-") && line.starts_with('/') && line.size() < PATH_MAX &&
                     line.find(' ') == std::string_view::npos;
  return whole ? std::optional(mount) : std::nullopt;
}

std::optional<MountProblem> compare_mounts(std::span<MountEntry> mounts, std::span<ExpectedMount> expected) {
  std::sort(mounts.begin(), mounts.end(), is_before);
  std::sort(expected.begin(), expected.end(),
            [](const ExpectedMount& a, const ExpectedMount& b) { return a.path < b.path; });
  std::size_t at = 0;
  std::size_t line = 0;
  while (at < mounts.size() || line < expected.size()) {
    const bool listed = line < expected.size() && (at == mounts.size() || expected[line].path <= mounts[at].path);
    const std::string_view path = listed ? expected[line].path : mounts[at].path;
    std::size_t required = 0;
    std::size_t allowed = 0;
    for (; line < expected.size() && expected[line].path == path; ++line) {
      required += expected[line].kind == ExpectedMount::Kind::optional ? 0 : 1;
      ++allowed;
    }
    std::size_t there = 0;
    std::size_t free = 0;
    for (; at < mounts.size() && mounts[at].path == path; ++at) {
      ++there;
      free += is_in_sys(mounts[at]) ? 1 : 0;
    }
    if (there < required) {
      return MountProblem{MountProblem::Kind::missing, path};
    }
    if (there > allowed + free) {
      return MountProblem{MountProblem::Kind::unlisted, path};
    }
  }
  return std::nullopt;
}

const MountEntry* find_mount(std::span<const MountEntry> mounts, std::string_view path) {
  const auto found = std::lower_bound(mounts.begin(), mounts.end(), path,
                                      [](const MountEntry& entry, std::string_view text) { return entry.path < text; });
  return found != mounts.end() && found->path == path ? &*found : nullptr;
}

} // namespace agentbox::entrypoint
