// SPDX-License-Identifier: Apache-2.0
#include "generate/compare.hpp"

#include <set>

#include "oci/pod/output_format.hpp"
#include "support/text.hpp"

namespace agentbox::generate {
namespace {

using Direction = policy::Change::Direction;

/// Sentences for entries added to and removed from a list.
struct ListWords {
  std::string_view field;
  std::string_view added;
  std::string_view removed;
};

constexpr ListWords k_lists[] = {
    {"network.allow", "the box may also reach ", "the box may no longer reach "},
    {"network.block", "always blocked now: ", "no longer always blocked: "},
    {"network.allow_ech", "accepted without a readable TLS name: ", "must show its TLS name again: "},
    {"network.allow_private", "may have private addresses: ", "may no longer have private addresses: "},
    {"mounts", "the box also sees ", "the box no longer sees "},
    {"ports", "a port of the box is published: ", "a port of the box is no longer published: "},
    {"protect.paths", "the box can no longer write ", "the box can now write "},
    {"mask.paths", "masked in the box now: ", "no longer masked in the box: "},
    {"env", "the box also has the variable ", "the box no longer has the variable "},
    {"agent.env", "the agent also has the variable ", "the agent no longer has the variable "},
    {"toolkits.selected", "the image also has the toolkit ", "the image no longer has the toolkit "},
    {"agents.packages", "the image also has the package ", "the image no longer has the package "},
    {"confinement.masked_paths", "masked in the box now: ", "no longer masked in the box: "},
    {"confinement.readonly_paths", "read-only in the box now: ", "no longer read-only in the box: "},
    {"confinement.capabilities", "the agent gains the capability ", "the agent loses the capability "},
    {"confinement.firewall_capabilities", "the firewall gains the capability ", "the firewall loses the capability "},
};

constexpr const char* k_no_order = " (cannot say which is broader)";

void add(Comparison& to, Direction direction, std::string text) {
  switch (direction) {
  case Direction::broader: to.broader.push_back(std::move(text)); return;
  case Direction::tighter: to.tighter.push_back(std::move(text)); return;
  case Direction::neutral: to.neutral.push_back(std::move(text)); return;
  }
}

std::string option(const std::map<std::string, std::string>& options, const std::string& name) {
  const auto found = options.find(name);
  return found == options.end() ? std::string("(none)") : found->second;
}

// Only a set for Kubernetes can use a filter other than agentbox's own.
void compare_seccomp(const Record& before, const Record& after, Comparison& result) {
  const auto is_own = [](const Record& record) {
    const auto found = record.options.find("seccomp");
    return found == record.options.end() || found->second == "agentbox";
  };
  if (is_own(before) && !is_own(after)) {
    add(result, Direction::broader, "system calls are filtered by the runtime's own filter only");
  } else if (!is_own(before) && is_own(after)) {
    add(result, Direction::tighter, "system calls are filtered by agentbox's own filter");
  }
}

// A set for a cluster leaves more to the cluster: docs/broadening/generate.md.
void compare_formats(const Record& before, const Record& after, Comparison& result) {
  if (before.format == after.format) {
    return;
  }
  const std::string cluster(oci::format_text(oci::OutputFormat::kubernetes));
  const std::string words = "the format changes from " + before.format + " to " + after.format;
  if (after.format == cluster) {
    add(result, Direction::broader,
        words + ": in a cluster fewer paths of the project are protected, and the firewall is root in the pod");
  } else {
    add(result, before.format == cluster ? Direction::tighter : Direction::neutral, words);
  }
}

void compare_options(const Record& before, const Record& after, Comparison& result) {
  std::set<std::string> names;
  for (const auto* options : {&before.options, &after.options}) {
    for (const auto& [name, value] : *options) {
      names.insert(name);
    }
  }
  for (const std::string& name : names) {
    const std::string from = option(before.options, name);
    const std::string to = option(after.options, name);
    if (from == to || name == "seccomp") {
      continue;
    }
    if (name.starts_with("image.")) {
      add(result, Direction::neutral, "another image for the " + name.substr(6) + ": " + from + " -> " + to);
    } else { // where the workspace comes from, and how many boxes there are
      add(result, Direction::broader, name + " changes from " + from + " to " + to + k_no_order);
    }
  }
}

void print(std::string& text, std::string_view heading, const std::vector<std::string>& lines) {
  if (!lines.empty()) {
    text += std::string(heading) + ":\n";
  }
  for (const std::string& line : lines) {
    text += "  " + support::escape_untrusted(line, 1000) + "\n";
  }
}

} // namespace

std::string sentence(const policy::Change& change) {
  const bool added = change.text.starts_with("+ ");
  const bool removed = change.text.starts_with("- ");
  const std::string rest = added || removed ? change.text.substr(2) : change.text;
  if (change.field == "network.mode") {
    return change.text.ends_with("full") ? "no firewall: the box reaches everything" : "with the firewall";
  }
  if (added || removed) {
    for (const ListWords& words : k_lists) {
      if (words.field == change.field) {
        const bool same = change.direction == Direction::neutral && change.field == "network.allow";
        return std::string(added ? words.added : words.removed) + rest +
               (same ? " (no effect: another entry already covers it)" : "");
      }
    }
    return change.field + (added ? " gains " : " loses ") + rest;
  }
  const std::size_t arrow = rest.find(" -> ");
  if (change.field == "mounts" && arrow != std::string::npos) {
    return "the box sees " + rest.substr(0, arrow) + " now as " + rest.substr(arrow + 4);
  }
  return arrow == std::string::npos
             ? change.field + ": " + rest
             : change.field + " changes from " + rest.substr(0, arrow) + " to " + rest.substr(arrow + 4);
}

Comparison compare(const Record& before, const Record& after, const std::vector<std::string>& edited) {
  Comparison result;
  for (const std::string& name : edited) {
    add(result, Direction::broader, name + " of the old set was changed by hand or is missing: the effect is unknown");
  }
  compare_formats(before, after, result);
  for (const policy::Change& change : policy::diff(before.policy, after.policy)) {
    add(result, change.direction, sentence(change));
  }
  compare_seccomp(before, after, result);
  if (before.format == after.format) {
    compare_options(before, after, result);
  }
  return result;
}

std::string comparison_text(const Comparison& comparison) {
  std::string text;
  print(text, "BROADER", comparison.broader);
  print(text, "tighter", comparison.tighter);
  print(text, "neither", comparison.neutral);
  return text.empty() ? "the box's permissions do not change\n" : text;
}

} // namespace agentbox::generate
