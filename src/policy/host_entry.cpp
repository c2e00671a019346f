// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "policy/egress.hpp"
#include "policy/host_pattern.hpp"
#include "protocol/protocol.hpp"
#include "support/numbers.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

constexpr std::size_t k_max_host_entry = 264; // "*.", a name of 253 bytes and its final dot, ":65535"

enum class Wildcards { domains, top_level_too };

/// Returns the host inside a URL or user@host, for a hint; empty if there is none.
std::string host_inside(std::string_view text) {
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    text.remove_prefix(scheme + 3);
  }
  text = text.substr(0, text.find_first_of("/?#"));
  if (const auto user = text.rfind('@'); user != std::string_view::npos) {
    text.remove_prefix(user + 1);
  }
  return canonical_name(text.substr(0, text.find(':'))).value_or("");
}

std::string write_hint(std::string_view text) {
  const std::string host = host_inside(text);
  return host.empty() ? "write HOST or HOST:PORT" : "write \"" + host + "\"";
}

/// Returns whether `name` belongs to the box itself or to agentbox's gate; no upstream DNS server has such names.
bool is_reserved(std::string_view name) {
  const auto below = [&](std::string_view parent) {
    return name == parent || (name.ends_with(parent) && name[name.size() - parent.size() - 1] == '.');
  };
  return below("localhost") || below(protocol::k_internal_domain);
}

/// Returns whether every byte is allowed in an entry and there is at most one colon, in one pass: most entries of long
/// lists are valid.
bool has_plain_shape(std::string_view text) {
  static constexpr auto k_plain = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*:")) {
      table.at(static_cast<unsigned char>(c)) = true;
    }
    return table;
  }();
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return k_plain[static_cast<unsigned char>(c)]; });
  return plain && text.find(':') == text.rfind(':');
}

/// Finds problems by the characters alone; the most helpful message first.
std::optional<EntryProblem> shape_problem(std::string_view text) {
  if (text.empty()) {
    return EntryProblem{"an entry is empty", "write HOST or HOST:PORT"};
  }
  if (text.size() > k_max_host_entry) {
    return EntryProblem{support::in_quotes(text) + " is longer than " + std::to_string(k_max_host_entry) + " bytes",
                        ""};
  }
  if (has_plain_shape(text)) {
    return std::nullopt;
  }
  if (text.find("://") != std::string_view::npos) {
    return EntryProblem{support::in_quotes(text) + " is a URL, not a host name", write_hint(text)};
  }
  if (text.find('@') != std::string_view::npos) {
    return EntryProblem{support::in_quotes(text) + " contains a user name", write_hint(text)};
  }
  if (text.find_first_of("/?#") != std::string_view::npos) {
    return EntryProblem{support::in_quotes(text) + " has a path; the firewall filters by host and port only",
                        write_hint(text)};
  }
  if (text.front() == '[' || std::count(text.begin(), text.end(), ':') > 1) {
    return EntryProblem{support::in_quotes(text) + " is an address; here only host names are accepted",
                        "to allow an address, start a box with: agentbox run --allow [ADDRESS]:PORT"};
  }
  return std::nullopt;
}

PatternResult parse_pattern(std::string_view text, Wildcards wildcards) {
  if (text == "*" || text == "*.") {
    return EntryProblem{support::in_quotes(text) + " would allow every host",
                        "list the hosts, or use --full-network for one run"};
  }
  HostPattern pattern;
  std::string_view name = text;
  if (name.starts_with("*.")) {
    pattern.subdomains = true;
    name.remove_prefix(2);
  }
  if (name.find('*') != std::string_view::npos) {
    return EntryProblem{support::in_quotes(text) + ": '*' is only allowed at the start, as in \"*.example.com\"", ""};
  }
  const bool one_label = name.find('.') >= name.size() - 1; // none, or the final one
  const auto below_top = pattern.subdomains && one_label ? canonical_name("x." + std::string(name)) : std::nullopt;
  if (below_top && wildcards == Wildcards::domains) {
    return EntryProblem{support::in_quotes(text) + " would match every host of a top-level domain",
                        "list the domain: \"*.example." + below_top->substr(2) + "\""};
  }
  if (below_top) {
    pattern.name = below_top->substr(2);
    return pattern;
  }
  auto canonical = canonical_name(name);
  if (!canonical) {
    return EntryProblem{support::in_quotes(text) + " is not a valid host name: " + name_problem(name), ""};
  }
  if (is_reserved(*canonical)) {
    return EntryProblem{support::in_quotes(text) + " is the box itself and cannot be listed", ""};
  }
  pattern.name = *std::move(canonical);
  return pattern;
}

PatternResult parse_portless(std::string_view text, Wildcards wildcards) {
  if (wildcards == Wildcards::top_level_too && is_host_alias(text)) {
    return HostPattern{std::string(k_host_name), false}; // a block of this machine, by the name that is looked up
  }
  if (auto problem = shape_problem(text)) {
    return *std::move(problem);
  }
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    return EntryProblem{support::in_quotes(text) + " has a port, but this list covers every port of a host",
                        "write \"" + support::escape_untrusted(text.substr(0, colon), 80) + "\""};
  }
  return parse_pattern(text, wildcards);
}

} // namespace

EntryResult parse_host_entry(std::string_view text) {
  if (auto problem = shape_problem(text)) {
    return *std::move(problem);
  }
  HostEntry entry;
  const auto colon = text.find(':');
  if (colon != std::string_view::npos) {
    const auto port = support::parse_decimal_port(text.substr(colon + 1));
    if (!port) {
      return EntryProblem{support::in_quotes(text) + ": the port must be a number from 1 to 65535",
                          "write HOST or HOST:PORT"};
    }
    entry.port = *port;
  }
  PatternResult pattern = parse_pattern(text.substr(0, colon), Wildcards::domains);
  if (auto* problem = std::get_if<EntryProblem>(&pattern)) {
    return std::move(*problem);
  }
  entry.pattern = std::get<HostPattern>(std::move(pattern));
  return entry;
}

PatternResult parse_host_pattern(std::string_view text) {
  return parse_portless(text, Wildcards::domains);
}

PatternResult parse_block_pattern(std::string_view text) {
  return parse_portless(text, Wildcards::top_level_too);
}

} // namespace agentbox::policy
