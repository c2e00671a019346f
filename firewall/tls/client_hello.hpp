// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::firewall::tls {

/// Maximum bytes of a ClientHello with its record headers. Post-quantum key shares take about 2 KiB.
constexpr std::size_t k_max_hello = 16384;

/// Bytes of the header of a TLS record (RFC 8446 §5.1).
constexpr std::size_t k_record_header = 5;

/// The first message of a TLS connection.
struct ClientHello {
  enum class State {
    incomplete, ///< valid so far, more bytes are needed
    complete,
    invalid, ///< not TLS, malformed, or ambiguous (two SNI extensions, two names in one): `problem` says why
  };
  State state = State::incomplete;
  std::optional<std::string> sni; ///< as sent; may not be a valid name
  bool encrypted = false;         ///< has an encrypted_client_hello extension: the real name may differ
  std::size_t size = 0;           ///< bytes of its records, once complete
  std::string_view problem;       ///< a literal, for State::invalid
};

/// Parses the ClientHello in `bytes`, the start of a connection (RFC 8446 §4.1.2, RFC 6066 §3). It may span any number
/// of records; unknown and GREASE extensions are skipped. Ambiguous input is invalid: the server must see the same
/// name.
ClientHello parse_client_hello(std::string_view bytes);

/// Returns a record with the fatal alert access_denied(49).
std::string access_denied_alert();

} // namespace agentbox::firewall::tls
