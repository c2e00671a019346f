// SPDX-License-Identifier: Apache-2.0
// What of a connection is allowed, and what its client must have said before the first byte leaves the box.
#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <utility>

#include "firewall/http/request_head.hpp"
#include "firewall/proxy/original_destination.hpp"
#include "firewall/proxy/session.hpp"
#include "firewall/tls/second_hello.hpp"

namespace agentbox::firewall::proxy {
namespace {

constexpr std::uint16_t k_http = 80;

std::string refusal_text(const policy::EgressDecision& decision) {
  if (decision.verdict == policy::EgressDecision::Verdict::blocked) {
    return fmt::format("the rule {} blocks it", decision.rule);
  }
  return decision.rule.empty() ? "no entry of the list of hosts covers this name and port"
                               : fmt::format("the entry {} does not allow this port", decision.rule);
}

} // namespace

bool Session::identify() {
  const auto destination = original_destination(m_client.native_handle());
  if (!destination) {
    return deny("no-name", "the connection was not redirected by the firewall's rules");
  }
  m_record.port = m_target.port = destination->port;
  const auto four = policy::is_v4(destination->address) ? policy::embedded4(destination->address) : std::nullopt;
  m_entry = four ? m_services.directory.at(*four) : nullptr;
  if (m_entry) {
    m_target.kind = m_entry->name == policy::k_host_name ? Target::Kind::host : Target::Kind::name;
    m_record.name = m_target.name = m_entry->name;
    return true;
  }
  m_target.kind = Target::Kind::address;
  m_target.address = destination->address;
  m_record.address = policy::address_text(destination->address);
  m_record.rule = m_services.directory.decide_address(destination->address, destination->port).rule;
  return !m_record.rule.empty() || deny("no-name", "no name has this address");
}

policy::EgressDecision Session::decide() const {
  return m_target.kind == Target::Kind::address ? m_services.directory.decide_address(m_target.address, m_record.port)
                                                : m_services.directory.decide(m_record.name, m_record.port);
}

asio::awaitable<bool> Session::check_policy() {
  const auto decision = decide();
  m_record.rule = decision.rule;
  // An address, or the developer's own machine, has no name that TLS or HTTP could agree with.
  const bool named = m_target.kind == Target::Kind::name;
  const bool https = named && m_record.port == policy::k_https_port;
  const bool http = named && m_record.port == k_http;
  if (!decision.allowed()) {
    deny(policy::verdict_text(decision.verdict), refusal_text(decision),
         https ? Farewell::alert : (http ? Farewell::page : Farewell::reset));
    if (https || http) { // an answer before the question would be taken for a broken server
      m_deadline = Clock::now() + k_farewell_time;
      co_await read_more();
    }
    co_return false;
  }
  if (!m_services.log.healthy() && !m_services.log.recover()) {
    co_return deny("no-audit", "the audit log cannot be written (is the host's disk full?)");
  }
  if (!check_budget()) {
    co_return false;
  }
  if (https) {
    co_return co_await check_hello();
  }
  if (http) {
    co_return co_await check_head();
  }
  co_return true;
}

asio::awaitable<bool> Session::check_hello() {
  for (;;) {
    if (!co_await read_more()) {
      co_return deny("no-hello", "the connection ended before a whole TLS ClientHello came");
    }
    const auto hello = tls::parse_client_hello(m_buffer);
    if (hello.state == tls::ClientHello::State::invalid) {
      co_return deny("not-tls", std::string(hello.problem));
    }
    if (hello.state == tls::ClientHello::State::complete) {
      m_held = m_buffer.substr(hello.size);
      m_buffer.resize(hello.size);
      co_return check_server_name(hello);
    }
  }
}

bool Session::check_server_name(const tls::ClientHello& hello) {
  const bool lenient = m_services.directory.ech_allowed(m_record.name);
  if (hello.encrypted) {
    return lenient || deny("ech", "the ClientHello hides the name it asks for (ECH)", Farewell::alert);
  }
  if (!hello.sni) {
    return lenient || deny("sni-missing", "the ClientHello names no host (no SNI)", Farewell::alert);
  }
  if (policy::canonical_name(*hello.sni) != m_record.name) {
    return deny("sni-mismatch", fmt::format("the ClientHello asks for another host: {}", *hello.sni), Farewell::alert);
  }
  return true;
}

asio::awaitable<FlowEnd> Session::check_second_hello() {
  auto hello = tls::parse_second_hello(m_buffer);
  while (hello.state == tls::ClientHello::State::incomplete) {
    if (!co_await read_more()) {
      co_return FlowEnd::broken;
    }
    hello = tls::parse_second_hello(m_buffer);
  }
  const bool same = hello.state == tls::ClientHello::State::complete ? check_server_name(hello)
                                                                     : deny("not-tls", std::string(hello.problem));
  if (!same || m_over) {
    co_return FlowEnd::broken;
  }
  co_return co_await send_buffer();
}

/// Whether what TLS says of the host is what decides.
bool Session::checks_server_names() const {
  return m_target.kind == Target::Kind::name && m_record.port == policy::k_https_port &&
         !m_services.directory.ech_allowed(m_record.name);
}

asio::awaitable<bool> Session::check_head() {
  http::RequestHead head;
  while (head.state == http::RequestHead::State::incomplete) {
    if (!co_await read_more()) {
      co_return deny("no-request", "the connection ended before a whole HTTP request came");
    }
    head = http::parse_request_head(m_buffer);
  }
  if (head.state == http::RequestHead::State::invalid) {
    co_return deny("bad-request", std::string(head.problem), Farewell::page);
  }
  if (policy::canonical_name(head.host) != m_record.name) {
    co_return deny("host-mismatch", fmt::format("the request asks for another host: {}", head.host), Farewell::page);
  }
  // The head as rewritten, what is there of the body, and later the rest of it. Nothing behind it.
  const std::string_view rest = std::string_view(m_buffer).substr(head.size);
  const std::size_t body = std::min<std::uint64_t>(rest.size(), head.body);
  m_upload_limit = head.body - body;
  head.forward += rest.substr(0, body);
  m_buffer = std::move(head.forward);
  co_return true;
}

bool Session::check_budget() {
  const auto limit = m_services.directory.upload_limit(m_record.name, m_record.rule);
  if (!limit) {
    return true;
  }
  m_budget = &m_services.uploads.of(*limit);
  return *m_budget > 0 || over_budget();
}

bool Session::over_budget() {
  const auto limit = m_services.directory.upload_limit(m_record.name, m_record.rule);
  return deny("upload-limit", fmt::format("a session may send {} bytes to {}, and they are used up",
                                          limit ? limit->bytes : 0, limit ? limit->pattern : m_record.name));
}

} // namespace agentbox::firewall::proxy
