// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

namespace agentbox::firewall::test {

inline std::string be16(unsigned value) {
  return {static_cast<char>((value >> 8U) & 0xFFU), static_cast<char>(value & 0xFFU)};
}

inline std::string bytes(std::initializer_list<unsigned> values) {
  std::string out;
  for (const unsigned value : values) {
    out += static_cast<char>(static_cast<unsigned char>(value));
  }
  return out;
}

/// Returns `body` with its length in front, in two bytes.
inline std::string sized16(const std::string& body) {
  return be16(static_cast<unsigned>(body.size())) + body;
}

/// Returns a name in wire form; "" is the root.
inline std::string wire_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return out + '\0';
}

/// Returns a DNS query with one question.
inline std::string dns_query(std::string_view name, unsigned type, unsigned klass = 1) {
  return be16(0x1234) + be16(0x0100) + be16(1) + be16(0) + be16(0) + be16(0) + wire_name(name) + be16(type) +
         be16(klass);
}

// --- TLS ---

inline std::string extension(unsigned type, const std::string& body) {
  return be16(type) + sized16(body);
}

inline std::string host_name(const std::string& name, unsigned type = 0) {
  return std::string(1, static_cast<char>(type)) + sized16(name);
}

inline std::string server_name(const std::string& name) {
  return extension(0, sized16(host_name(name)));
}

/// Returns a ClientHello message with its handshake header.
inline std::string hello_message(const std::string& extensions, bool with_extensions = true) {
  std::string body = bytes({3, 3}) + std::string(32, 'r') + bytes({0}) + sized16(bytes({0x13, 0x01})) + bytes({1, 0});
  if (with_extensions) {
    body += sized16(extensions);
  }
  return bytes({1, 0}) + sized16(body);
}

inline std::string record(const std::string& body, unsigned type = 22) {
  return bytes({type, 3, 1}) + sized16(body);
}

inline std::string hello(const std::string& extensions) {
  return record(hello_message(extensions));
}

} // namespace agentbox::firewall::test
