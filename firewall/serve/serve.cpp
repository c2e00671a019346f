// SPDX-License-Identifier: Apache-2.0
#include "firewall/serve/serve.hpp"

#include <algorithm>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <malloc.h>
#include <optional>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "firewall/audit/audit_log.hpp"
#include "firewall/control/control_server.hpp"
#include "firewall/control/controller.hpp"
#include "firewall/dns/dns_server.hpp"
#include "firewall/dns/stub.hpp"
#include "firewall/io/await.hpp"
#include "firewall/names/directory.hpp"
#include "firewall/netlink/route.hpp"
#include "firewall/nflog/listener.hpp"
#include "firewall/proxy/proxy_server.hpp"
#include "firewall/ruleset/driver.hpp"
#include "firewall/serve/drop_privileges.hpp"
#include "firewall/serve/fifo_leash.hpp"
#include "policy/egress_json.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::firewall::serve {
namespace {

using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_policy = std::size_t{16} << 20U;
constexpr unsigned long k_own_files = 128; // descriptors that belong to no connection
constexpr unsigned long k_files_each = 6;  // two sockets, and two pipes while bytes move

policy::EgressPolicy read_policy(const FirewallOptions& options) {
  return policy::egress_from_json(support::read_file(options.policy, k_max_policy), options.policy.string());
}

ruleset::Inputs inputs_of(const FirewallOptions& options, const policy::EgressPolicy& policy,
                          const std::optional<policy::Address16>& gateway) {
  auto gateways6 = gateway ? netlink::default_gateways(AF_INET6) : std::vector<policy::Address16>();
  return {
      policy.virtual_range, options.published, policy.allow_addresses, policy::reachable_host_ports(policy), gateway,
      std::move(gateways6)};
}

/// Returns the address that maps to the host's loopback, if the policy lists ports there.
std::optional<policy::Address16> host_gateway(const FirewallOptions& options, const policy::EgressPolicy& policy) {
  if (policy::reachable_host_ports(policy).empty()) {
    return std::nullopt;
  }
  if (options.host_address) {
    return options.host_address;
  }
  const auto gateways = netlink::default_gateways(AF_INET);
  return gateways.empty() ? std::nullopt : std::optional(gateways.front());
}

void load_rules(const FirewallOptions& options, const ruleset::Inputs& inputs) {
  ruleset::make_driver(options.driver, options.run)->load(ruleset::build(inputs));
}

/// Everything that the firewall runs for a filtered box.
class FilteredBox {
public:
  FilteredBox(asio::io_context& context, const FirewallOptions& options, policy::EgressPolicy policy,
              std::optional<policy::Address16> gateway)
      : m_log(options.audit, options.box), m_directory(std::move(policy)),
        m_resolver(context, options.resolv_conf, options.run / protocol::k_host_resolv_conf, ruleset::k_mark),
        m_services{options.box, m_directory, m_resolver, m_log, {}, {}, limits(), gateway, {}},
        m_blocked(context, ruleset::k_log_group, [this](const nflog::Packet& packet) { record_blocked(packet); }),
        m_proxy(context, m_services, has_v6(m_directory.policy())),
        m_stub(m_directory, options.nonce, [this](audit::AuditRecord record) { m_log.write(std::move(record)); }),
        m_dns(context, m_stub), m_controller(
                                    m_directory,
                                    [this](audit::AuditRecord record) {
                                      m_log.write(std::move(record));
                                      return m_log.healthy();
                                    },
                                    [this] { m_proxy.recheck(); }),
        m_control(context, options.run / protocol::k_control_socket, m_controller), m_flush(context) {
    m_log.on_change([this] { flush_in_a_second(); });
  }

  void start() {
    m_blocked.start();
    m_proxy.start();
    m_dns.start();
    m_control.start();
    record_life(audit::Reason::firewall_started);
  }

  void stop() {
    m_proxy.stop();
    m_log.flush();
    record_life(audit::Reason::firewall_stopped);
  }

private:
  static bool has_v6(const policy::EgressPolicy& policy) {
    const auto& entries = policy.allow_addresses;
    return std::any_of(entries.begin(), entries.end(), [](const auto& entry) { return !policy::is_v4(entry.base); });
  }

  static proxy::ProxyLimits limits() {
    proxy::ProxyLimits limits;
    const unsigned long files = raise_open_files();
    const unsigned long most = files > k_own_files ? (files - k_own_files) / k_files_each : 1;
    limits.connections = std::min<std::size_t>(limits.connections, std::max(most, 1UL));
    return limits;
  }

  /// Writes the totals a second from now, so that SIGKILL loses no more than that. Tries again while the disk is full.
  void flush_in_a_second() {
    m_flush.expires_after(std::chrono::seconds(1));
    m_flush.async_wait([this](const std::error_code& error) {
      if (error) {
        return;
      }
      m_log.flush();
      if (!m_log.healthy()) {
        flush_in_a_second();
      }
    });
  }

