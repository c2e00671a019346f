// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/privilege_check.hpp"

#include <array>
#include <cerrno>
#include <unistd.h>

#include "attacks/attack_io.hpp"
#include "entrypoint/entrypoint_message.hpp"

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

void require_confinement() {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  if (getresuid(&real, &effective, &saved) != 0 || real == 0 || effective == 0 || saved == 0) {
    die(k_refused, {"refused: it would run as uid 0; a box runs as an ordinary user (uid 1000)"});
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
