// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace agentbox::policy {

/// Returns the canonical form of a DNS name: lower case, no trailing dot, LDH labels and '_' of 1 to 63 bytes, at most
/// 253 in all, at least two labels, the last one not all digits (RFC 1123 §2.1, RFC 1035 §2.3.4). Configuration,
/// command line, DNS questions, SNI and Host headers all pass through it. Returns nothing for everything else: IP
/// literals, '%', NUL, blanks, non-ASCII (IDN must be written as xn--).
std::optional<std::string> canonical_name(std::string_view text);

/// Returns whether `text` is a canonical name. Allocates nothing.
bool is_canonical_name(std::string_view text);

/// Returns why `text` is not a valid name, for error messages ("a label is longer than 63 bytes"), or empty.
std::string name_problem(std::string_view text);

/// A name, or `*.name`: every subdomain at any depth, not the name itself.
struct HostPattern {
  std::string name;        ///< canonical, without the "*."
  bool subdomains = false; ///< written as "*.name"

  /// Returns whether the pattern matches canonical name `host`, by whole labels from the right.
  bool matches(std::string_view host) const;
  /// Returns whether this pattern matches everything that `other` matches.
  bool covers(const HostPattern& other) const;
  /// Returns the form used in a configuration: "api.example.com" or "*.example.com".
  std::string text() const;
  bool operator==(const HostPattern&) const = default;
  auto operator<=>(const HostPattern&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

/// Default port of an entry; on it the firewall lets only TLS pass.
inline constexpr std::uint16_t k_https_port = 443;
/// On it the firewall lets only plain HTTP pass.
inline constexpr std::uint16_t k_http_port = 80;

/// One line of an allowlist: HOST or HOST:PORT.
struct HostEntry {
  HostPattern pattern;
  std::uint16_t port = k_https_port;

  std::string text() const; ///< "api.example.com" for 443, else "github.com:22"
  bool operator==(const HostEntry&) const = default;
  auto operator<=>(const HostEntry&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

/// Describes what is wrong with an entry.
struct EntryProblem {
  std::string message;
  std::string hint;

  bool operator==(const EntryProblem&) const = default;
};
using EntryResult = std::variant<HostEntry, EntryProblem>;
using PatternResult = std::variant<HostPattern, EntryProblem>;

/// Parses "HOST", "HOST:PORT", "*.HOST", "*.HOST:PORT". Refused with a reason: "*", "*.com" (a public suffix of one
/// label), IP literals, ports 0 and above 65535, URLs (the hint names the host inside), blanks and control bytes.
EntryResult parse_host_entry(std::string_view text);

/// Parses one entry of a list that takes no ports (block_hosts, allow_private, allow_ech): "HOST" or "*.HOST".
/// The same refusals as parse_host_entry, and a port is refused too.
PatternResult parse_host_pattern(std::string_view text);

/// Like parse_host_pattern, and a whole top-level domain ("*.zip") may be named as well: a block only ever tightens.
PatternResult parse_block_pattern(std::string_view text);

} // namespace agentbox::policy
