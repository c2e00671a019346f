// SPDX-License-Identifier: Apache-2.0
#include "policy/allow_entry.hpp"

#include <algorithm>
#include <utility>

#include "support/numbers.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

constexpr std::size_t k_max_allow_entry = 300;
constexpr unsigned k_before_v4 = 96;

/// Splits "HOST:PORT" or "[HOST]:PORT"; the port is empty if there is none.
std::pair<std::string_view, std::string_view> split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    const std::string_view host = text.substr(1, close == std::string_view::npos ? close : close - 1);
    const std::string_view rest = close == std::string_view::npos ? "" : text.substr(close + 1);
    return {host, rest.starts_with(':') ? rest.substr(1) : std::string_view()};
  }
  const auto colon = text.rfind(':');
  return colon == std::string_view::npos ? std::pair(text, std::string_view())
                                         : std::pair(text.substr(0, colon), text.substr(colon + 1));
}

/// Returns whether `text` is meant as an address: it starts with a bracket, or is dotted digits, optionally with prefix
/// and port.
bool looks_like_address(std::string_view text) {
  if (text.starts_with('[')) {
    return true;
  }
  const std::string_view host = text.substr(0, text.find_first_of(":/"));
  return parse_address(text).has_value() || parse_address(host).has_value();
}

/// Returns the first address of a block, or the last: the bits after the prefix are all `bit`.
Address16 end_of(Address16 address, std::uint8_t prefix, bool bit) {
  for (unsigned at = prefix; at < 128; ++at) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (at % 8U));
    std::uint8_t& byte = address.at(at / 8U);
    byte = static_cast<std::uint8_t>(bit ? byte | mask : byte & ~mask);
  }
  return address;
}

EntryProblem problem(std::string_view text, std::string_view why, std::string hint = {}) {
  return {support::in_quotes(text) + " " + std::string(why), std::move(hint)};
}

/// Returns whether the block is part of the user's own network and may be listed.
std::optional<EntryProblem> block_problem(const AddressEntry& entry, std::string_view text) {
  const AddressClass first = classify(entry.base);
  if (first == AddressClass::forbidden) {
    return problem(text, "is a loopback, link-local, multicast or reserved address, which no box may reach",
                   "for a port of this machine, write \"host:PORT\"");
  }
  if (entry.prefix == 128) {
    return std::nullopt;
  }
  if (first != AddressClass::private_use ||
      classify(end_of(entry.base, entry.prefix, true)) != AddressClass::private_use) {
    return problem(text, "is a public address block", "list host names instead; public addresses change owners");
  }
  return std::nullopt;
}

} // namespace

bool is_host_alias(std::string_view name) {
  return name == k_host_alias || name == k_host_name || name == "host.docker.internal";
}

std::string UploadLimit::text() const {
  return pattern.text() + "=" + std::to_string(bytes);
}

