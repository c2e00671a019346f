// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/core_attacks.hpp"

#include <cstdlib>
#include <string_view>

#include "attacks/attack.hpp"
#include "attacks/runner.hpp"
#include "entrypoint/entrypoint_message.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {
namespace {

constexpr int k_attempt_ms = 1000;

void require_stopped(const attacks::Attack& attack, const attacks::Expected& expected) {
  const attacks::AttackResult result = attacks::attempt(attack, expected, k_attempt_ms);
  if (!protocol::is_good(result.verdict)) {
    die(k_refused, {"refused: an attack was not stopped ([verify] on_start): ", attack.tried, ": ",
                    protocol::verdict_text(result.verdict), " (", result.text.data(), "); nothing was started"});
  }
}

} // namespace

void require_core_attacks_stopped() {
  const char* const wanted = std::getenv(protocol::k_verify_variable);
  if (wanted == nullptr || std::string_view(wanted) != "1") {
    return;
  }
  attacks::Expected expected;
  const char* const network = std::getenv(protocol::k_network_variable);
  expected.filtered = network == nullptr || std::string_view(network) != protocol::k_full;
  for (const attacks::AttackFamily& family : attacks::all_attacks()) {
    // With --full-network the network is intentionally open; everything else must hold.
    const bool open = !expected.filtered && std::string_view(family.name) == "network";
    for (const attacks::Attack& attack : family.attacks) {
      if (attack.core && !open) {
        require_stopped(attack, expected);
      }
    }
  }
}

} // namespace agentbox::entrypoint
