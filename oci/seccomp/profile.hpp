// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "oci/seccomp/arch.hpp"

namespace agentbox::oci::seccomp {

/// Comparison of a system call's argument with a value. masked_eq: (argument & value) == value_two.
enum class Operator { ne, lt, le, eq, ge, gt, masked_eq };

/// One comparison of a 64-bit argument register.
struct Comparison {
  std::uint32_t index = 0;
  Operator op = Operator::eq;
  std::uint64_t value = 0;
  std::uint64_t value_two = 0;

  auto operator<=>(const Comparison&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

/// All must match. Sorted by index, at most one of each.
using Conjunction = std::vector<Comparison>;

/// The action for a call whose arguments match.
struct Rule {
  bool allow = false;
  std::uint32_t errno_value = 0; ///< if it is not allowed
  Conjunction args;

  bool unconditional() const noexcept { return args.empty(); }
  auto operator<=>(const Rule&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

/// A filter for one machine: calls that no rule allows fail with `default_errno`.
struct Profile {
  Arch arch = native_arch();
  std::uint32_t default_errno = 0;
  std::map<std::string, std::vector<Rule>> syscalls;
};

/// Parses the host's profile (the format of containers-common and Docker, with conditional includes) for `arch` and a
/// process with bounding set `capabilities`, with the choices that Podman makes. A call that the profile both allows
/// and refuses is refused. `where` names the profile in errors. Throws support::Error(refused) if the profile allows by
/// default or contains anything unknown.
Profile read_host_profile(const nlohmann::json& host, Arch arch, const std::vector<std::string>& capabilities,
                          const std::string& where);

/// Returns `profile` as OCI linux.seccomp. Only the native architecture is listed: calls of another (i386, x32) kill
/// the thread, because the specification offers no milder action.
nlohmann::json to_oci(const Profile& profile);

/// Parses a comparison in the format of OCI linux.seccomp.syscalls[].args. Throws nlohmann's exceptions and
/// support::Error(refused) for an unknown operator.
Comparison read_comparison(const nlohmann::json& arg, const std::string& where);

} // namespace agentbox::oci::seccomp
