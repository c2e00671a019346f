// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "oci/seccomp/profile.hpp"

namespace agentbox::oci::seccomp {

/// Whose filter it is. The firewall may load rules through netlink; the agent may not.
enum class Box { agent, firewall };

/// One entry of taken_away.json, which says why.
struct TakenAway {
  std::vector<std::string> names;
  std::uint32_t errno_value = 0;
  std::vector<Conjunction> kept_when; ///< empty: the calls are taken away whole
  std::string why;
};

/// The entries of taken_away.json (compiled in) that hold for `box` on `arch`.
std::vector<TakenAway> taken_away(Box box, Arch arch);

/// `profile` with less in it: a call that `entries` name stays only where its arguments match kept_when *and* the
/// profile had it; else it fails with the entry's errno.
Profile take_away(Profile profile, const std::vector<TakenAway>& entries);

/// OCI linux.seccomp for `box`, from the text of the host's own default profile by taking away. `where` is the host
/// profile's path, for messages. Throws support::Error(refused) when the text is empty or not understood: without a
/// filter there is no box.
nlohmann::json derive(std::string_view host_profile, Box box, Arch arch, const std::vector<std::string>& capabilities,
                      const std::string& where);

} // namespace agentbox::oci::seccomp
