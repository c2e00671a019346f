// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/file_rules.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "entrypoint/entrypoint_message.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {
namespace {

// Newer than some <linux/landlock.h>.
constexpr std::uint64_t k_truncate = 1U << 14U;  // ABI 3
constexpr std::uint64_t k_ioctl_dev = 1U << 15U; // ABI 5
constexpr std::uint64_t k_scopes = 3;            // ABI 6: abstract sockets, signals

/// landlock_ruleset_attr of ABI 6. An older kernel accepts it while the fields that it does not support are 0.
struct Ruleset {
  std::uint64_t handled_fs;
  std::uint64_t handled_net;
  std::uint64_t scoped;
};

constexpr std::uint64_t k_file_rights = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                        LANDLOCK_ACCESS_FS_READ_FILE | k_truncate | k_ioctl_dev;
constexpr std::uint64_t k_read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t k_write =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER | k_truncate | k_ioctl_dev;
constexpr std::uint64_t k_all =
    k_read | k_write | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;

/// Returns the rights that a kernel of this ABI supports.
constexpr std::uint64_t supported_rights(long abi) {
  return k_all & ~(abi < 3 ? k_truncate : 0) & ~(abi < 5 ? k_ioctl_dev : 0);
}

[[noreturn]] void fail(std::string_view what, std::string_view path, int error) {
  die(k_refused, {"refused: Landlock: ", what, " ", path, ": ", error_text(error), "; nothing was started"});
}

std::string_view next_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

/// Returns N of "abi N".
long wanted_abi(std::string_view line) {
  constexpr std::string_view k_prefix = "abi ";
  long abi = 0;
  if (line.starts_with(k_prefix)) {
    line.remove_prefix(k_prefix.size());
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), abi);
    if (error == std::errc() && end == line.data() + line.size() && abi >= 2 && abi <= 6) {
      return abi;
    }
  }
  die(k_refused, {"refused: AGENTBOX_LANDLOCK is malformed; nothing was started"});
}

void add_rule(int ruleset, int fd, std::uint64_t rights, std::string_view path) {
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = fd;
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    fail("cannot allow", path, errno);
  }
}

/// Allows `path` unless there is no such file, which needs no rule. A file gets only rights that apply to files.
void allow(int ruleset, const char* path, std::uint64_t rights, dev_t only_device = 0) {
  const int fd = open(path, O_PATH | O_CLOEXEC | (only_device != 0 ? O_NOFOLLOW : 0));
  struct stat info {};
  if (fd < 0 || fstat(fd, &info) != 0) {
    if (errno == ENOENT || errno == EACCES || errno == ENOTDIR) {
      return;
    }
    fail("cannot open", path, errno);
  }
  const bool wanted = only_device == 0 || (info.st_dev == only_device && !S_ISLNK(info.st_mode));
  if (wanted) {
    add_rule(ruleset, fd, S_ISDIR(info.st_mode) ? rights : rights & k_file_rights, path);
  }
  close(fd);
}

/// Allows the entries of / that belong to the image, not to a mount.
void allow_image(int ruleset, std::string_view left_out, std::uint64_t rights) {
  struct stat root {};
  DIR* const directory = opendir("/");
  if (directory == nullptr || stat("/", &root) != 0) {
    fail("cannot read", "/", errno);
  }
  while (const dirent* entry = readdir(directory)) { // NOLINT(concurrency-mt-unsafe): one thread
    const std::string_view name = static_cast<const char*>(entry->d_name);
    std::array<char, NAME_MAX + 4> path{" /"}; // " /NAME ", zeros at the end
    std::copy(name.begin(), name.end(), path.begin() + 2);
    path[name.size() + 2] = ' ';
    const bool skip = name == "." || name == ".." || left_out.find(path.data()) != std::string_view::npos;
    path[name.size() + 2] = '\0';
    if (!skip) {
      allow(ruleset, path.data() + 1, rights, root.st_dev);
    }
  }
  closedir(directory);
}

} // namespace

std::optional<FileRule> read_file_rule(std::string_view line) {
  const std::size_t blank = line.find(' ');
  const std::string_view word = line.substr(0, blank);
  FileRule rule;
  rule.path = blank < line.size() ? line.substr(blank + 1) : "";
  if (word == "image") {
    rule.image = true;
    rule.path = line.substr(std::min(blank, line.size())); // with the blank
    rule.rights = k_read | LANDLOCK_ACCESS_FS_EXECUTE;
    return rule.path.ends_with(' ') ? std::optional(rule) : std::nullopt;
  }
  for (const char letter : word) {
    switch (letter) {
    case 'l': rule.rights |= LANDLOCK_ACCESS_FS_READ_DIR; break;
    case 'r': rule.rights |= k_read; break;
    case 'w': rule.rights |= k_write; break;
    case 'x': rule.rights |= LANDLOCK_ACCESS_FS_EXECUTE; break;
    default: return std::nullopt;
    }
  }
  const bool whole = rule.rights != 0 && rule.path.starts_with('/') && rule.path.size() < PATH_MAX;
  return whole ? std::optional(rule) : std::nullopt;
}

void restrict_files(Domain domain) {
  const char* const value = std::getenv(protocol::k_landlock_variable);
  if (value == nullptr) {
    return;
  }
  std::string_view rest = value;
  const long abi = wanted_abi(next_line(rest));
  const long offered = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (offered < abi) {
    die(k_refused, {"refused: the kernel's Landlock ABI is lower than when the box was created; nothing was started"});
  }
  const std::uint64_t supported = supported_rights(abi);
  const Ruleset attributes{supported, 0, abi >= 6 && domain == Domain::agent ? k_scopes : 0};
  const int ruleset = static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes,
                                               abi >= 6 ? sizeof attributes : sizeof attributes.handled_fs, 0));
  if (ruleset < 0) {
    fail("cannot create", "a ruleset", errno);
  }
  fcntl(ruleset, F_SETFD, FD_CLOEXEC);
  while (!rest.empty()) {
    const auto rule = read_file_rule(next_line(rest));
    if (!rule) {
      die(k_refused, {"refused: AGENTBOX_LANDLOCK is malformed; nothing was started"});
    }
    if (rule->image) {
      allow_image(ruleset, rule->path, rule->rights & supported);
      continue;
    }
    std::array<char, PATH_MAX> path{}; // zeros at the end
    std::copy(rule->path.begin(), rule->path.end(), path.begin());
    allow(ruleset, path.data(), rule->rights & supported);
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
    fail("cannot restrict", "the agent", errno);
  }
  close(ruleset);
}

} // namespace agentbox::entrypoint
