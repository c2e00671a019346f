// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "oci/seccomp/profile.hpp"

namespace agentbox::oci::seccomp {

/// The container that a filter is for. The firewall may load rules through netlink; the agent and the programs of a
/// base image during its build may not. The latter may call chroot(2), as package managers do.
enum class Box { agent, firewall, build };

/// One entry of taken_away.json, which has the reasons.
struct TakenAway {
  std::vector<std::string> names;
  std::uint32_t errno_value = 0;
  std::vector<Conjunction> kept_when; ///< empty: the calls are removed completely
  std::string why;
};

/// Returns the entries of taken_away.json (compiled in) for `box` on `arch`.
std::vector<TakenAway> taken_away(Box box, Arch arch);

/// Returns `profile` without `entries`: a call that they name stays allowed only if its arguments match kept_when *and*
/// the profile allowed it; otherwise it fails with the entry's errno.
Profile take_away(Profile profile, const std::vector<TakenAway>& entries);

/// Returns OCI linux.seccomp for `box`: the host's own default profile, minus the entries. `where` is the profile's
/// path, for messages. Throws support::Error(refused) if the text is empty or not understood: no box without a filter.
nlohmann::json derive(std::string_view host_profile, Box box, Arch arch, const std::vector<std::string>& capabilities,
                      const std::string& where);

} // namespace agentbox::oci::seccomp
