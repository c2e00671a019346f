// SPDX-License-Identifier: Apache-2.0
#include "policy/egress_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "policy/allow_entry.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

using nlohmann::json;

constexpr std::size_t k_max_bytes = 16U << 20U;
constexpr std::size_t k_max_egress_entries = 200'000;
constexpr std::string_view k_version = "1";

template <typename Item>
json texts(const std::vector<Item>& items) {
  json list = json::array();
  for (const Item& item : items) {
    list.push_back(item.text());
  }
  return list;
}

/// item.text() == text, without making the text anew for each of many entries.
bool is_written_as(const HostPattern& pattern, std::string_view text) {
  if (pattern.subdomains) {
    text.remove_prefix(std::min<std::size_t>(2, text.size())); // the parser saw "*." there
  }
  return text == pattern.name;
}

template <typename Item>
bool is_written_as(const Item& item, std::string_view text) {
  return item.text() == text;
}

bool is_written_as(const HostEntry& entry, std::string_view text) {
  const auto colon = text.find(':');
  const bool port_shown = colon != std::string_view::npos;
  return port_shown == (entry.port != k_https_port) && is_written_as(entry.pattern, text.substr(0, colon));
}

/// Why the document is refused; becomes a support::Error at the surface.
struct Refusal {
  std::string message;
};

/// Reads the one shape of JSON that an egress policy has: an object of strings, of lists of strings and of one number.
/// Its own scanner, as the firewall reads 100,000 entries while a box starts, and a general parser takes as long for
/// the bytes alone as all the rest together. An escape in a string is refused: no entry needs one.
class Reader {
public:
  explicit Reader(std::string_view text) : m_text(text) {}

  EgressPolicy read() {
    expect('{');
    do {
      read_member();
    } while (accept(','));
    expect('}');
    skip_space();
    if (!m_text.empty()) {
      throw Refusal{"something follows the end of the object"};
    }
    for (const Key required : {Key::version, Key::mode, Key::allow}) {
      if (!seen(required)) {
        throw Refusal{"key \"" + std::string(k_keys.at(static_cast<std::size_t>(required))) + "\" is missing"};
      }
    }
    return std::move(m_policy);
  }

private:
  enum class Key : std::size_t {
    version,
    mode,
    virtual_range,
    allow,
    block,
    allow_ech,
    allow_private,
    allow_addresses,
    host_ports,
    max_upload,
    upload_limits,
    upstream_proxy
  };
  static constexpr std::array<std::string_view, 12> k_keys = {
      "version",         "mode",       "virtual_range", "allow",         "block",         "allow_ech", "allow_private",
      "allow_addresses", "host_ports", "max_upload",    "upload_limits", "upstream_proxy"};

  bool& seen(Key key) { return m_seen.at(static_cast<std::size_t>(key)); }

  void skip_space() {
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
    const auto* first = std::find_if_not(m_text.begin(), m_text.end(), is_space);
    m_text.remove_prefix(static_cast<std::size_t>(first - m_text.begin()));
  }

