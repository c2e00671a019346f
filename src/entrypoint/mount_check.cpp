// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/mount_check.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entrypoint/entrypoint_message.hpp"

namespace agentbox::entrypoint {
namespace {

/// Returns whether `path` is in the working directory, which is the workspace. True if that is unknown.
bool is_in_workspace(std::string_view path) {
  std::array<char, PATH_MAX> buffer{};
  const std::string_view workspace = getcwd(buffer.data(), buffer.size()) == nullptr ? "" : buffer.data();
  return path.starts_with(workspace) && (path.size() == workspace.size() || path[workspace.size()] == '/');
}

void require_mount(const ExpectedMount& expected) {
  std::array<char, PATH_MAX> path{}; // zeros at the end
  std::copy(expected.destination.begin(), expected.destination.end(), path.begin());
  struct stat info {};
  if (lstat(path.data(), &info) != 0) {
    const int error = errno;
    if (error == EACCES && !is_in_workspace(expected.destination)) {
      return;
    }
    die(k_refused, {"refused: cannot stat ", expected.destination, ": ", error_text(error)});
  }
  if (protocol::FileId{info.st_dev, info.st_ino} != expected.id) {
    die(k_refused, {"refused: the source of ", expected.destination,
                    " was replaced on the host after it was checked; nothing was started. Start the box again"});
  }
}

} // namespace

std::optional<ExpectedMount> read_expected_mount(std::string_view line) {
  const std::size_t blank = line.find(' ');
  const auto id = protocol::parse_file_id(line.substr(0, blank));
  const std::string_view destination = id && blank < line.size() ? line.substr(blank + 1) : "";
  if (!destination.starts_with('/') || destination.size() >= PATH_MAX) {
    return std::nullopt;
  }
  return ExpectedMount{*id, destination};
}

void require_mounts() {
  const char* value = std::getenv(protocol::k_mounts_variable);
  std::string_view rest = value == nullptr ? "" : value;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const auto expected = read_expected_mount(line);
    if (!expected) {
      die(k_refused, {"refused: AGENTBOX_MOUNTS is malformed"});
    }
    require_mount(*expected);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
}

std::optional<std::string_view> moved_part(int root, std::string_view path) {
  std::array<char, PATH_MAX> text{};
  for (std::size_t end = 0; end < path.size() && path.size() < text.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    const std::string_view part = path.substr(0, end);
    *std::copy(part.begin() + 1, part.end(), text.begin()) = '\0';
    struct stat info {};
    if (fstatat(root, text.data(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno == ENOENT ? std::nullopt : std::optional(part);
    }
    if (end == path.size() ? !S_ISREG(info.st_mode) : !S_ISDIR(info.st_mode)) {
      return part;
    }
  }
  return std::nullopt;
}

} // namespace agentbox::entrypoint
