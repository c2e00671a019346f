// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/mount_check.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <span>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "entrypoint/entrypoint_message.hpp"
#include "entrypoint/mount_table.hpp"

namespace agentbox::entrypoint {
namespace {

/// Returns whether `path` is in the working directory, which is the workspace. True if that is unknown.
bool is_in_workspace(std::string_view path) {
  std::array<char, PATH_MAX> buffer{};
  const std::string_view workspace = getcwd(buffer.data(), buffer.size()) == nullptr ? "" : buffer.data();
  return path.starts_with(workspace) && (path.size() == workspace.size() || path[workspace.size()] == '/');
}

constexpr std::size_t k_max_table_bytes = 16U << 20U; // 30,000 mounts with long paths
constexpr std::string_view k_start_again = "; nothing was started. Start the box again";

/// Returns memory that is never freed: the process ends or runs the agent soon.
template <class Item>
std::span<Item> allocate(std::size_t count) {
  auto* const items = static_cast<Item*>(std::calloc(count + 1, sizeof(Item)));
  if (items == nullptr) {
    die(k_refused, {"refused: out of memory for the list of mounts"});
  }
  return {items, count};
}

std::string_view read_table() {
  const int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  const std::span<char> text = allocate<char>(k_max_table_bytes); // pages that are not written cost nothing
  std::size_t length = 0;
  ssize_t count = fd < 0 ? -1 : 1;
  while (count > 0 && length < text.size()) {
    count = read(fd, text.data() + length, text.size() - length);
    length += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  if (count != 0) {
    die(k_refused, {"refused: cannot read /proc/self/mountinfo, or it is too long"});
  }
  close(fd);
  return {text.data(), length};
}

std::string_view next_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

std::span<MountEntry> mounts_now() {
  std::string_view rest = read_table();
  const auto lines = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n'));
  const std::span<MountEntry> entries = allocate<MountEntry>(lines);
  for (MountEntry& entry : entries) {
    const auto read = read_mount_entry(next_line(rest));
    if (!read) {
      die(k_refused, {"refused: /proc/self/mountinfo cannot be parsed"});
    }
    entry = *read;
  }
  return entries;
}

/// Calls `use` with each line of AGENTBOX_MOUNTS, AGENTBOX_MOUNTS_1, and so on.
template <class Use>
void for_each_line(const Use& use) {
  for (std::size_t i = 0; i < protocol::k_max_mounts_variables; ++i) {
    const char* const value = std::getenv(protocol::mounts_variable(i).data());
    if (value == nullptr) {
      return;
    }
    for (std::string_view rest = value; !rest.empty();) {
      use(next_line(rest));
    }
  }
}

std::span<ExpectedMount> mounts_wanted() {
  std::size_t count = 0;
  for_each_line([&](std::string_view /*line*/) { ++count; });
  const std::span<ExpectedMount> wanted = allocate<ExpectedMount>(count);
  std::size_t i = 0;
  for_each_line([&](std::string_view line) {
    const auto read = read_expected_mount(line);
    if (!read) {
      die(k_refused, {"refused: AGENTBOX_MOUNTS is malformed"});
    }
    wanted[i++] = *read;
  });
  return wanted;
}

/// Returns a path in the spelling of /proc/self/mountinfo as system calls take it, with zeros at the end.
std::array<char, PATH_MAX> plain_path(std::string_view spelled) {
  std::array<char, PATH_MAX> path{};
  std::size_t length = 0;
  for (std::size_t i = 0; i < spelled.size() && length + 1 < path.size(); ++i) {
    if (spelled[i] == '\\' && i + 3 < spelled.size()) {
      path[length++] =
          static_cast<char>((spelled[i + 1] - '0') * 64 + (spelled[i + 2] - '0') * 8 + spelled[i + 3] - '0');
      i += 3;
    } else {
      path[length++] = spelled[i];
    }
  }
  return path;
}

/// Replaces the paths of mounts that links in the image redirected. A path with bytes that /proc/self/mountinfo
/// spells differently is not found there and refused later.
void follow_image_links(std::span<MountEntry> mounts, std::span<ExpectedMount> wanted) {
  std::sort(mounts.begin(), mounts.end(), [](const MountEntry& a, const MountEntry& b) { return a.path < b.path; });
  for (ExpectedMount& one : wanted) {
    if (!one.through_links || find_mount(mounts, one.path) != nullptr) {
      continue;
    }
    if (const char* const real = realpath(plain_path(one.path).data(), nullptr); real != nullptr) {
      one.path = real;
    }
  }
}

/// Ends the process unless what is seen at the path is the mount at this very path, and has the recorded identity.
void require_visible(const ExpectedMount& wanted, std::span<const MountEntry> mounts) {
  const int fd = open(plain_path(wanted.path).data(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct statx info {};
  if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &info) != 0) {
    const int error = errno;
    if (error == EACCES && !is_in_workspace(wanted.path)) {
      return;
    }
    die(k_refused, {"refused: cannot stat ", wanted.path, ": ", error_text(error)});
  }
  close(fd);
  const protocol::FileId id{makedev(info.stx_dev_major, info.stx_dev_minor), info.stx_ino};
  if (wanted.id && *wanted.id != id) {
    die(k_refused,
        {"refused: the source of ", wanted.path, " was replaced on the host after it was checked", k_start_again});
  }
  if ((info.stx_mask & STATX_MNT_ID) == 0) {
    die(k_refused, {"refused: the mounts cannot be checked: Linux 5.8 or newer is needed (agentbox doctor)"});
  }
  const auto mount =
      std::find_if(mounts.begin(), mounts.end(), [&](const MountEntry& entry) { return entry.id == info.stx_mnt_id; });
  if (mount == mounts.end() || mount->path != wanted.path) {
    die(k_refused, {"refused: ", wanted.path, " is not a mount, or not the expected one", k_start_again});
  }
  if (wanted.read_only && !mount->read_only) {
    die(k_refused, {"refused: ", wanted.path, " is mounted, but not read-only", k_start_again});
  }
}

} // namespace

void forget_mounts() {
  for (std::size_t i = 0; i < protocol::k_max_mounts_variables; ++i) {
    unsetenv(protocol::mounts_variable(i).data());
  }
}

void require_mounts() {
  if (std::getenv(protocol::k_mounts_variable) == nullptr) {
    return;
  }
  const std::span<ExpectedMount> wanted = mounts_wanted();
  const std::span<MountEntry> mounts = mounts_now();
  follow_image_links(mounts, wanted);
  if (const auto problem = compare_mounts(mounts, wanted)) {
    const bool missing = problem->kind == MountProblem::Kind::missing;
    die(k_refused, {"refused: ", missing ? "nothing is mounted at " : "there is an unexpected mount at ", problem->path,
                    " (a directory may have been replaced while the box started)", k_start_again});
  }
  for (const ExpectedMount& one : wanted) {
    if (one.kind == ExpectedMount::Kind::visible) {
      require_visible(one, mounts);
    }
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
