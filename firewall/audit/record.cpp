// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/record.hpp"

#include <array>
#include <cstddef>
#include <ctime>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

#include "support/text.hpp"

namespace agentbox::firewall::audit {
namespace {

constexpr std::array<std::pair<Kind, std::string_view>, 6> k_kinds = {{{Kind::dns, "dns"},
                                                                       {Kind::connect, "connect"},
                                                                       {Kind::address, "address"},
                                                                       {Kind::gate, "gate"},
                                                                       {Kind::control, "control"},
                                                                       {Kind::firewall, "firewall"}}};
constexpr std::size_t k_max_line = 16384; // longer ones are not ours

bool fill(const nlohmann::json& object, Record& record) {
  std::string kind;
  std::string verdict;
  object.at("time").get_to(record.time);
  object.at("box").get_to(record.box);
  object.at("kind").get_to(kind);
  object.at("name").get_to(record.name);
  object.at("address").get_to(record.address);
  object.at("port").get_to(record.port);
  object.at("protocol").get_to(record.protocol);
  object.at("verdict").get_to(verdict);
  object.at("reason").get_to(record.reason);
  object.at("text").get_to(record.text);
  object.at("rule").get_to(record.rule);
  object.at("bytes_up").get_to(record.bytes_up);
  object.at("bytes_down").get_to(record.bytes_down);
  object.at("duration_ms").get_to(record.duration_ms);
  record.count = object.value("count", std::uint64_t{1});
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

std::string to_json_line(const Record& record) {
  const auto& [time, box, kind, name, address, port, protocol, verdict, reason, text, rule, up, down, duration, count,
               first] = record;
  nlohmann::ordered_json object = {{"time", support::escape_untrusted(time, 40)},
                                   {"box", support::escape_untrusted(box, 64)},
                                   {"kind", kind_text(kind)},
                                   {"name", support::escape_untrusted(name)},
                                   {"address", support::escape_untrusted(address, 64)},
                                   {"port", port},
                                   {"protocol", support::escape_untrusted(protocol, 16)},
                                   {"verdict", verdict_text(verdict)},
                                   {"reason", support::escape_untrusted(reason, 40)},
                                   {"text", support::escape_untrusted(text, 600)},
                                   {"rule", support::escape_untrusted(rule)},
                                   {"bytes_up", up},
                                   {"bytes_down", down},
                                   {"duration_ms", duration}};
  if (!first.empty()) {
    object["count"] = count;
    object["first"] = support::escape_untrusted(first, 40);
  }
  return object.dump(-1, ' ', true) + '\n';
}

std::optional<Record> from_json_line(std::string_view line) {
  if (line.size() > k_max_line) {
    return std::nullopt;
  }
  const auto object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) {
    return std::nullopt;
  }
  try {
    Record record;
    return fill(object, record) ? std::optional(std::move(record)) : std::nullopt;
  } catch (const nlohmann::json::exception&) { // a key is missing or has another type
    return std::nullopt;
  }
}

std::string format_time(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto milliseconds = ((since % 1000) + 1000) % 1000;
  const auto seconds = static_cast<std::time_t>((since - milliseconds) / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds);
}

} // namespace agentbox::firewall::audit
