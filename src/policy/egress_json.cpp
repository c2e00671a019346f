// SPDX-License-Identifier: Apache-2.0
#include "policy/egress_json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
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
constexpr std::uint64_t k_version = 1;

template <typename Item>
json texts(const std::vector<Item>& items) {
  json list = json::array();
  for (const Item& item : items) {
    list.push_back(item.text());
  }
  return list;
}

/// Returns item.text() == text, without allocating a string per entry.
bool is_written_as(const HostPattern& pattern, std::string_view text) {
  if (pattern.subdomains) {
    text.remove_prefix(std::min<std::size_t>(2, text.size())); // "*."
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

/// The reason why the document is refused; egress_from_json() turns it into a support::Error.
struct EgressRefusal {
  std::string message;
};

/// Receives the events of nlohmann's parser and fills in the policy: no document is built, as the firewall reads up to
/// 200,000 entries while a box starts. The only shape accepted is an object of strings, numbers and lists of them.
class EgressReader {
public:
  using Parser = nlohmann::json;

  EgressPolicy finish() {
    for (std::size_t i = 0; i < k_keys.size(); ++i) {
      if (k_keys.at(i).required && !m_seen.at(i)) {
        throw EgressRefusal{"key \"" + std::string(k_keys.at(i).name) + "\" is missing"};
      }
    }
    return std::move(m_policy);
  }

  // The parser calls these; each returns whether to continue.
  bool start_object(std::size_t /*size*/) { return m_depth++ == 0 || refuse_shape(); }
  bool end_object() { return true; }
  bool start_array(std::size_t /*size*/) {
    m_in_list = m_key != nullptr && m_key->is_list && !m_in_list;
    return m_in_list || refuse_shape();
  }
  bool end_array() {
    m_in_list = false;
    return true;
  }
  bool key(const std::string& name) {
    const auto* known = std::find_if(k_keys.begin(), k_keys.end(), [&](const Key& one) { return one.name == name; });
    if (known == k_keys.end()) {
      throw EgressRefusal{"key \"" + support::escape_untrusted(name, 60) + "\" is not known"};
    }
    m_key = known;
    if (std::exchange(m_seen.at(static_cast<std::size_t>(known - k_keys.begin())), true)) {
      throw EgressRefusal{"key \"" + name + "\" appears twice"};
    }
    return true;
  }
  bool string(const std::string& value) {
    if (m_key == nullptr || m_key->text == nullptr || m_key->is_list != m_in_list) {
      return refuse_shape();
    }
    m_key->text(*this, value);
    return true;
  }
  bool number_unsigned(std::uint64_t value) {
    if (m_key == nullptr || m_key->number == nullptr || m_key->is_list != m_in_list) {
      return refuse_shape();
    }
    m_key->number(*this, value);
    return true;
  }
  bool number_integer(std::int64_t /*value*/) { return refuse_shape(); }
  bool number_float(double /*value*/, const std::string& /*text*/) { return refuse_shape(); }
  bool boolean(bool /*value*/) { return refuse_shape(); }
  bool null() { return refuse_shape(); }
  bool binary(Parser::binary_t& /*value*/) { return refuse_shape(); }
  bool parse_error(std::size_t position, const std::string& /*token*/, const Parser::exception& /*error*/) {
    throw EgressRefusal{"it is not JSON (at byte " + std::to_string(position) + ")"};
  }

private:
  struct Key {
    std::string_view name;
    bool required;
    bool is_list;
    void (*text)(EgressReader&, const std::string&);
    void (*number)(EgressReader&, std::uint64_t);
  };
  static const std::array<Key, 12> k_keys;

  [[noreturn]] bool refuse_shape() const {
    throw EgressRefusal{m_key == nullptr ? std::string("it is not an object of the right shape")
                                         : "key \"" + std::string(m_key->name) + "\" has a value of the wrong shape"};
  }

  [[noreturn]] void refuse_value(std::string_view value, std::string_view why) const {
    throw EgressRefusal{"key \"" + std::string(m_key->name) + "\": \"" + support::escape_untrusted(value, 80) + "\" " +
                        std::string(why)};
  }

  void read_version(std::uint64_t value) const {
    if (value != k_version) {
      throw EgressRefusal{"its version is not 1"};
    }
  }

  void read_mode(const std::string& value) {
    if (value != mode_text(NetworkMode::filtered) && value != mode_text(NetworkMode::full)) {
      refuse_value(value, "is not a valid mode");
    }
    m_policy.mode = value == mode_text(NetworkMode::full) ? NetworkMode::full : NetworkMode::filtered;
  }

  void read_virtual_range(const std::string& value) {
    const auto range = parse_virtual_range(value);
    if (!range) {
      refuse_value(value, "is not a valid range for virtual addresses");
    }
    m_policy.virtual_range = *range;
  }

  void read_host_port(std::uint64_t port) {
    if (port == 0 || port > 65535 || (!m_policy.host_ports.empty() && port <= m_policy.host_ports.back())) {
      throw EgressRefusal{"key \"host_ports\": a port is out of range, out of order or appears twice"};
    }
    m_policy.host_ports.push_back(static_cast<std::uint16_t>(port));
  }

  void read_upstream_proxy(const std::string& value) {
    const auto result = parse_upstream_proxy(value);
    const auto* proxy = std::get_if<UpstreamProxy>(&result);
    if (proxy == nullptr || proxy->text() != value) {
      refuse_value(value, "is not a valid upstream proxy");
    }
    m_policy.upstream_proxy = *proxy;
  }

  template <typename Item>
  void append(std::vector<Item>& list, std::string_view value,
              std::variant<Item, EntryProblem> (*parse)(std::string_view)) {
    if (++m_entries > k_max_egress_entries) {
      throw EgressRefusal{"it has more than 200000 entries"};
    }
    std::variant<Item, EntryProblem> result = parse(value);
    if (const auto* problem = std::get_if<EntryProblem>(&result)) {
      throw EgressRefusal{"key \"" + std::string(m_key->name) + "\": " + problem->message};
    }
    Item& item = std::get<Item>(result);
    if (!is_written_as(item, value)) {
      refuse_value(value, "is not written in its canonical form");
    }
    if (!list.empty() && item <= list.back()) {
      refuse_value(value, "is out of order or appears twice");
    }
    list.push_back(std::move(item));
  }

  const Key* m_key = nullptr;
  bool m_in_list = false;
  std::size_t m_depth = 0;
  std::array<bool, 12> m_seen{};
  std::size_t m_entries = 0;
  EgressPolicy m_policy;
};

const std::array<EgressReader::Key, 12> EgressReader::k_keys = {{
    {"version", true, false, nullptr, [](EgressReader& r, std::uint64_t n) { r.read_version(n); }},
    {"mode", true, false, [](EgressReader& r, const std::string& v) { r.read_mode(v); }, nullptr},
    {"virtual_range", false, false, [](EgressReader& r, const std::string& v) { r.read_virtual_range(v); }, nullptr},
    {"allow", true, true,
     [](EgressReader& r, const std::string& v) { r.append(r.m_policy.allow, v, parse_host_entry); }, nullptr},
    {"block", false, true,
     [](EgressReader& r, const std::string& v) { r.append(r.m_policy.block, v, parse_block_pattern); }, nullptr},
    {"allow_ech", false, true,
     [](EgressReader& r, const std::string& v) { r.append(r.m_policy.allow_ech, v, parse_host_pattern); }, nullptr},
    {"allow_private", false, true,
     [](EgressReader& r, const std::string& v) { r.append(r.m_policy.allow_private, v, parse_host_pattern); }, nullptr},
    {"allow_addresses", false, true,
     [](EgressReader& r, const std::string& v) { r.append(r.m_policy.allow_addresses, v, parse_address_entry); },
     nullptr},
    {"host_ports", false, true, nullptr, [](EgressReader& r, std::uint64_t n) { r.read_host_port(n); }},
    {"max_upload", false, false, nullptr, [](EgressReader& r, std::uint64_t n) { r.m_policy.max_upload = n; }},
    {"upload_limits", false, true,
     [](EgressReader& r, const std::string& v) { r.append(r.m_policy.upload_limits, v, parse_upload_limit); }, nullptr},
    {"upstream_proxy", false, false, [](EgressReader& r, const std::string& v) { r.read_upstream_proxy(v); }, nullptr},
}};

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
  // Written only when used, so that older firewalls can read policies without them.
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
      throw EgressRefusal{"it is larger than 16 MiB"};
    }
    if (json_text.find('\0') != std::string_view::npos) { // the parser would take it as the end
      throw EgressRefusal{"it contains a NUL byte"};
    }
    EgressReader reader;
    json::sax_parse(json_text, &reader);
    return reader.finish();
  } catch (const EgressRefusal& refusal) {
    throw support::Error(support::ExitCode::usage,
                         "the egress policy " + std::string(where) + " cannot be used: " + refusal.message);
  }
}

} // namespace agentbox::policy
