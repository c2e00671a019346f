// SPDX-License-Identifier: Apache-2.0
#include "box/own_mount.hpp"

#include "conversations/store.hpp"
#include "logins/login_store.hpp"

namespace agentbox::box {

bool is_own(const policy::Mount& mount) {
  return mount.reason == conversations::k_reason || mount.reason == policy::k_home_reason ||
         logins::place_of_mount(mount.source).has_value();
}

std::vector<logins::Synchronizer> synchronizers_of(const policy::PolicyFields& fields) {
  std::vector<logins::Synchronizer> found;
  for (const policy::Mount& mount : fields.mounts) {
    if (const auto place = logins::place_of_mount(mount.source)) {
      found.emplace_back(*place);
    }
  }
  return found;
}

} // namespace agentbox::box