  bool accept(char wanted) {
    skip_space();
    if (m_text.empty() || m_text.front() != wanted) {
      return false;
    }
    m_text.remove_prefix(1);
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) {
      throw Refusal{m_key.empty() ? std::string("it is not an object of the right shape")
                                  : "key \"" + std::string(m_key) + "\" has a value of the wrong shape"};
    }
  }

  std::string_view read_string() {
    expect('"');
    const auto end = m_text.find('"');
    const std::string_view value = m_text.substr(0, end);
    if (end == std::string_view::npos || value.find('\\') != std::string_view::npos) {
      throw Refusal{"a string does not end, or holds a backslash"};
    }
    m_text.remove_prefix(end + 1);
    return value;
  }

  void read_member() {
    const std::string_view name = read_string();
    const auto* known = std::find(k_keys.begin(), k_keys.end(), name);
    if (known == k_keys.end()) {
      throw Refusal{"key \"" + support::escape_untrusted(name, 60) + "\" is not known"};
    }
    m_key = *known;
    const auto key = static_cast<Key>(known - k_keys.begin());
    if (std::exchange(seen(key), true)) {
      throw Refusal{"key \"" + std::string(m_key) + "\" stands twice"};
    }
    expect(':');
    switch (key) {
    case Key::version: return read_version();
    case Key::mode: return read_mode();
    case Key::virtual_range: return read_virtual_range();
    case Key::allow: return read_list(m_policy.allow, parse_host_entry);
    case Key::block: return read_list(m_policy.block, parse_block_pattern);
    case Key::allow_ech: return read_list(m_policy.allow_ech, parse_host_pattern);
    case Key::allow_private: return read_list(m_policy.allow_private, parse_host_pattern);
    case Key::allow_addresses: return read_list(m_policy.allow_addresses, parse_address_entry);
    case Key::host_ports: return read_host_ports();
    case Key::max_upload: m_policy.max_upload = read_number<std::uint64_t>(); return;
    case Key::upload_limits: return read_list(m_policy.upload_limits, parse_upload_limit);
    case Key::upstream_proxy: return read_upstream_proxy();
    }
  }

  void read_version() {
    skip_space();
    const std::string_view number = m_text.substr(0, m_text.find_first_of(" \t\r\n,}"));
    if (number != k_version) {
      throw Refusal{"its version is not 1"};
    }
    m_text.remove_prefix(number.size());
  }

  template <typename Number>
  Number read_number() {
    skip_space();
    Number value = 0;
    const auto [end, error] = std::from_chars(m_text.data(), m_text.data() + m_text.size(), value);
    const auto size = static_cast<std::size_t>(end - m_text.data());
    if (error != std::errc() || (size > 1 && m_text.front() == '0')) {
      throw Refusal{"key \"" + std::string(m_key) + "\" is not a whole number in its range"};
    }
    m_text.remove_prefix(size);
    return value;
  }

  void read_host_ports() {
    expect('[');
    do {
      const auto port = read_number<std::uint16_t>();
      if (port == 0 || (!m_policy.host_ports.empty() && port <= m_policy.host_ports.back())) {
        throw Refusal{"key \"host_ports\": a port is 0, out of order or stands twice"};
      }
      m_policy.host_ports.push_back(port);
    } while (accept(','));
    expect(']');
  }

  void read_upstream_proxy() {
    const std::string_view value = read_string();
    const auto result = parse_upstream_proxy(value);
    const auto* proxy = std::get_if<UpstreamProxy>(&result);
    if (proxy == nullptr || proxy->text() != value) {
      refuse_value(value, "is not an upstream proxy");
    }
    m_policy.upstream_proxy = *proxy;
  }

  [[noreturn]] void refuse_value(std::string_view value, std::string_view why) const {
    throw Refusal{"key \"" + std::string(m_key) + "\": \"" + support::escape_untrusted(value, 80) + "\" " +
                  std::string(why)};
  }

  void read_mode() {
    const std::string_view value = read_string();
    for (const NetworkMode mode : {NetworkMode::filtered, NetworkMode::full}) {
      if (mode_text(mode) == value) {
        m_policy.mode = mode;
        return;
      }
    }
    refuse_value(value, "is not a mode");
  }

  void read_virtual_range() {
    const std::string_view value = read_string();
    const auto range = parse_virtual_range(value);
    if (!range) {
      refuse_value(value, "is not a range that names can be given addresses from");
    }
    m_policy.virtual_range = *range;
  }

  template <typename Item>
  void read_list(std::vector<Item>& list, std::variant<Item, EntryProblem> (*parse)(std::string_view)) {
    expect('[');
    if (accept(']')) {
      return;
    }
    do {
      append(list, read_string(), parse);
    } while (accept(','));
    expect(']');
  }

  template <typename Item>
  void append(std::vector<Item>& list, std::string_view value,
              std::variant<Item, EntryProblem> (*parse)(std::string_view)) {
    if (++m_entries > k_max_egress_entries) {
      throw Refusal{"it has more than 200000 entries"};
    }
    std::variant<Item, EntryProblem> result = parse(value);
    if (const auto* problem = std::get_if<EntryProblem>(&result)) {
      throw Refusal{"key \"" + std::string(m_key) + "\": " + problem->message};
    }
    Item& item = std::get<Item>(result);
    if (!is_written_as(item, value)) {
      refuse_value(value, "is not written in its canonical form");
    }
    if (!list.empty() && item <= list.back()) {
      refuse_value(value, "is out of order or stands twice");
    }
    list.push_back(std::move(item));
  }

  std::string_view m_text;
  std::string_view m_key;
  std::array<bool, k_keys.size()> m_seen{};
  std::size_t m_entries = 0;
  EgressPolicy m_policy;
};

} // namespace

std::string_view mode_text(NetworkMode mode) {
  return mode == NetworkMode::full ? "full" : "filtered";
}

std::string_view driver_text(FirewallDriver driver) {
  return driver == FirewallDriver::iptables ? "iptables" : "nftables";
}

std::string to_json(const EgressPolicy& policy) {
  const auto& [mode, virtual_range, allow, block, allow_ech, allow_private, allow_addresses, host_ports, max_upload,
               upload_limits, upstream_proxy] = policy;
  json document = {{"version", 1},
                   {"mode", mode_text(mode)},
                   {"virtual_range", virtual_range.text()},
                   {"allow", texts(allow)},
                   {"block", texts(block)},
                   {"allow_ech", texts(allow_ech)},
                   {"allow_private", texts(allow_private)}};
  // Only what is there: a policy that does not use them is read by older firewalls as well.
  if (!allow_addresses.empty()) {
    document["allow_addresses"] = texts(allow_addresses);
  }
  if (!host_ports.empty()) {
    document["host_ports"] = host_ports;
  }
  if (max_upload) {
    document["max_upload"] = *max_upload;
  }
  if (!upload_limits.empty()) {
    document["upload_limits"] = texts(upload_limits);
  }
  if (upstream_proxy) {
    document["upstream_proxy"] = upstream_proxy->text();
  }
  return document.dump(2) + "\n";
}

EgressPolicy egress_from_json(std::string_view json_text, std::string_view where) {
  try {
    if (json_text.size() > k_max_bytes) {
      throw Refusal{"it is larger than 16 MiB"};
    }
    return Reader(json_text).read();
  } catch (const Refusal& refusal) {
    throw support::Error(support::ExitCode::usage,
                         "the egress policy " + std::string(where) + " cannot be used: " + refusal.message);
  }
}

} // namespace agentbox::policy
