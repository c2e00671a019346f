// SPDX-License-Identifier: Apache-2.0
#include "network/suggest.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <string_view>

#include "agents/agent_data.hpp"
#include "network/notice.hpp"
#include "support/text.hpp"

namespace agentbox::network {
namespace {

using firewall::audit::AuditRecord;

/// Hosts that agents ask for by themselves and work without (measured, tests/host/internet/README.md), besides those of
/// agents/*.toml.
struct Noise {
  std::string_view pattern; ///< as in a list of hosts
  const char* why;
};
constexpr std::array<Noise, 7> k_noise = {{
    {"raw.githubusercontent.com", "the agents' own announcements and release notes; add it if your project needs it"},
    {"*.statsig.com", "metrics"},
    {"*.statsigapi.net", "metrics"},
    {"*.sentry.io", "crash reports"},
    {"*.datadoghq.com", "metrics"},
    {"*.segment.io", "metrics"},
    {"*.segment.com", "metrics"},
}};
constexpr std::size_t k_siblings = 4; // this many names below one parent are noted

/// Returns why agents ask for `host`, or nullptr.
const char* noise_of(const std::string& host) {
  for (const agents::AgentData& agent : agents::agent_data()) {
    if (const auto found = agent.unneeded.find(host); found != agent.unneeded.end()) {
      return found->second.c_str();
    }
  }
  for (const auto& [text, why] : k_noise) {
    const bool wildcard = text.starts_with("*.");
    const policy::HostPattern pattern{std::string(wildcard ? text.substr(2) : text), wildcard};
    if (pattern.matches(host)) {
      return why;
    }
  }
  return nullptr;
}

/// Returns what looks odd about a name. The agent, which may be hostile, chose what is on this list.
std::string caution(const std::string& host) {
  if (host.starts_with("xn--") || host.find(".xn--") != std::string::npos) {
    return "internationalized name; may imitate another";
  }
  const std::size_t longest = 40;
  std::string_view rest = host;
  while (!rest.empty()) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (label.size() > longest) {
      return "very long label; may carry data";
    }
    rest.remove_prefix(std::min(rest.size(), label.size() + 1));
  }
  return {};
}

/// Returns the parent domain of `host` unless it is a top-level domain: "a.cdn.example.com" has "cdn.example.com".
std::string parent_of(const std::string& host) {
  const auto dot = host.find('.');
  const std::string parent = dot == std::string::npos ? "" : host.substr(dot + 1);
  return std::count(parent.begin(), parent.end(), '.') >= 1 ? parent : "";
}

void note_siblings(std::vector<Suggestion::Item>& items) {
  std::map<std::string, std::size_t> families;
  for (const Suggestion::Item& item : items) {
    if (item.entry.find(':') == std::string::npos) {
      ++families[parent_of(item.entry)];
    }
  }
  for (Suggestion::Item& item : items) {
    const auto family =
        item.entry.find(':') == std::string::npos ? families.find(parent_of(item.entry)) : families.end();
    if (family == families.end() || family->first.empty() || family->second < k_siblings || !item.note.empty()) {
      continue;
    }
    item.note = fmt::format("{} hosts below {} were denied; \"*.{}\" would allow these and every other name there",
                            family->second, family->first, family->first);
    family->second = 0; // noted once
  }
}

void write_items(std::string& text, const std::vector<Suggestion::Item>& items, const char* before, const char* after) {
  std::size_t width = 0;
  for (const Suggestion::Item& item : items) {
    width = std::max(width, item.entry.size());
  }
  for (const Suggestion::Item& item : items) {
    const std::string entry = support::escape_untrusted(item.entry, 300);
    text += fmt::format("{}{}{}{:{}}  # {} time{}, last {}{}\n", before, entry, after, "",
                        width - std::min(width, entry.size()), item.count, item.count == 1 ? "" : "s",
                        support::escape_untrusted(item.last.substr(0, 16), 24),
                        item.note.empty() ? "" : "; " + support::escape_untrusted(item.note, 400));
  }
}

} // namespace

Suggestion suggest(const std::vector<AuditRecord>& records, const policy::EgressIndex& index) {
  std::map<std::string, Suggestion::Item> add;
  std::map<std::string, Suggestion::Item> left_out;
  const auto count = [](std::map<std::string, Suggestion::Item>& items, const Denied& one, const std::string& entry,
                        std::string note) {
    Suggestion::Item& item = items[entry];
    item.last = std::max(item.last, one.last);
    item.count += one.count;
    item.entry = entry;
    item.note = std::move(note);
  };
  for (const Denied& one : denied(records)) {
    const policy::EntryResult parsed = policy::parse_host_entry(one.notice.entry);
    const auto* entry = one.notice.entry.empty() ? nullptr : std::get_if<policy::HostEntry>(&parsed);
    if (entry == nullptr) {
      count(left_out, one, one.notice.what, one.notice.why);
      continue;
    }
    const auto decision = index.decide(entry->pattern.name, entry->port);
    if (one.reason == firewall::audit::Reason::blocked) {
      count(left_out, one, one.notice.entry, one.notice.why);
      continue;
    }
    if (decision.allowed()) {
      continue; // now on the list
    }
    if (decision.verdict == policy::EgressDecision::Verdict::blocked) {
      count(left_out, one, one.notice.entry, "blocked by " + decision.rule + " in block_hosts");
    } else if (const char* noise = noise_of(entry->pattern.name)) {
      count(left_out, one, one.notice.entry, noise);
    } else {
      count(add, one, one.notice.entry, caution(entry->pattern.name));
    }
  }
  Suggestion suggestion;
  for (auto& [name, item] : add) {
    suggestion.add.push_back(std::move(item));
  }
  for (auto& [name, item] : left_out) {
    suggestion.left_out.push_back(std::move(item));
  }
  note_siblings(suggestion.add);
  return suggestion;
}

std::string to_toml(const Suggestion& suggestion) {
  std::string text;
  if (!suggestion.add.empty()) {
    text += "[network]\nallow_hosts = [\n";
    write_items(text, suggestion.add, "  \"", "\",");
    text += "]\n";
  }
  if (!suggestion.left_out.empty()) {
    text += suggestion.add.empty() ? "" : "\n";
    text += "# Left out:\n";
    write_items(text, suggestion.left_out, "#   ", "");
  }
  return text;
}

} // namespace agentbox::network
