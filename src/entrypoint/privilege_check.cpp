// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/privilege_check.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <unistd.h>

#include "entrypoint/entrypoint_message.hpp"

namespace agentbox::entrypoint {
namespace {

/// Returns the value of line "NAME:\tVALUE" of `status`.
std::optional<std::string_view> field(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    const std::string_view line = status.substr(0, status.find('\n'));
    status.remove_prefix(line.size() + (line.size() < status.size() ? 1 : 0));
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      const std::string_view value = line.substr(name.size() + 1);
      const std::size_t first = value.find_first_not_of(" \t");
      return first == std::string_view::npos ? std::string_view() : value.substr(first);
    }
  }
  return std::nullopt;
}

bool no_bit_set(std::string_view hex) {
  return !hex.empty() && hex.find_first_not_of('0') == std::string_view::npos;
}

struct CapabilitySet {
  std::string_view name;
  std::string_view problem;
};

constexpr std::array k_sets = {
    CapabilitySet{"CapInh", "the inheritable capability set is not empty (CapInh)"},
    CapabilitySet{"CapPrm", "the permitted capability set is not empty (CapPrm)"},
    CapabilitySet{"CapEff", "the effective capability set is not empty (CapEff)"},
    CapabilitySet{"CapBnd", "the capability bounding set is not empty (CapBnd)"},
    CapabilitySet{"CapAmb", "the ambient capability set is not empty (CapAmb)"},
};

} // namespace

std::optional<std::string_view> confinement_problem(std::string_view status) {
  if (field(status, "NoNewPrivs") != "1") {
    return "no-new-privileges is not set (NoNewPrivs)";
  }
  for (const CapabilitySet& set : k_sets) {
    if (!no_bit_set(field(status, set.name).value_or(""))) {
      return set.problem;
    }
  }
  return std::nullopt;
}

void require_confinement() {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  if (getresuid(&real, &effective, &saved) != 0 || real == 0 || effective == 0 || saved == 0) {
    die(k_refused, {"refused: it would run as uid 0; a box runs as an ordinary user (uid 1000)"});
  }
  // The file is about 1.5 KiB; if it is truncated, fields are missing, which counts as wrong.
  std::array<char, 16384> buffer{};
  const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  const ssize_t count = fd < 0 ? -1 : read(fd, buffer.data(), buffer.size());
  if (count < 0) {
    die(k_refused, {"refused: cannot read /proc/self/status: ", error_text(errno)});
  }
  close(fd);
  if (const auto problem = confinement_problem({buffer.data(), static_cast<std::size_t>(count)})) {
    die(k_refused, {"refused: ", *problem, "; start the box with agentbox"});
  }
}

} // namespace agentbox::entrypoint
