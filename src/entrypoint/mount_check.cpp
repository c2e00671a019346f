// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/mount_check.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <sys/stat.h>

#include "entrypoint/entrypoint_message.hpp"

namespace agentbox::entrypoint {
namespace {

/// Takes a decimal number and the character `end` behind it off `text`.
std::optional<std::uint64_t> take_number(std::string_view& text, char end) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(rest - text.data());
  if (error != std::errc() || length == text.size() || text[length] != end) {
    return std::nullopt;
  }
  text.remove_prefix(length + 1);
  return number;
}

void require_mount(const ExpectedMount& expected) {
  std::array<char, PATH_MAX> path{}; // zeros at the end
  std::copy(expected.destination.begin(), expected.destination.end(), path.begin());
  struct stat info {};
  if (lstat(path.data(), &info) != 0) {
    if (errno == EACCES) {
      return;
    }
    die(k_refused, {"refused: cannot look at ", expected.destination, ": ", error_text(errno)});
  }
  if (info.st_dev != expected.device || info.st_ino != expected.inode) {
    die(k_refused, {"refused: what is mounted at ", expected.destination,
                    " is not what was there when the box was started: somebody replaced it on the host; nothing was "
                    "started. Start the box again"});
  }
}

} // namespace

std::optional<ExpectedMount> read_expected_mount(std::string_view line) {
  const auto device = take_number(line, ':');
  const auto inode = device ? take_number(line, ' ') : std::nullopt;
  if (!inode || !line.starts_with('/') || line.size() >= PATH_MAX) {
    return std::nullopt;
  }
  return ExpectedMount{*device, *inode, line};
}

void require_mounts() {
  const char* value = std::getenv("AGENTBOX_MOUNTS");
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

} // namespace agentbox::entrypoint
