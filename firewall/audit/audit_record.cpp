// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/audit_record.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "firewall/audit/object_text.hpp"
#include "support/json_integer.hpp"

namespace agentbox::firewall::audit {
namespace {

constexpr std::array<std::pair<Kind, std::string_view>, 7> k_kinds = {{{Kind::dns, "dns"},
                                                                       {Kind::connect, "connect"},
                                                                       {Kind::address, "address"},
                                                                       {Kind::request, "request"},
                                                                       {Kind::gate, "gate"},
                                                                       {Kind::control, "control"},
                                                                       {Kind::firewall, "firewall"}}};
constexpr std::array<std::string_view, 3> k_deciders = {"firewall", "policy", "user"}; // in the order of DecidedBy
constexpr std::size_t k_max_line = 16384;                                              // we never write longer lines
constexpr std::size_t k_usual_line = 320;

bool fill(const nlohmann::json& object, AuditRecord& record) {
  std::string kind;
  std::string verdict;
  object.at("time").get_to(record.time);
  object.at("box").get_to(record.box);
  object.at("kind").get_to(kind);
  object.at("name").get_to(record.name);
  object.at("address").get_to(record.address);
  support::read_json_integer(object.at("port"), record.port);
  object.at("protocol").get_to(record.protocol);
  object.at("verdict").get_to(verdict);
  record.reason = parse_reason(object.at("reason").get_ref<const std::string&>());
  object.at("text").get_to(record.text);
  object.at("rule").get_to(record.rule);
  support::read_json_integer(object.at("bytes_up"), record.bytes_up);
  support::read_json_integer(object.at("bytes_down"), record.bytes_down);
  support::read_json_integer(object.at("duration_ms"), record.duration_ms);
  const auto* const decider = std::find(k_deciders.begin(), k_deciders.end(), object.value("by", std::string()));
  record.by = decider == k_deciders.end() ? DecidedBy::firewall
                                          : static_cast<DecidedBy>(std::distance(k_deciders.begin(), decider));
  if (object.contains("count")) {
    support::read_json_integer(object.at("count"), record.count);
  }
  record.first = object.value("first", std::string());
  record.verdict = verdict == "allow" ? Verdict::allow : Verdict::deny;
  for (const auto& [value, text] : k_kinds) {
    if (kind == text) {
      record.kind = value;
      return verdict == "allow" || verdict == "deny";
    }
  }
  return false;
}

// Measured: formatting the time with fmt takes a tenth of the firewall's time for a decision.
void put_digits(std::string& text, std::size_t at, std::size_t digits, std::intmax_t value) {
  for (std::size_t i = at + digits; i-- > at; value /= 10) {
    text[i] = static_cast<char>('0' + value % 10);
  }
}

} // namespace

std::string_view kind_text(Kind kind) {
  for (const auto& [value, text] : k_kinds) {
    if (value == kind) {
      return text;
    }
  }
  return "firewall";
}

std::string_view verdict_text(Verdict verdict) {
  return verdict == Verdict::allow ? "allow" : "deny";
}

std::string to_json_line(const AuditRecord& record) {
  const auto& [time, box, kind, name, address, port, protocol, verdict, reason, text, rule, by, up, down, duration,
               count, first] = record;
  ObjectText line(k_usual_line);
  line.add("time", time, 40);
  line.add("box", box, 64);
  line.add_plain("kind", kind_text(kind));
  line.add("name", name, 300);
  line.add("address", address, 64);
  line.add("port", port);
  line.add("protocol", protocol, 16);
  line.add_plain("verdict", verdict_text(verdict));
  line.add_plain("reason", token_of(reason));
  line.add("text", text, 600);
  line.add("rule", rule, 300);
  line.add_plain("by", k_deciders.at(static_cast<std::size_t>(by)));
  line.add("bytes_up", up);
  line.add("bytes_down", down);
  line.add("duration_ms", duration);
  if (!first.empty()) {
    line.add("count", count);
    line.add("first", first, 40);
  }
  return std::move(line).take() + '\n';
}

std::optional<AuditRecord> from_json_line(std::string_view line) {
  if (line.size() > k_max_line) {
    return std::nullopt;
  }
  return from_json(nlohmann::json::parse(line, nullptr, false));
}

std::optional<AuditRecord> from_json(const nlohmann::json& object) {
  if (!object.is_object()) {
    return std::nullopt;
  }
  try {
    AuditRecord record;
    return fill(object, record) ? std::optional(std::move(record)) : std::nullopt;
  } catch (const nlohmann::json::exception&) { // a key is missing or has another type
    return std::nullopt;
  }
}

std::string format_time(std::chrono::system_clock::time_point time) {
  using std::chrono::floor;
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<std::chrono::milliseconds>(time - day));
  std::string text = "0000-00-00T00:00:00.000Z";
  put_digits(text, 0, 4, static_cast<int>(date.year()));
  put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text, 11, 2, clock.hours().count());
  put_digits(text, 14, 2, clock.minutes().count());
  put_digits(text, 17, 2, clock.seconds().count());
  put_digits(text, 20, 3, clock.subseconds().count());
  return text;
}

} // namespace agentbox::firewall::audit
