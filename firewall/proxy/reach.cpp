// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/reach.hpp"

#include <array>
#include <asio/write.hpp>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <utility>
#include <vector>

#include "firewall/http/connect_response.hpp"
#include "firewall/ruleset/model.hpp"
#include "firewall/upstream/address_filter.hpp"
#include "firewall/upstream/dial.hpp"

namespace agentbox::firewall::proxy {
// No expression with co_await here has a temporary with a destructor, arguments by value included: GCC 12 destroys it
// twice.
namespace {

using asio::ip::tcp;
using policy::Address16;

constexpr std::chrono::seconds k_proxy_time{20}; // for an upstream proxy to connect

Reached refused(audit::Reason reason, std::string detail, bool denied = false) {
  Reached result;
  result.reason = reason;
  result.detail = std::move(detail);
  result.denied = denied;
  return result;
}

/// A host's addresses that may be dialled.
struct Filtered {
  std::vector<Address16> addresses;
  Reached denial; ///< of the last one that may not
};

Filtered filter(ProxyServices& services, const std::vector<Address16>& candidates, bool private_too) {
  const auto& own = services.own_addresses.get();
  Filtered result{{}, refused(audit::Reason::refused_address, {}, true)};
  for (const Address16& address : candidates) {
    const auto why = upstream::refusal(address, private_too, services.directory.range(), own);
    if (why.empty()) {
      result.addresses.push_back(address);
    } else {
      result.denial.address = policy::address_text(address);
      result.denial.detail = fmt::format("{} {}", result.denial.address, why);
    }
  }
  return result;
}

/// Dials; returns `denial` if there is nothing to dial.
asio::awaitable<Reached> dial_all(const upstream::Candidates& candidates, upstream::Service service, Reached& denial) {
  auto dialled = co_await upstream::dial(candidates, service, ruleset::k_mark);
  if (!dialled.tried) {
    co_return std::move(denial);
  }
  if (!dialled.socket) {
    co_return refused(audit::Reason::upstream_connect, dialled.problem);
  }
  Reached result;
  result.socket.emplace(std::move(*dialled.socket));
  result.address = policy::address_text(dialled.address);
  co_return result;
}

asio::awaitable<Reached> dial_address(ProxyServices& services, const Address16& address, upstream::Service service) {
  Filtered filtered = filter(services, {address}, true);
  const upstream::Candidates candidates{std::move(filtered.addresses), {}};
  co_return co_await dial_all(candidates, service, filtered.denial);
}

asio::awaitable<Reached> dial_name(ProxyServices& services, const std::string& name, bool private_too,
                                   upstream::Service service) {
  const upstream::Resolution resolution = co_await services.resolver.resolve(name);
  if (resolution.addresses.empty()) {
    co_return refused(audit::Reason::upstream_dns, resolution.problem);
  }
  Filtered filtered = filter(services, resolution.addresses, private_too);
  upstream::Candidates candidates{std::move(filtered.addresses), {}};
  if (const auto& rest = resolution.rest) {
    const auto executor = co_await asio::this_coro::executor;
    candidates.late = std::make_shared<upstream::LateAddresses>(executor);
    rest->when_complete([&services, rest, private_too, waits = std::weak_ptr(candidates.late)] {
      if (const auto late = waits.lock()) {
        late->arrive(filter(services, rest->addresses(), private_too).addresses);
      }
    });
  }
  co_return co_await dial_all(candidates, service, filtered.denial);
}

asio::awaitable<Reached> dial_host(ProxyServices& services, upstream::Service service) {
  Reached none = refused(audit::Reason::no_host, {});
  if (!services.host_gateway) {
    co_return none;
  }
  const upstream::Candidates gateway{{*services.host_gateway}, {}};
  co_return co_await dial_all(gateway, service, none);
}

/// Reads the proxy's answer and collects its bytes in `text`.
asio::awaitable<http::ConnectResponse> read_answer(tcp::socket& socket, std::string& text) {
  http::ConnectResponse response;
  std::array<char, 2048> buffer{};
  while (response.state == http::ConnectResponse::State::incomplete) {
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), io::k_await);
    if (error || size == 0) {
      co_return response;
    }
    text.append(buffer.data(), size);
    response = http::parse_connect_response(text);
  }
  co_return response;
}

/// Asks the proxy that `reached` is connected to, to connect to `authority`.
asio::awaitable<Reached> ask_proxy(Reached& reached, const std::string& authority) {
  using State = http::ConnectResponse::State;
  tcp::socket& socket = *reached.socket;
  asio::steady_timer clock(socket.get_executor(), k_proxy_time);
  clock.async_wait([&socket](std::error_code error) {
    if (!error) {
      socket.close(error);
    }
  });
  const std::string request = http::connect_request(authority);
  co_await asio::async_write(socket, asio::buffer(request), io::k_await);
  std::string text;
  const auto response = co_await read_answer(socket, text);
  if (clock.cancel() == 0 || !socket.is_open()) { // its handler, which uses the socket, runs or has run
    co_await io::yield();
  }
  if (response.state != State::accepted) {
    Reached failure = refused(audit::Reason::upstream_proxy,
                              response.state == State::refused
                                  ? fmt::format("it answered with status {}", response.status.value_or(0))
                                  : "it sent no valid reply");
    failure.address = std::move(reached.address);
    co_return failure;
  }
  reached.surplus = text.substr(response.size);
  co_return std::move(reached);
}

asio::awaitable<Reached> through_proxy(ProxyServices& services, const policy::UpstreamProxy& proxy,
                                       const ConnectTarget& target) {
  const upstream::Service service{proxy.port, true};
  Reached reached;
  if (proxy.host == policy::k_host_alias) {
    reached = co_await dial_host(services, service);
  } else if (const auto literal = policy::parse_address(proxy.host)) {
    const Address16 address = *literal;
    reached = co_await dial_address(services, address, service);
  } else {
    reached = co_await dial_name(services, proxy.host, true, service);
  }
  if (!reached.socket) {
    reached.detail = fmt::format("the upstream proxy {}: {}", proxy.text(), reached.detail);
    co_return reached;
  }
  const std::string authority = fmt::format("{}:{}", target.name, target.port);
  co_return co_await ask_proxy(reached, authority);
}

} // namespace

asio::awaitable<Reached> reach(ProxyServices& services, const ConnectTarget& target) {
  const upstream::Service service{target.port, target.speaks_second};
  switch (target.kind) {
  case ConnectTarget::Kind::host: co_return co_await dial_host(services, service);
  case ConnectTarget::Kind::address: co_return co_await dial_address(services, target.address, service);
  case ConnectTarget::Kind::name: break;
  }
  const bool inside = services.directory.private_allowed(target.name);
  const auto& proxy = services.directory.policy().upstream_proxy;
  if (proxy && !inside) {
    co_return co_await through_proxy(services, *proxy, target);
  }
  co_return co_await dial_name(services, target.name, inside, service);
}

} // namespace agentbox::firewall::proxy
