// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/egress.hpp"

namespace agentbox::policy {

/// What the egress policy says about one name, or one name and port.
struct EgressDecision {
  enum class Verdict {
    allowed,         ///< an entry of `allow` covers it
    blocked,         ///< a pattern of `block` covers it, whatever `allow` says
    not_listed,      ///< no entry names the host
    port_not_listed, ///< the host is listed, but not with this port
    bad_name,        ///< not a canonical DNS name; nothing was looked up
  };
  Verdict verdict = Verdict::not_listed;
  std::string rule; ///< the entry that decided, as it is written in a config ("*.example.com:22"); empty where none did

  bool allowed() const noexcept { return verdict == Verdict::allowed; }
  bool operator==(const EgressDecision&) const = default;
};

/// "allowed", "blocked", "not-listed", "port-not-listed", "bad-name": the words of the audit log.
std::string_view verdict_text(EgressDecision::Verdict verdict);

/// An egress policy made ready for many questions: by binary search for the name and for each parent of it, so that a
/// question costs microseconds whatever the list's length (at most 126 parents, and no hash that an agent could
/// flood). Whatever is not found is refused; a block wins over every allow. Immutable.
class EgressIndex {
public:
  /// Takes the policy over; lists that are not sorted and unique yet are made so.
  explicit EgressIndex(EgressPolicy policy);

  const EgressPolicy& policy() const noexcept { return m_policy; }

  /// For DNS: may `host` (canonical) be resolved, that is, is it listed with any port?
  EgressDecision decide(std::string_view host) const;

  /// For the proxy: may the box connect to `port` of `host` (canonical)?
  EgressDecision decide(std::string_view host, std::uint16_t port) const;

  /// For the proxy: may the box connect to `port` of `address`, which is no name's?
  EgressDecision decide_address(const Address16& address, std::uint16_t port) const;

  /// An upload limit: which pattern it holds for (all that it covers share it), and the bytes.
  struct Upload {
    std::string pattern;
    std::uint64_t bytes = 0;
  };
  /// The limit for `host`, allowed by `rule`; nothing when there is none. Of several patterns the nearest one counts.
  std::optional<Upload> upload_limit(std::string_view host, const std::string& rule) const;

  /// Whether `host`, allowed already, may do without a readable SNI on 443.
  bool ech_allowed(std::string_view host) const;

  /// Whether `host`, allowed already, may have private addresses (RFC 1918, RFC 4193) upstream.
  bool private_allowed(std::string_view host) const;

private:
  EgressDecision decide_host(std::uint16_t port) const;

  EgressPolicy m_policy;
};

} // namespace agentbox::policy
