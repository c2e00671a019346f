// SPDX-License-Identifier: Apache-2.0
// Checks the target of a connection, and what its client must send before a byte leaves the box.
#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <utility>

#include "firewall/http/request_head.hpp"
#include "firewall/proxy/connection.hpp"
#include "firewall/proxy/original_destination.hpp"
#include "firewall/tls/second_hello.hpp"

namespace agentbox::firewall::proxy {
namespace {

using audit::Reason;

/// Returns how the first bytes of a connection to a listed host are checked.
Check check_on(const ConnectTarget& target) {
  if (target.kind != ConnectTarget::Kind::name) {
    return Check::none; // an address, or the developer's own machine, has no name to compare with TLS or HTTP
  }
  switch (target.port) {
  case policy::k_https_port: return Check::hello;
  case policy::k_http_port: return Check::head;
  default: return Check::detect;
  }
}

/// Returns how a client of such a connection learns that it is denied before its protocol is known.
DenialReply denial_reply_of(Check check) {
  switch (check) {
  case Check::hello: return DenialReply::alert;
  case Check::head: return DenialReply::page;
  default: return DenialReply::reset;
  }
}

} // namespace

std::optional<Denial> Connection::identify(Opening& opening) {
  const auto destination = original_destination(m_client.native_handle());
  if (!destination) {
    return Denial{Reason::no_name, "the firewall's rules did not redirect it"};
  }
  ConnectTarget& target = opening.target;
  m_record.port = target.port = destination->port;
  const auto four = policy::is_v4(destination->address) ? policy::embedded4(destination->address) : std::nullopt;
  m_entry = four ? m_services.directory.at(*four) : nullptr;
  if (m_entry) {
    target.kind = m_entry->name == policy::k_host_name ? ConnectTarget::Kind::host : ConnectTarget::Kind::name;
    m_record.name = target.name = m_entry->name;
    return std::nullopt;
  }
  target.kind = ConnectTarget::Kind::address;
  target.address = destination->address;
  m_record.address = policy::address_text(destination->address);
  m_record.rule = m_services.directory.decide_address(destination->address, destination->port).rule;
  if (m_record.rule.empty()) {
    return Denial{Reason::no_name};
  }
  return std::nullopt;
}

asio::awaitable<std::optional<Denial>> Connection::check(Opening& opening) {
  const ConnectTarget& target = opening.target;
  const auto decision = target.kind == ConnectTarget::Kind::address
                            ? m_services.directory.decide_address(target.address, target.port)
                            : m_services.directory.decide(target.name, target.port);
  m_record.rule = decision.rule;
  m_record.by = names::decider_of(decision);
  opening.check = check_on(target);
  if (!decision.allowed()) {
    co_return Denial{names::reason_of(decision), decision.rule.empty() ? "" : "rule " + decision.rule,
                     denial_reply_of(opening.check), audit::Verdict::deny, m_record.by};
  }
  if (!m_services.log.healthy() && !m_services.log.recover()) {
    co_return Denial{Reason::no_audit};
  }
  if (auto denial = check_budget(opening)) {
    co_return denial;
  }
  switch (opening.check) {
  case Check::hello: co_return co_await check_hello(opening);
  case Check::head: co_return co_await check_head(opening);
  default:
    co_return std::nullopt; // inspect_first_bytes() checks once the host is connected: the server may be the first to
                            // speak
  }
}

asio::awaitable<std::optional<Denial>> Connection::check_hello(Opening& opening) {
  tls::ClientHello hello = tls::parse_client_hello(opening.first);
  while (hello.state == tls::ClientHello::State::incomplete) {
    if (!co_await read_more(opening.first)) {
      co_return Denial{Reason::no_hello};
    }
    hello = tls::parse_client_hello(opening.first);
  }
  if (hello.state == tls::ClientHello::State::invalid) {
    co_return Denial{Reason::not_tls, std::string(hello.problem)};
  }
  auto denial = check_server_name(hello);
  if (!denial) {
    opening.held = opening.first.substr(hello.size);
    opening.first.resize(hello.size);
  }
  co_return denial;
}

std::optional<Denial> Connection::check_server_name(const tls::ClientHello& hello) const {
  const bool lenient = m_services.directory.ech_allowed(m_record.name);
  if (lenient && (hello.encrypted || !hello.sni)) {
    return std::nullopt;
  }
  if (hello.encrypted) {
    return Denial{Reason::ech, {}, DenialReply::alert};
  }
  if (!hello.sni) {
    return Denial{Reason::sni_missing, {}, DenialReply::alert};
  }
  // RFC 6066 §3 forbids a trailing dot: servers disagree on its meaning, and may choose another host.
  if (hello.sni->ends_with('.') || policy::canonical_name(*hello.sni) != m_record.name) {
    return Denial{Reason::sni_mismatch, *hello.sni, DenialReply::alert};
  }
  return std::nullopt;
}

/// Reads, checks and sends the second ClientHello, which starts with what was held back.
asio::awaitable<FlowEnd> Connection::send_second_hello(Opening& opening) {
  auto hello = tls::parse_second_hello(opening.held);
  while (hello.state == tls::ClientHello::State::incomplete) {
    if (!co_await read_more(opening.held)) {
      co_return FlowEnd::broken;
    }
    hello = tls::parse_second_hello(opening.held);
  }
  if (is_over()) {
    co_return FlowEnd::broken;
  }
  auto denial = hello.state == tls::ClientHello::State::complete
                    ? check_server_name(hello)
                    : std::optional(Denial{Reason::not_tls, std::string(hello.problem)});
  if (denial) {
    note(*denial);
    co_return FlowEnd::broken;
  }
  co_return co_await send_first(opening.held, opening.budget);
}

/// Returns whether the name in the ClientHello decides.
bool Connection::checks_server_names(const Opening& opening) const {
  return opening.check == Check::hello && !m_services.directory.ech_allowed(opening.target.name);
}

asio::awaitable<std::optional<Denial>> Connection::check_head(Opening& opening) {
  http::RequestHead head = http::parse_request_head(opening.first, m_record.port);
  while (head.state == http::RequestHead::State::incomplete) {
    if (!co_await read_more(opening.first)) {
      co_return Denial{Reason::no_request};
    }
    head = http::parse_request_head(opening.first, m_record.port);
  }
  if (head.state == http::RequestHead::State::invalid) {
    co_return Denial{Reason::bad_request, std::string(head.problem), DenialReply::page};
  }
  if (policy::canonical_name(head.host) != m_record.name) {
    co_return Denial{Reason::host_mismatch, head.host, DenialReply::page};
  }
  // The rewritten head, the start of the body, and later the rest of the body. Nothing after it.
  const std::string_view after = std::string_view(opening.first).substr(head.size);
  const std::size_t body = std::min<std::uint64_t>(after.size(), head.body);
  opening.rest = head.body - body;
  head.forward += after.substr(0, body);
  opening.first = std::move(head.forward);
  co_return std::nullopt;
}

std::optional<Denial> Connection::check_budget(Opening& opening) {
  if (const auto limit = m_services.directory.upload_limit(m_record.name, m_record.rule)) {
    opening.budget = &m_services.uploads.of(*limit);
    if (*opening.budget == 0) {
      return over_budget();
    }
  }
  return std::nullopt;
}

Denial Connection::over_budget() const {
  const auto limit = m_services.directory.upload_limit(m_record.name, m_record.rule);
  return {Reason::upload_limit, limit ? fmt::format("{} bytes to {}", limit->bytes, limit->pattern) : m_record.name};
}

} // namespace agentbox::firewall::proxy
