// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::firewall::tls {

/// Bytes of a ClientHello, record headers included, that are read at most. Post-quantum key shares take about 2 KiB.
constexpr std::size_t k_max_hello = 16384;

/// Bytes of the header of a TLS record (RFC 8446 §5.1).
constexpr std::size_t k_record_header = 5;

/// What the start of a TLS connection says.
struct ClientHello {
  enum class State {
    incomplete, ///< good so far, more is needed
    complete,
    invalid, ///< not TLS, malformed, or ambiguous (two SNI extensions, two names in one): `problem` says which
  };
  State state = State::incomplete;
  std::optional<std::string> sni; ///< as sent; may not be a valid name
  bool encrypted = false;         ///< an encrypted_client_hello extension is there: the true name may be another one
  std::size_t size = 0;           ///< of its records, when it is complete
  std::string_view problem;       ///< a literal, for State::invalid
};

/// Parses `bytes` from the first one of the connection on (RFC 8446 §4.1.2, RFC 6066 §3). The hello may be spread over
/// any number of records; unknown and GREASE extensions are passed over. Anything that two parsers might read in two
/// ways is invalid: a name that we see must be the name that the server sees.
ClientHello parse_client_hello(std::string_view bytes);

/// A fatal alert access_denied(49), to be sent before the connection is closed.
std::string access_denied_alert();

} // namespace agentbox::firewall::tls
