// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/first_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "firewall/http/request_head.hpp"
#include "support/ascii.hpp"

namespace agentbox::firewall::proxy {
namespace {

constexpr std::string_view k_blanks = " \t\r\n";

/// Compares `bytes` with the pattern whose element -1 matches any byte.
template <std::size_t size>
FirstBytes begins_like(std::string_view bytes, const std::array<int, size>& pattern) {
  for (std::size_t i = 0; i < std::min(bytes.size(), size); ++i) {
    if (pattern[i] >= 0 && static_cast<std::uint8_t>(bytes[i]) != pattern[i]) {
      return FirstBytes::other;
    }
  }
  return bytes.size() < size ? FirstBytes::undecided : FirstBytes::tls;
}

FirstBytes classify_tls(std::string_view bytes) {
  const auto first = static_cast<std::uint8_t>(bytes.front());
  if (first >= 20 && first <= 24) { // content types of TLS records (RFC 8446 §5.1, RFC 6520), then the major version
    return begins_like(bytes, std::array{-1, 3});
  }
  if (first >= 0x80) { // an SSL 2-compatible ClientHello, which OpenSSL long accepted: length, type, version
    return begins_like(bytes, std::array{-1, -1, 1, 3});
  }
  return FirstBytes::other;
}

/// Returns whether `line` contains "HTTP/" at the start of a word, in any case.
bool has_http_version(std::string_view line) {
  static constexpr std::string_view k_version = "HTTP/";
  const auto* at = line.begin();
  const auto same = [](char left, char right) { return support::to_lower(left) == support::to_lower(right); };
  while ((at = std::search(at, line.end(), k_version.begin(), k_version.end(), same)) != line.end()) {
    if (at != line.begin() && k_blanks.find(*(at - 1)) != std::string_view::npos) {
      return true;
    }
    ++at;
  }
  return false;
}

/// Returns whether `line` is a request of HTTP/0.9, which names no host: "GET /path" or "GET http://host/path".
bool is_simple_request(std::string_view line) {
  static constexpr std::string_view k_get = "GET";
  if (!line.starts_with(k_get)) {
    return false;
  }
  const std::size_t target = line.find_first_not_of(k_blanks, k_get.size());
  return target != std::string_view::npos && target > k_get.size() &&
         (line[target] == '/' || line.substr(target).starts_with("http:"));
}

FirstBytes classify_line(std::string_view line, bool complete) {
  const std::string_view method = line.substr(0, line.find_first_of(k_blanks));
  if (!http::is_token(method)) {
    return FirstBytes::other;
  }
  if (has_http_version(line) || (complete && is_simple_request(line))) {
    return FirstBytes::http;
  }
  return complete ? FirstBytes::other : FirstBytes::undecided;
}

} // namespace

FirstBytes classify_first_bytes(std::string_view bytes) {
  bytes = bytes.substr(0, http::k_max_head);
  if (bytes.empty()) {
    return FirstBytes::undecided;
  }
  if (const FirstBytes tls = classify_tls(bytes); tls != FirstBytes::other) {
    return tls;
  }
  const std::size_t start = std::min(bytes.find_first_not_of(k_blanks), bytes.size());
  const std::string_view line = bytes.substr(start, bytes.substr(start).find('\n'));
  const FirstBytes kind =
      line.empty() ? FirstBytes::undecided : classify_line(line, start + line.size() < bytes.size());
  if (kind != FirstBytes::undecided || bytes.size() < http::k_max_head) {
    return kind;
  }
  return http::is_token(line) ? FirstBytes::long_word : FirstBytes::http;
}

} // namespace agentbox::firewall::proxy
