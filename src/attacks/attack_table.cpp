// SPDX-License-Identifier: Apache-2.0
#include "attacks/attack.hpp"

namespace agentbox::attacks {

std::array<AttackFamily, 8> all_attacks() {
  return {privilege_attacks(), kernel_attacks(), socket_attacks(), network_attacks(),
          name_attacks(),      rule_attacks(),   file_attacks(),   limit_attacks()};
}

} // namespace agentbox::attacks
