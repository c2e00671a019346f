// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/privilege_check.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <unistd.h>

#include "attacks/attack_io.hpp"
#include "entrypoint/entrypoint_message.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {
namespace {

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

/// Returns the hex number of a line of a status file; all bits for a missing line.
std::uint64_t bits_of(std::string_view status, std::string_view name) {
  const std::string_view text = attacks::status_field(status, name);
  std::uint64_t bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 16);
  return text.empty() || error != std::errc() || end != text.data() + text.size() ? ~std::uint64_t{0} : bits;
}

} // namespace

std::optional<std::string_view> confinement_problem(std::string_view status) {
  if (attacks::status_field(status, "NoNewPrivs") != "1") {
    return "no-new-privileges is not set (NoNewPrivs)";
  }
  for (const CapabilitySet& set : k_sets) {
    if (!no_bit_set(attacks::status_field(status, set.name))) {
      return set.problem;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> build_problem(std::string_view status) {
  std::uint64_t allowed = 0;
  for (const protocol::NumberedCapability& capability : protocol::k_build_capabilities) {
    allowed |= std::uint64_t{1} << capability.number;
  }
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    if ((bits_of(status, set) & ~allowed) != 0) {
      return "it has more capabilities than package managers need";
    }
  }
  if (attacks::status_field(status, "Seccomp") != "2") {
    return "no seccomp filter is in force";
  }
  return std::nullopt;
}

void require_confinement() {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  if (getresuid(&real, &effective, &saved) != 0 || real == 0 || effective == 0 || saved == 0) {
    die(k_refused, {"refused: uid is 0; a box must run as uid 1000"});
  }
  const attacks::FileText status("/proc/self/status");
  if (!status.readable()) {
    die(k_refused, {"refused: cannot read /proc/self/status: ", error_text(errno)});
  }
  if (const auto problem = confinement_problem(status.text())) {
    die(k_refused, {"refused: ", *problem, "; start the box with agentbox"});
  }
}

} // namespace agentbox::entrypoint
