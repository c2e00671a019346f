// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/sum.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "firewall/audit/object_text.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::firewall::audit {
namespace {

constexpr std::size_t k_max_fixed = 640; // numbers at their largest and times take 360
constexpr std::string_view k_check = R"(,"check":")";
constexpr std::size_t k_digits = 16;

/// After FNV-1a, by words: against what a reader sees half written, not against an adversary, who cannot write here.
std::string check_of(std::string_view text) {
  std::uint64_t value = 0xCBF29CE484222325ULL;
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(text.size(), sizeof word);
    std::memcpy(&word, text.data(), size);
    value = (value ^ word) * 0x9E3779B97F4A7C15ULL;
    value ^= value >> 32U;
    text.remove_prefix(size);
  }
  std::string digits(k_digits, '0');
  for (std::size_t i = k_digits; i-- > 0; value >>= 4U) {
    digits[i] = "0123456789abcdef"[value & 0xFU];
  }
  return digits;
}

void append_number(std::string& text, std::uint64_t value) {
  const fmt::format_int digits(value);
  text.append(digits.data(), digits.size());
}

struct Cut {
  std::size_t name;
  std::size_t rule;
  std::size_t text;
  std::size_t rest; ///< what is ours and short, whatever a broken caller may say
};

std::string fixed_part(const AuditRecord& record, const Cut& cut) {
  ObjectText object(k_max_fixed);
  object.add("box", record.box, cut.rest);
  object.add_plain("kind", kind_text(record.kind));
  object.add("name", record.name, cut.name);
  object.add("address", record.address, cut.rest);
  object.add("port", record.port);
  object.add("protocol", record.protocol, cut.rest);
  object.add_plain("verdict", verdict_text(record.verdict));
  object.add("reason", record.reason, cut.rest);
  object.add("text", record.text, cut.text);
  object.add("rule", record.rule, cut.rule);
  return std::move(object).take_open();
}

bool is_time(std::string_view text) {
  constexpr std::size_t k_length = 24;
  return text.size() == k_length && text.find_first_not_of("0123456789-:.TZ") == std::string_view::npos;
}

void read_others(const nlohmann::json& list, Sum::Others& others) {
  list.at(0).get_to(others.count);
  list.at(1).get_to(others.bytes_up);
  list.at(2).get_to(others.bytes_down);
  list.at(3).get_to(others.first);
  list.at(4).get_to(others.last);
}

} // namespace

std::string totals_file(const std::string& box) {
  return box + protocol::k_totals_suffix;
}

std::string group_of(const AuditRecord& record) {
  std::string text(kind_text(record.kind));
  text.append(" ").append(verdict_text(record.verdict)).append(" ").append(record.reason);
  return text;
}

std::string key_of(const AuditRecord& record) {
  std::string text = group_of(record);
  append_number(text.append(" "), record.port);
  text.append(" ").append(record.protocol).append(" ").append(record.name.empty() ? record.address : record.name);
  return text;
}

void add(AuditRecord& sum, const AuditRecord& more) {
  const std::string& first = more.first.empty() ? more.time : more.first;
  sum.first = sum.first.empty() ? std::min(first, sum.time) : std::min(first, sum.first);
  if (more.time >= sum.time) {
    sum.time = more.time;
    sum.address = more.address;
    sum.text = more.text;
    sum.rule = more.rule;
  }
  sum.count += more.count;
  sum.bytes_up += more.bytes_up;
  sum.bytes_down += more.bytes_down;
  sum.duration_ms += more.duration_ms;
}

std::string fixed_part(const AuditRecord& record) {
  // The last one: whatever a byte is, it takes three in JSON at most.
  constexpr std::array<Cut, 3> k_cuts = {{{255, 255, 160, 64}, {255, 60, 0, 64}, {60, 20, 0, 12}}};
  std::string text;
  for (const Cut& cut : k_cuts) {
    text = fixed_part(record, cut);
    if (text.size() <= k_max_fixed) {
      break;
    }
  }
  return text;
}

std::string to_place(std::string_view fixed, const Sum& sum) {
  const auto& [record, others] = sum;
  ObjectText place(k_place, fixed);
  place.add_plain("time", record.time);
  place.add_plain("first", record.first);
  place.add("count", record.count);
  place.add("bytes_up", record.bytes_up);
  place.add("bytes_down", record.bytes_down);
  place.add("duration_ms", record.duration_ms);
  if (others.count > 0) {
    place.add_json("others", fmt::format(R"([{},{},{},"{}","{}"])", others.count, others.bytes_up, others.bytes_down,
                                         others.first, others.last));
  }
  place.add_plain("check", check_of(place.open()));
  std::string text = std::move(place).take();
  text.resize(k_place - 1, ' ');
  text += '\n';
  return text;
}

std::optional<Sum> from_place(std::string_view place) {
  const auto end = place.rfind(k_check);
  if (place.size() != k_place || end == std::string_view::npos ||
      place.substr(end + k_check.size(), k_digits) != check_of(place.substr(0, end))) {
    return std::nullopt;
  }
  const auto object = nlohmann::json::parse(place, nullptr, false);
  auto record = from_json(object);
  if (!record || !is_time(record->time) || !is_time(record->first)) {
    return std::nullopt;
  }
  Sum sum{*std::move(record), {}};
  try {
    if (const auto others = object.find("others"); others != object.end()) {
      read_others(*others, sum.others);
    }
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  if (sum.others.count > 0 && !(is_time(sum.others.first) && is_time(sum.others.last))) {
    return std::nullopt;
  }
  return sum;
}

std::optional<AuditRecord> others_of(const Sum& sum) {
  if (sum.others.count == 0) {
    return std::nullopt;
  }
  AuditRecord record;
  record.time = sum.others.last;
  record.first = sum.others.first;
  record.box = sum.record.box;
  record.kind = sum.record.kind;
  record.verdict = sum.record.verdict;
  record.reason = sum.record.reason;
  record.address = k_other_hosts;
  record.text = "hosts that were too many to keep each apart";
  record.count = sum.others.count;
  record.bytes_up = sum.others.bytes_up;
  record.bytes_down = sum.others.bytes_down;
  return record;
}

} // namespace agentbox::firewall::audit
