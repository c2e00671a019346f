// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace agentbox::firewall::proxy {

/// The protocol of a client on a port that may carry any protocol.
enum class FirstBytes {
  undecided, ///< more bytes are needed; a server does nothing with these alone
  tls,       ///< a TLS record or an SSL 2 ClientHello, valid or not
  http,      ///< an HTTP request line, valid or not
  long_word, ///< http::k_max_head bytes without an end of the first word: `other`, unless a blank follows it
  other,
};

/// Returns the protocol of the client that sent `bytes` first. Errs towards tls and http, which are parsed strictly
/// afterwards: servers accept alerts before the ClientHello (OpenSSL), empty lines before the request line (RFC 9112
/// §2.2), several blanks or tabs in it, line ends without CR, any version, and HTTP/0.9. A longer
/// first line than http::k_max_head that could become a request line is treated as one.
FirstBytes classify_first_bytes(std::string_view bytes);

} // namespace agentbox::firewall::proxy
