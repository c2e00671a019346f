// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/seccomp/arch.hpp"

namespace agentbox::oci::seccomp {

/// How a system call's argument is compared. masked_eq: (argument & value) == value_two.
enum class Operator { ne, lt, le, eq, ge, gt, masked_eq };

/// One comparison of a 64-bit argument register.
struct Comparison {
  std::uint32_t index = 0;
  Operator op = Operator::eq;
  std::uint64_t value = 0;
  std::uint64_t value_two = 0;

  auto operator<=>(const Comparison&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

/// All must hold. Sorted by index, at most one of each.
using Conjunction = std::vector<Comparison>;

/// What happens to a call whose arguments match.
struct Rule {
  bool allow = false;
  std::uint32_t errno_value = 0; ///< where it is not allowed
  Conjunction args;

  bool unconditional() const noexcept { return args.empty(); }
  auto operator<=>(const Rule&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

/// A filter for one machine: what is not allowed by a rule fails with `default_errno`.
struct Profile {
  Arch arch = native_arch();
  std::uint32_t default_errno = 0;
  std::map<std::string, std::vector<Rule>> syscalls;
};

/// The part of the host's profile (containers-common's and Docker's format, with conditional includes) that holds on
/// `arch` for a process whose bounding set is `capabilities`: the choice that Podman makes. Where the profile both
/// allows and refuses a call, it is refused. `where` names the profile in errors.
/// Throws support::Error(refused) when the profile allows by default, or has anything that we do not understand.
Profile read_host_profile(const nlohmann::json& host, Arch arch, const std::vector<std::string>& capabilities,
                          const std::string& where);

/// `profile` as OCI linux.seccomp. Only the native architecture is listed: the calls of another (i386, x32) kill the
/// thread, since the specification has no softer answer.
nlohmann::json to_oci(const Profile& profile);

/// Reads a comparison in the format of OCI linux.seccomp.syscalls[].args. Throws nlohmann's exceptions and
/// support::Error(refused) for an unknown operator.
Comparison read_comparison(const nlohmann::json& arg, const std::string& where);

} // namespace agentbox::oci::seccomp