  void record_life(audit::Reason reason) {
    audit::AuditRecord record;
    record.verdict = audit::Verdict::allow;
    record.reason = reason;
    record.text = audit::describe(reason);
    m_log.write(std::move(record));
  }

  void record_blocked(const nflog::Packet& packet) {
    // agent-entrypoint connects here to check that it is refused: this is not an attempt by the agent.
    if (packet.address == protocol::k_refused_address && packet.port == protocol::k_refused_port) {
      return;
    }
    audit::AuditRecord record;
    record.kind = audit::Kind::address;
    record.address = packet.address;
    record.port = packet.port;
    record.protocol = packet.protocol;
    record.reason = audit::Reason::address_not_listed;
    record.text = audit::describe(record.reason);
    record.by = audit::DecidedBy::policy;
    m_log.write(std::move(record));
  }

  audit::AuditLog m_log;
  names::Directory m_directory;
  upstream::Resolver m_resolver;
  proxy::ProxyServices m_services;
  nflog::Listener m_blocked;
  proxy::ProxyServer m_proxy;
  dns::DnsStub m_stub;
  dns::DnsServer m_dns;
  control::Controller m_controller;
  control::ControlServer m_control;
  asio::steady_timer m_flush; ///< when the totals are written
};

void run(const FirewallOptions& options) {
  asio::io_context context(1);
  // Must come first: as PID 1 of its container the firewall ignores SIGTERM until it has a handler.
  asio::signal_set signals(context, SIGTERM, SIGINT);
  std::signal(SIGPIPE, SIG_IGN);

  std::optional<FifoLeash> leash;
  if (!options.leash.empty()) {
    leash.emplace(context, options.leash);
  }
  policy::EgressPolicy policy = read_policy(options);
  std::optional<FilteredBox> box;
  if (policy.mode == policy::NetworkMode::filtered) {
    require_capabilities(true);
    const auto gateway = host_gateway(options, policy);
    load_rules(options, inputs_of(options, policy, gateway));
    netlink::add_local_route(policy.virtual_range);
    netlink::add_fallback_routes(ruleset::k_mark);
    box.emplace(context, options, std::move(policy), gateway);
  }
  drop_privileges(box.has_value());
  if (box) {
    box->start();
  }
  support::write_file(options.run / protocol::k_ready, options.nonce + '\n');
  ::malloc_trim(0); // frees the memory that parsing a long policy took
  const auto stop = [&] {
    context.stop(); // first, because stop() may lack memory for its records
    if (box) {
      box->stop();
    }
  };
  signals.async_wait([&](std::error_code, int) { stop(); });
  if (leash) {
    leash->when_cut(stop);
  }
  io::run_until_stopped(context);
}

/// Closes the box after a failure. Does nothing without CAP_NET_ADMIN, without which nothing can have been opened
/// either.
void close_after_failure(const FirewallOptions& options) noexcept {
  try {
    load_rules(options, {{}, options.published, {}, {}, {}});
  } catch (const std::exception&) { // the first failure is reported
    return;
  }
}

void report_failure(const FirewallOptions& options, const std::string& message) noexcept {
  try {
    support::write_file(options.run / protocol::k_failed, support::escape_untrusted(message, 2000) + '\n');
  } catch (const std::exception&) { // stderr has it too
    return;
  }
}

} // namespace

void serve(const FirewallOptions& options) {
  try {
    run(options);
  } catch (const Error& error) {
    close_after_failure(options);
    report_failure(options, error.what());
    throw Error(ExitCode::failed, error.what(), error.hint());
  } catch (const std::exception& error) {
    close_after_failure(options);
    report_failure(options, error.what());
    throw;
  }
}

void lock(const FirewallOptions& options) {
  require_capabilities(false);
  const policy::EgressPolicy policy = read_policy(options);
  load_rules(options, inputs_of(options, policy, host_gateway(options, policy)));
}

void unload(const FirewallOptions& options) {
  require_capabilities(false);
  ruleset::make_driver(options.driver, options.run)->unload();
}

void require_ready(const FirewallOptions& options) {
  constexpr std::size_t k_max = 256;
  if (support::read_file_if_exists(options.run / protocol::k_ready, k_max).value_or("") != options.nonce + '\n') {
    throw Error(ExitCode::failed, "the firewall is not ready");
  }
}

std::string ruleset_text(const FirewallOptions& options) {
  const policy::EgressPolicy policy = read_policy(options);
  return ruleset::make_driver(options.driver, options.run)
      ->render(ruleset::build(inputs_of(options, policy, host_gateway(options, policy))));
}

} // namespace agentbox::firewall::serve
