// SPDX-License-Identifier: Apache-2.0
#include "policy/egress_json.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

using nlohmann::json;

constexpr std::size_t k_max_bytes = 16U << 20U;
constexpr std::size_t k_max_entries = 200'000;
constexpr std::int64_t k_version = 1;

constexpr const char* k_filtered = "filtered";
constexpr const char* k_full = "full";

template <typename Item>
json texts(const std::vector<Item>& items) {
  json list = json::array();
  for (const Item& item : items) {
    list.push_back(item.text());
  }
  return list;
}

/// Fills an EgressPolicy while the text is read, so that no document has to be built. Anything unexpected sets
/// `m_error` and stops the parser.
class Reader : public json::json_sax_t {
public:
  EgressPolicy take() { return std::move(m_policy); }
  const std::string& error() const { return m_error; }

  /// What is still wrong when the text has been read to its end.
  bool complete() {
    if (!m_seen.contains("version") || !m_seen.contains("mode") || !m_seen.contains("allow")) {
      return fail("\"version\", \"mode\" or \"allow\" is missing");
    }
    return true;
  }

  bool null() override { return wrong_type(); }
  bool boolean(bool /*value*/) override { return wrong_type(); }
  bool number_integer(number_integer_t value) override { return version(value == k_version); }
  bool number_unsigned(number_unsigned_t value) override { return version(value == k_version); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return wrong_type(); }
  bool binary(binary_t& /*value*/) override { return wrong_type(); }

  bool string(string_t& value) override {
    if (m_in_list) {
      return ++m_entries > k_max_entries ? fail("it has more than 200000 entries") : add(value);
    }
    if (m_key == "mode" && (value == k_filtered || value == k_full)) {
      m_policy.mode = value == k_full ? NetworkMode::full : NetworkMode::filtered;
      return true;
    }
    if (m_key == "virtual_range") {
      const auto range = parse_virtual_range(value);
      m_policy.virtual_range = range.value_or(VirtualRange());
      return range && range->text() == value ? true : bad_value(value);
    }
    return m_key == "mode" ? bad_value(value) : wrong_type();
  }

  bool start_object(std::size_t /*size*/) override { return std::exchange(m_in_object, true) ? wrong_type() : true; }
  bool end_object() override { return true; }

  bool key(string_t& value) override {
    static const std::set<std::string, std::less<>> known = {"allow",   "allow_ech", "allow_private", "block",
                                                             "mode",    "version",   "virtual_range"};
    if (!known.contains(value)) {
      return fail("key \"" + support::escape_untrusted(value, 60) + "\" is not known");
    }
    m_key = value;
    return m_seen.insert(value).second ? true : fail("key \"" + value + "\" stands twice");
  }

  bool start_array(std::size_t /*size*/) override {
    const bool is_list = m_key == "allow" || m_key == "block" || m_key == "allow_ech" || m_key == "allow_private";
    return std::exchange(m_in_list, true) || !is_list ? wrong_type() : true;
  }
  bool end_array() override {
    m_in_list = false;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const json::exception& /*error*/) override {
    return fail("it is not JSON (byte " + std::to_string(position) + ")");
  }

private:
  bool fail(std::string message) {
    if (m_error.empty()) {
      m_error = std::move(message);
    }
    return false;
  }
  bool wrong_type() { return fail(m_key.empty() ? "it is not an object" : "key \"" + m_key + "\" has the wrong type"); }
  bool bad_value(const std::string& value) {
    return fail("key \"" + m_key + "\": \"" + support::escape_untrusted(value, 80) + "\" is not a value for it");
  }
  bool version(bool is_ours) {
    return m_key != "version" || m_in_list ? wrong_type() : is_ours ? true : fail("its version is not 1");
  }

  bool add(const std::string& value) {
    if (m_key == "allow") {
      return append(m_policy.allow, parse_host_entry(value), value);
    }
    if (m_key == "block") {
      return append(m_policy.block, parse_block_pattern(value), value);
    }
    return append(m_key == "allow_ech" ? m_policy.allow_ech : m_policy.allow_private, parse_host_pattern(value), value);
  }

  template <typename Item>
  bool append(std::vector<Item>& list, std::variant<Item, EntryProblem> result, const std::string& value) {
    if (const auto* problem = std::get_if<EntryProblem>(&result)) {
      return fail("key \"" + m_key + "\": " + problem->message);
    }
    Item item = std::get<Item>(std::move(result));
    if (item.text() != value) {
      return fail("key \"" + m_key + "\": \"" + value + "\" is not written in its canonical form");
    }
    if (!list.empty() && item <= list.back()) {
      return fail("key \"" + m_key + "\": \"" + value + "\" is out of order or stands twice");
    }
    list.push_back(std::move(item));
    return true;
  }

  EgressPolicy m_policy;
  std::string m_error;
  std::string m_key;
  std::set<std::string, std::less<>> m_seen;
  std::size_t m_entries = 0;
  bool m_in_object = false;
  bool m_in_list = false;
};

} // namespace

std::string_view mode_text(NetworkMode mode) { return mode == NetworkMode::full ? k_full : k_filtered; }

std::string to_json(const EgressPolicy& policy) {
  const auto& [mode, virtual_range, allow, block, allow_ech, allow_private] = policy;
  const json document = {{"version", k_version},
                         {"mode", mode_text(mode)},
                         {"virtual_range", virtual_range.text()},
                         {"allow", texts(allow)},
                         {"block", texts(block)},
                         {"allow_ech", texts(allow_ech)},
                         {"allow_private", texts(allow_private)}};
  return document.dump(2) + "\n";
}

EgressPolicy egress_from_json(std::string_view json_text, std::string_view where) {
  const std::string prefix = "the egress policy " + std::string(where) + " cannot be used: ";
  if (json_text.size() > k_max_bytes) {
    throw support::Error(support::ExitCode::usage, prefix + "it is larger than 16 MiB");
  }
  Reader reader;
  if (!json::sax_parse(json_text, &reader) || !reader.complete()) {
    throw support::Error(support::ExitCode::usage, prefix + reader.error());
  }
  return reader.take();
}

std::string_view driver_text(FirewallDriver driver) {
  return driver == FirewallDriver::iptables ? "iptables" : "nftables";
}

} // namespace agentbox::policy
