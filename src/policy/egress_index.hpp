// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/egress.hpp"

namespace agentbox::policy {

/// The decision of an egress policy on one name, or one name and port.
struct EgressDecision {
  enum class Verdict {
    allowed,         ///< an entry of `allow` covers it
    blocked,         ///< a pattern of `block` covers it, whatever `allow` says
    not_listed,      ///< no entry names the host
    port_not_listed, ///< the host is listed, but not with this port
    bad_name,        ///< not a canonical DNS name; nothing was looked up
  };
  Verdict verdict = Verdict::not_listed;
  std::string rule;  ///< the entry that decided ("*.example.com:22"); empty if none did
  bool live = false; ///< the entry is a change that the user made to the running box

  bool allowed() const noexcept { return verdict == Verdict::allowed; }
  bool operator==(const EgressDecision&) const = default;
};

/// An egress policy indexed for lookups: binary search for the name and for each of its parents (at most 126), so that
/// a lookup costs microseconds for any length of list, without a hash table that an agent could flood. What is not
/// found is denied; a block overrides every allow. Immutable.
class EgressIndex {
public:
  /// Sorts the lists of `policy` and removes duplicates.
  explicit EgressIndex(EgressPolicy policy);

  const EgressPolicy& policy() const noexcept { return m_policy; }

  /// Decides on connections to `port` of `host` (canonical); without a port, on DNS queries for it: any port counts.
  EgressDecision decide(std::string_view host, std::optional<std::uint16_t> port = std::nullopt) const;

  /// Decides for the proxy whether the box may connect to `port` of `address`, which belongs to no name.
  EgressDecision decide_address(const Address16& address, std::uint16_t port) const;

  /// An upload limit, shared by all hosts that match `pattern`.
  struct Upload {
    std::string pattern;
    std::uint64_t bytes = 0;
  };
  /// Returns the limit for `host`, allowed by `rule`, if any. The most specific pattern applies.
  std::optional<Upload> upload_limit(std::string_view host, const std::string& rule) const;

  /// Returns whether the allowed host `host` may use TLS without a readable SNI.
  bool ech_allowed(std::string_view host) const;

  /// Returns whether the allowed host `host` may resolve to private addresses (RFC 1918, RFC 4193).
  bool private_allowed(std::string_view host) const;

private:
  EgressDecision decide_host(std::uint16_t port) const;

  EgressPolicy m_policy;
};

} // namespace agentbox::policy
