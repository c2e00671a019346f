// SPDX-License-Identifier: Apache-2.0
#include "firewall/serve/serve_options.hpp"

#include <algorithm>
#include <utility>

#include "support/error.hpp"
#include "support/numbers.hpp"
#include "support/text.hpp"

namespace agentbox::firewall::serve {
namespace {

using support::Error;
using support::ExitCode;

Error usage(const std::string& message) {
  return {ExitCode::usage, message, "see agentbox-firewall --help"};
}

policy::FirewallDriver parse_driver(const std::string& text) {
  for (const auto driver : {policy::FirewallDriver::nftables, policy::FirewallDriver::iptables}) {
    if (text == policy::driver_text(driver)) {
      return driver;
    }
  }
  throw usage("--driver takes nftables or iptables, not \"" + support::escape_untrusted(text) + "\"");
}

void set(FirewallOptions& options, std::string_view name, const std::string& value) {
  if (name == "--box") {
    if (!protocol::is_box_name(value)) {
      throw usage("--box takes a name of a-z, 0-9 and '-', not \"" + support::escape_untrusted(value) + "\"");
    }
    options.box = value;
  } else if (name == "--nonce") {
    if (!protocol::is_nonce(value)) {
      throw usage("--nonce takes 16 to 128 lower-case hex digits");
    }
    options.nonce = value;
  } else if (name == "--driver") {
    options.driver = parse_driver(value);
  } else if (name == "--policy") {
    options.policy = value;
  } else if (name == "--run") {
    options.run = value;
  } else if (name == "--audit") {
    options.audit = value;
  } else if (name == "--leash") {
    options.leash = value;
  } else if (name == "--resolv") {
    options.resolv_conf = value;
  } else if (name == "--host") {
    options.host_address = policy::parse_address(value);
    if (!options.host_address) {
      throw usage("--host takes an IP address, not \"" + support::escape_untrusted(value) + "\"");
    }
  } else if (name == "--publish") {
    const auto port = support::parse_port(value);
    if (!port) {
      throw usage("--publish takes a port from 1 to 65535, not \"" + support::escape_untrusted(value) + "\"");
    }
    options.published.push_back(*port);
  } else {
    throw usage("unknown option \"" + support::escape_untrusted(name) + "\"");
  }
}

FirewallOptions::Verb parse_verb(std::string_view text) {
  using Verb = FirewallOptions::Verb;
  constexpr std::pair<std::string_view, Verb> k_verbs[] = {
      {"serve", Verb::serve},     {"lock", Verb::lock},         {"unload", Verb::unload}, {"ready", Verb::ready},
      {"ruleset", Verb::ruleset}, {"--version", Verb::version}, {"--help", Verb::help}};
  for (const auto& [word, verb] : k_verbs) {
    if (text == word) {
      return verb;
    }
  }
  throw usage("unknown command \"" + support::escape_untrusted(text) + "\"");
}

} // namespace

FirewallOptions parse_options(std::span<const char* const> arguments) {
  FirewallOptions options;
  if (arguments.empty()) {
    throw usage("a command is needed: serve, lock, unload, ready or ruleset");
  }
  options.verb = parse_verb(arguments.front());
  arguments = arguments.subspan(1);
  while (!arguments.empty()) {
    if (arguments.size() < 2) {
      throw usage("option \"" + support::escape_untrusted(arguments.front()) + "\" needs a value, or is unknown");
    }
    set(options, arguments[0], arguments[1]);
    arguments = arguments.subspan(2);
  }
  if (options.verb == FirewallOptions::Verb::serve && (options.box.empty() || options.nonce.empty())) {
    throw usage("serve needs --box and --nonce");
  }
  if (options.verb == FirewallOptions::Verb::ready && options.nonce.empty()) {
    throw usage("ready needs --nonce");
  }
  std::sort(options.published.begin(), options.published.end());
  options.published.erase(std::unique(options.published.begin(), options.published.end()), options.published.end());
  return options;
}

std::string_view help_text() {
  return R"(usage: agentbox-firewall serve --box NAME --nonce HEX [options]
       agentbox-firewall lock [options]
       agentbox-firewall unload [options]
       agentbox-firewall ready --nonce HEX [--run DIR]
       agentbox-firewall ruleset [options]
       agentbox-firewall --version | --help

serve    load the rules, answer DNS on 127.0.0.1:53, and proxy connections to allowed hosts, until SIGTERM, SIGINT or
         the end of --leash
lock     load the rules and exit: nothing leaves the network namespace
unload   remove the rules, but not the fallback routes: the network namespace is open
ready    exit with 0 if a firewall with this nonce is serving, otherwise with 125
ruleset  print the rules that would be loaded, and change nothing

  --box NAME             name of the box, for the log
  --nonce HEX            nonce that identifies this firewall to the agent's container
  --driver DRIVER        nftables (default) or iptables: how the rules are loaded
  --policy FILE          the egress policy (/etc/agentbox/egress.json)
  --run DIR              directory for ready, failed, control and the host's resolv.conf (/run/agentbox)
  --audit DIR            directory for NAME.jsonl, NAME.totals and NAME.lock (/var/log/agentbox)
  --leash FIFO           end serve when the last writer of FIFO has closed it
  --resolv FILE          the upstream name servers (/etc/resolv.conf)
  --host ADDR            address of the host's loopback, for ports of the host that the policy lists (default gateway)
  --publish PORT         accept connections from outside on this TCP port of the box; repeatable

Exit: 0 on success and after SIGTERM, SIGINT or the end of --leash, 2 for a bad command line, 125 for every other
failure. The rules stay in force after the program ends.
)";
}

} // namespace agentbox::firewall::serve
