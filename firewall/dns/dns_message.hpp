// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace agentbox::firewall::dns {

// Record types and response codes by their IANA numbers.
constexpr std::uint16_t k_type_a = 1;
constexpr std::uint16_t k_type_soa = 6;
constexpr std::uint16_t k_type_ptr = 12;
constexpr std::uint16_t k_type_txt = 16;
constexpr std::uint16_t k_type_aaaa = 28;
constexpr std::uint16_t k_type_opt = 41;
constexpr std::uint16_t k_type_https = 65; // RFC 9460
constexpr std::uint16_t k_class_in = 1;

enum class Rcode : std::uint16_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  no_such_name = 3,
  not_implemented = 4,
  refused = 5,
  bad_version = 16, ///< of EDNS; needs an OPT record
};

/// A query with one question, as received.
struct DnsQuery {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  std::string name; ///< as sent: labels joined by dots, no final dot, bytes not valid in a host name as \DDD
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
  bool edns = false;
  std::string_view question; ///< the question's bytes in the message, to be echoed
};

/// A message that is not such a query, and the response code for it.
struct MalformedQuery {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  Rcode rcode = Rcode::format_error;
  bool edns = false; ///< the response needs an OPT record
};

/// A message that gets no response: too short, or itself a response (answering would loop).
struct Unanswerable {};

using ParsedQuery = std::variant<DnsQuery, MalformedQuery, Unanswerable>;

/// Parses a message from the box: one question without compression, at most one OPT record, a few skipped additional
/// records, no trailing bytes.
ParsedQuery parse_query(std::string_view message);

/// The content of a response.
struct DnsAnswer {
  Rcode rcode = Rcode::no_error;
  std::optional<std::uint32_t> address; ///< an A record, host byte order
  bool loopback6 = false;               ///< an AAAA record with ::1
  std::optional<std::string> text;      ///< a TXT record of one string, at most 255 bytes
  std::uint32_t ttl = 0;
};

/// Returns the response to `query`, at most 512 bytes. Negative answers have an SOA record, so that resolvers cache
/// them for k_negative_ttl seconds only.
std::string write_response(const DnsQuery& query, const DnsAnswer& answer);

/// Returns the response to a message that is not a valid query.
std::string write_response(const MalformedQuery& malformed);

/// TTL of negative answers in seconds. Short, because a developer may allow the name a moment later.
constexpr std::uint32_t k_negative_ttl = 1;

} // namespace agentbox::firewall::dns
