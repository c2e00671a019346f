// SPDX-License-Identifier: Apache-2.0
#include "firewall/tls/client_hello.hpp"

#include <array>
#include <cstdint>

namespace agentbox::firewall::tls {
namespace {

constexpr std::uint8_t k_record_handshake = 22;
constexpr std::uint8_t k_client_hello = 1;
constexpr std::size_t k_max_record = 16384;
constexpr std::uint16_t k_ext_server_name = 0;

/// Returns whether extension `type` carries an encrypted name: ECH (RFC 9849) or one of its drafts, the first of which
/// was called ESNI.
constexpr bool encrypts_name(std::size_t type) {
  return (type >= 0xFE08 && type <= 0xFE0D) || type == 0xFF02 || type == 0xFFCE;
}

/// Reads length-prefixed vectors. A read past the end returns nothing and clears good().
class TlsReader {
public:
  explicit TlsReader(std::string_view bytes) : m_bytes(bytes) {}

  std::size_t number(unsigned bytes) {
    std::size_t value = 0;
    for (const char byte : take(bytes)) {
      value = (value << 8U) | static_cast<unsigned char>(byte);
    }
    return value;
  }
  std::string_view take(std::size_t size) {
    if (size > m_bytes.size()) {
      m_good = false;
      m_bytes = {};
      return {};
    }
    const std::string_view piece = m_bytes.substr(0, size);
    m_bytes.remove_prefix(size);
    return piece;
  }
  /// Reads a vector whose length is in the `length_bytes` bytes before it.
  std::string_view vector(unsigned length_bytes) { return take(number(length_bytes)); }
  bool empty() const { return m_bytes.empty(); }
  bool good() const { return m_good; }

private:
  std::string_view m_bytes;
  bool m_good = true;
};

/// A handshake message reassembled from its records.
struct AssembledHello {
  std::size_t size = 0; ///< of the records that hold it
  std::string message;  ///< with its 4-byte header
  bool complete = false;
  std::string_view problem; ///< a literal
};

std::string_view record_problem(std::string_view header) {
  if (static_cast<unsigned char>(header[0]) != k_record_handshake) {
    return "not a TLS handshake";
  }
  if (header.size() > 1 && header[1] != 3) {
    return "not a TLS version";
  }
  return {};
}

std::size_t message_size(std::string_view message) {
  TlsReader block(message.substr(1, 3));
  return 4 + block.number(3);
}

AssembledHello assemble(std::string_view bytes) {
  AssembledHello out;
  const std::size_t all = bytes.size();
  while (!bytes.empty()) {
    if (out.problem = record_problem(bytes); !out.problem.empty()) {
      return out;
    }
    if (bytes.size() < k_record_header) {
      return out;
    }
    TlsReader length(bytes.substr(3, 2));
    const std::size_t size = length.number(2);
    if (size == 0 || size > k_max_record) {
      out.problem = "a TLS record is empty or too long";
      return out;
    }
    out.message += bytes.substr(k_record_header, size);
    if (static_cast<unsigned char>(out.message.empty() ? k_client_hello : out.message[0]) != k_client_hello) {
      out.problem = "the first TLS message is not a ClientHello";
      return out;
    }
    if (out.message.size() >= 4) {
      const std::size_t whole = message_size(out.message);
      if (whole > k_max_hello) {
        out.problem = "the ClientHello is too long";
        return out;
      }
      if (out.message.size() > whole) {
        out.problem = "something follows the ClientHello in its record";
        return out;
      }
      if (out.message.size() == whole) { // complete when the rest of the record, if any, has arrived
        out.complete = bytes.size() >= k_record_header + size;
        out.size = all - bytes.size() + k_record_header + size;
        return out;
      }
    }
    if (bytes.size() < k_record_header + size) {
      return out;
    }
    bytes.remove_prefix(k_record_header + size);
  }
  return out;
}

/// Reads the list of names, which must be one host_name(0) (RFC 6066 §3).
std::string_view read_server_name(std::string_view body, ClientHello& hello) {
  if (hello.sni) {
    return "two server_name extensions";
  }
  TlsReader extension(body);
  TlsReader list(extension.vector(2));
  const std::size_t type = list.number(1);
  const std::string_view name = list.vector(2);
  if (!extension.good() || !extension.empty() || !list.good() || type != 0 || name.empty()) {
    return "a malformed server_name extension";
  }
  if (!list.empty()) {
    return "more than one name in the server_name extension";
  }
  hello.sni = name;
  return {};
}

std::string_view read_extensions(std::string_view bytes, ClientHello& hello) {
  TlsReader extensions(bytes);
  while (!extensions.empty()) {
    const std::size_t type = extensions.number(2);
    const std::string_view body = extensions.vector(2);
    if (!extensions.good()) {
      return "malformed extensions";
    }
    if (type == k_ext_server_name) {
      if (const std::string_view problem = read_server_name(body, hello); !problem.empty()) {
        return problem;
      }
    }
    hello.encrypted = hello.encrypted || encrypts_name(type);
  }
  return {};
}

std::string_view read_hello(std::string_view message, ClientHello& hello) {
  TlsReader body(message.substr(4));
  const std::size_t version = body.number(2);
  body.take(32); // random
  const std::string_view session = body.vector(1);
  const std::string_view suites = body.vector(2);
  const std::string_view compression = body.vector(1);
  if (!body.good() || (version >> 8U) != 3 || session.size() > 32 || suites.empty() || suites.size() % 2 != 0 ||
      compression.empty()) {
    return "a malformed ClientHello";
  }
  if (body.empty()) {
    return {}; // TLS 1.2 allows no extensions at all
  }
  const std::string_view extensions = body.vector(2);
  if (!body.good() || !body.empty()) {
    return "a malformed ClientHello";
  }
  return read_extensions(extensions, hello);
}

} // namespace

ClientHello parse_client_hello(std::string_view bytes) {
  ClientHello hello;
  const AssembledHello assembled = assemble(bytes.substr(0, k_max_hello));
  hello.problem = assembled.problem;
  if (hello.problem.empty() && assembled.complete) {
    hello.problem = read_hello(assembled.message, hello);
    hello.state = ClientHello::State::complete;
    hello.size = assembled.size;
  } else if (hello.problem.empty() && bytes.size() >= k_max_hello) {
    hello.problem = "the ClientHello is too long";
  }
  if (!hello.problem.empty()) {
    hello.state = ClientHello::State::invalid;
  }
  return hello;
}

std::string access_denied_alert() {
  constexpr std::array<char, 7> k_alert = {21, 3, 3, 0, 2, 2, 49};
  return {k_alert.data(), k_alert.size()};
}

} // namespace agentbox::firewall::tls
