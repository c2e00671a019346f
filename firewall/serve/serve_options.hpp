// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/address.hpp"
#include "policy/egress.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::firewall::serve {

/// The command line of agentbox-firewall.
struct FirewallOptions {
  enum class Verb {
    serve,   ///< rules, DNS and proxy, until SIGTERM
    lock,    ///< rules only, then exit: everything is closed
    unload,  ///< remove the rules: everything is open
    ready,   ///< check whether the running `serve` is ready: a probe for pods
    ruleset, ///< print the rules that would be loaded
    version,
    help,
  };
  Verb verb = Verb::help;
  std::string box;
  std::string nonce; ///< lower-case hex
  policy::FirewallDriver driver = policy::FirewallDriver::nftables;
  std::filesystem::path policy = protocol::k_egress_path;
  std::filesystem::path run = protocol::k_run_path;
  std::filesystem::path audit = protocol::k_audit_path;
  std::filesystem::path leash; ///< a FIFO: serve ends when its last writer has closed it; empty: none
  std::filesystem::path resolv_conf = "/etc/resolv.conf";
  std::optional<policy::Address16> host_address; ///< maps to the host's loopback; not set: the default gateway
  std::vector<std::uint16_t> published;          ///< --publish PORT: TCP ports of the box that the host may connect to
};

/// Parses argv without the program's name. Throws support::Error(usage).
FirewallOptions parse_options(std::span<const char* const> arguments);

/// Returns the text of --help.
std::string_view help_text();

} // namespace agentbox::firewall::serve