std::string UpstreamProxy::text() const {
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::vector<std::uint16_t> reachable_host_ports(const EgressPolicy& policy) {
  std::vector<std::uint16_t> ports = policy.host_ports;
  if (policy.upstream_proxy && policy.upstream_proxy->host == k_host_alias) {
    ports.push_back(policy.upstream_proxy->port);
  }
  support::sort_unique(ports);
  return ports;
}

std::variant<AddressEntry, EntryProblem> parse_address_entry(std::string_view text) {
  if (text.size() > k_max_allow_entry) {
    return problem(text.substr(0, k_max_allow_entry), "is too long");
  }
  const bool six = text.starts_with('[');
  const auto [block, port_text] = split(text);
  const auto slash = block.find('/');
  const auto address = parse_address(block.substr(0, slash));
  const auto port = support::parse_decimal_port(port_text);
  if (!six && parse_address(text) && !is_v4(*parse_address(text))) {
    return problem(text, "is an IPv6 address without brackets and port", "write \"[" + std::string(text) + "]:PORT\"");
  }
  if (!address || is_v4(*address) == six) {
    return problem(text, "is not a valid address", R"(write "10.0.0.5:5432", "10.0.0.0/24:5432" or "[fd00::5]:5432")");
  }
  if (!port) {
    return problem(text, "needs a port: it is the only thing checked for an address",
                   "write \"" + std::string(six ? "[" : "") + support::escape_untrusted(block, 80) + (six ? "]" : "") +
                       ":5432\"");
  }
  AddressEntry entry{*address, 128, *port};
  if (slash != std::string_view::npos) {
    const unsigned most = six ? 128 : 32;
    const auto prefix = support::parse_decimal<unsigned>(block.substr(slash + 1), most);
    if (!prefix || *prefix == most) {
      return problem(text, "does not have a prefix from 1 to " + std::to_string(most - 1));
    }
    entry.prefix = static_cast<std::uint8_t>(*prefix + (six ? 0 : k_before_v4));
  }
  if (AddressEntry meant{end_of(entry.base, entry.prefix, false), entry.prefix, entry.port}; meant != entry) {
    return problem(text, "has bits set after its prefix", "write \"" + meant.text() + "\"");
  }
  if (auto wrong = block_problem(entry, text)) {
    return *std::move(wrong);
  }
  return entry;
}

AllowResult parse_allow_entry(std::string_view text) {
  const std::string_view host = text.substr(0, text.find(':'));
  if (is_host_alias(host)) {
    const auto port = support::parse_decimal_port(text.substr(std::min(text.size(), host.size() + 1)));
    if (!port) {
      return problem(text, "needs a port, for example \"host:11434\"");
    }
    return AllowEntry(HostPort{*port});
  }
  if (looks_like_address(text)) {
    auto result = parse_address_entry(text);
    if (auto* wrong = std::get_if<EntryProblem>(&result)) {
      return std::move(*wrong);
    }
    return AllowEntry(std::get<AddressEntry>(result));
  }
  EntryResult result = parse_host_entry(text);
  if (auto* wrong = std::get_if<EntryProblem>(&result)) {
    return std::move(*wrong);
  }
  return AllowEntry(std::get<HostEntry>(std::move(result)));
}

void add_entry(AllowEntry entry, EgressPolicy& policy) {
  if (auto* host = std::get_if<HostEntry>(&entry)) {
    policy.allow.push_back(std::move(*host));
  } else if (const auto* address = std::get_if<AddressEntry>(&entry)) {
    policy.allow_addresses.push_back(*address);
  } else {
    policy.host_ports.push_back(std::get<HostPort>(entry).port);
  }
}

std::variant<UploadLimit, EntryProblem> parse_upload_limit(std::string_view text) {
  const auto equals = text.find('=');
  const auto bytes = equals == std::string_view::npos
                         ? std::nullopt
                         : support::parse_decimal<std::uint64_t>(text.substr(equals + 1), std::uint64_t{1} << 62U);
  if (!bytes) {
    return problem(text.substr(0, k_max_allow_entry), "is not a valid upload limit (HOST=BYTES)");
  }
  PatternResult pattern = parse_host_pattern(text.substr(0, equals));
  if (auto* wrong = std::get_if<EntryProblem>(&pattern)) {
    return std::move(*wrong);
  }
  return UploadLimit{std::get<HostPattern>(std::move(pattern)), *bytes};
}

std::variant<UpstreamProxy, EntryProblem> parse_upstream_proxy(std::string_view text) {
  constexpr std::string_view k_scheme = "http://";
  constexpr std::string_view k_hint = "write \"proxy.example.com:3128\"";
  if (text.find('@') != std::string_view::npos) {
    return EntryProblem{"an upstream proxy with a user name or password is not supported",
                        "run a local proxy that logs in, and write \"host:3128\""};
  }
  std::string_view rest = text;
  if (rest.starts_with(k_scheme)) {
    rest.remove_prefix(k_scheme.size());
    rest.remove_suffix(rest.ends_with('/') ? 1 : 0);
  }
  if (rest.size() > k_max_allow_entry || rest.find_first_of("/?#") != std::string_view::npos) {
    return problem(text.substr(0, k_max_allow_entry), "is not a valid HTTP proxy", std::string(k_hint));
  }
  const bool six = rest.starts_with('[');
  const auto [host, port_text] = split(rest);
  const auto port = support::parse_decimal_port(port_text);
  if (!port) {
    return problem(text, "needs a port", std::string(k_hint));
  }
  if (const auto address = parse_address(host)) {
    if (is_v4(*address) == six || classify(*address) == AddressClass::forbidden) {
      return problem(text, "is not a valid proxy address", "for a proxy on this machine, write \"host:PORT\"");
    }
    return UpstreamProxy{address_text(*address), *port};
  }
  if (is_host_alias(host)) {
    return UpstreamProxy{std::string(k_host_alias), *port};
  }
  auto name = canonical_name(host);
  if (!name || six) {
    return problem(text, "is not a valid host name: " + name_problem(host), std::string(k_hint));
  }
  return UpstreamProxy{*std::move(name), *port};
}

} // namespace agentbox::policy
