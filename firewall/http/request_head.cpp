// SPDX-License-Identifier: Apache-2.0
#include "firewall/http/request_head.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "support/ascii.hpp"
#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::firewall::http {
namespace {

constexpr unsigned k_max_fields = 100;

constexpr bool is_letter_or_digit(char c) {
  return support::is_letter(c) || support::is_digit(c);
}

/// Returns whether `text` has no control characters except tab. Bytes above 0x7F are obs-text (RFC 9110 §5.5).
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

bool same_name(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return support::to_lower(a) == support::to_lower(b); });
}

/// Checks one head line by line and fills in `head`. Each function returns the problem as a literal, empty if none.
class HeadReader {
public:
  HeadReader(RequestHead& head, std::uint16_t port) : m_head(head), m_port(fmt::format(":{}", port)) {}

  std::string_view request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
      return "not an HTTP request";
    }
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!is_token(method) || (version != "HTTP/1.1" && version != "HTTP/1.0")) {
      return "not an HTTP/1 request";
    }
    if (method == "CONNECT") {
      return "CONNECT is not allowed";
    }
    const bool asterisk = method == "OPTIONS" && target == "*";
    if (target.empty() || (target.front() != '/' && !asterisk)) {
      return "the request target must be a path, not a URL";
    }
    if (!is_plain(target) || target.find_first_of(" \t") != std::string_view::npos) {
      return "a control character or blank in the request target";
    }
    m_head.forward = fmt::format("{}\r\n", line);
    return {};
  }

  std::string_view field(std::string_view line) {
    if (++m_fields > k_max_fields) {
      return "too many header fields";
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      return "a malformed or folded header field"; // obs-fold starts with a blank, which is not in a token
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = support::trim(line.substr(colon + 1));
    if (!is_plain(value)) {
      return "a control character in a header field";
    }
    if (same_name(name, "transfer-encoding")) {
      return "Transfer-Encoding is not allowed; send a Content-Length";
    }
    if (same_name(name, "host")) {
      return host(value, line);
    }
    if (same_name(name, "content-length")) {
      return content_length(value, line);
    }
    const bool hop_by_hop = same_name(name, "connection") || same_name(name, "keep-alive") ||
                            same_name(name, "proxy-connection") || same_name(name, "upgrade") ||
                            same_name(name, "http2-settings") || same_name(name, "te");
    if (!hop_by_hop) {
      m_head.forward.append(line).append("\r\n");
    }
    return {};
  }

  std::string_view finish() {
    if (!m_host) {
      return "no Host header";
    }
    m_head.forward += "Connection: close\r\n\r\n";
    return {};
  }

private:
  std::string_view host(std::string_view value, std::string_view line) {
    if (m_host) {
      return "two Host headers";
    }
    m_host = true;
    if (value.ends_with(m_port)) {
      value.remove_suffix(m_port.size());
    }
    m_head.host = value;
    m_head.forward.append(line).append("\r\n");
    return {};
  }

  std::string_view content_length(std::string_view value, std::string_view line) {
    if (m_length) {
      return "two Content-Length headers";
    }
    const bool leading_zero = value.size() > 1 && value.front() == '0'; // octal to some
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), m_head.body);
    if (!support::is_digits(value) || leading_zero || error != std::errc() || m_head.body > k_max_body) {
      return "a malformed or too large Content-Length";
    }
    m_length = true;
    m_head.forward.append(line).append("\r\n");
    return {};
  }

  RequestHead& m_head;
  std::string m_port; ///< as in a Host header
  unsigned m_fields = 0;
  bool m_host = false;
  bool m_length = false;
};

/// Removes the first line from `bytes` and returns it without its CRLF; nullopt if it is incomplete. Sets `problem` for
/// a lone CR or LF.
std::optional<std::string_view> take_line(std::string_view& bytes, std::string_view& problem) {
  const std::size_t end = bytes.find_first_of("\r\n");
  if (end == std::string_view::npos || (bytes[end] == '\r' && end + 1 == bytes.size())) {
    return std::nullopt;
  }
  if (bytes[end] == '\n' || bytes[end + 1] != '\n') {
    problem = "a line that does not end with CR LF";
    return std::nullopt;
  }
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 2);
  return line;
}

std::string_view read_head(std::string_view bytes, std::uint16_t port, RequestHead& head) {
  HeadReader reader(head, port);
  std::string_view rest = bytes;
  std::string_view problem;
  bool first = true;
  while (const auto line = take_line(rest, problem)) {
    if (line->empty()) {
      problem = first ? "not an HTTP request" : reader.finish();
      head.size = bytes.size() - rest.size();
      head.state = RequestHead::State::complete;
      return problem;
    }
    problem = first ? reader.request_line(*line) : reader.field(*line);
    if (!problem.empty()) {
      return problem;
    }
    first = false;
  }
  if (problem.empty() && first && !bytes.empty() && !is_letter_or_digit(bytes.front())) {
    return "not an HTTP request"; // no need to wait for the rest
  }
  return problem;
}

} // namespace

bool is_token_character(char c) {
  static constexpr std::string_view k_marks = "!#$%&'*+-.^_`|~";
  return is_letter_or_digit(c) || k_marks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

RequestHead parse_request_head(std::string_view bytes, std::uint16_t port) {
  RequestHead head;
  head.problem = read_head(bytes.substr(0, k_max_head), port, head);
  if (head.problem.empty() && head.state == RequestHead::State::incomplete && bytes.size() >= k_max_head) {
    head.problem = "the request head is too long";
  }
  if (!head.problem.empty()) {
    head.state = RequestHead::State::invalid;
  }
  return head;
}

std::string denial_response(std::string_view box, std::string_view host, std::uint16_t port, std::string_view reason) {
  const std::string name = support::escape_untrusted(host, 255);
  const std::string body = fmt::format("agentbox: the firewall of box \"{}\" denied this request to {}: {}.\n"
                                       "To allow the host, run outside the box:  agentbox allow {}:{} --for 10m\n",
                                       support::escape_untrusted(box, 64), name.empty() ? "(no host)" : name,
                                       support::escape_untrusted(reason), name.empty() ? "HOST" : name, port);
  return fmt::format("HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n"
                     "Connection: close\r\nCache-Control: no-store\r\n\r\n{}",
                     body.size(), body);
}

} // namespace agentbox::firewall::http
