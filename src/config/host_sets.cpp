// SPDX-License-Identifier: Apache-2.0
#include "config/host_sets.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/load.hpp"
#include "config/toml_reader.hpp"
#include "policy/public_suffix.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr std::string_view k_set_extension = ".toml";

/// Returns the names of the sets. Sorted.
std::vector<std::string> set_names(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == k_set_extension) {
      names.push_back(entry.path().stem().string());
    }
  }
  if (error) {
    throw Error(ExitCode::failed, "cannot read " + directory.string() + ": " + error.message(),
                "install the agentbox package again");
  }
  std::sort(names.begin(), names.end());
  return names;
}

HostSet read_set(const fs::path& directory, const std::string& name) {
  constexpr std::size_t k_max_set = 64U << 10U;
  const fs::path file = directory / (name + std::string(k_set_extension));
  policy::Diagnostics diagnostics;
  HostSet set{name, {}, {}, {}};
  if (const auto document = parse_toml(support::read_file(file, k_max_set), file.string(), diagnostics)) {
    TomlTable top(*document, "", file.string(), diagnostics);
    set.about = top.string("about").value_or(Located<std::string>{}).value;
    set.note = top.string("note").value_or(Located<std::string>{}).value;
    if (auto hosts = top.table("hosts")) {
      for (const Located<std::string>& key : hosts->keys()) {
        const auto reason = hosts->string(key.value);
        auto entry = policy::parse_listed_host(key.value);
        if (auto* problem = std::get_if<policy::EntryProblem>(&entry)) {
          hosts->mistake(key.where, std::move(problem->message), std::move(problem->hint));
        } else if (reason) {
          set.hosts.push_back({std::get<policy::HostEntry>(std::move(entry)), reason->value});
        }
      }
    }
    top.finish();
  }
  if (!diagnostics.empty() || set.hosts.empty()) {
    throw Error(ExitCode::failed,
                diagnostics.empty() ? file.string() + " lists no hosts" : config::describe(diagnostics),
                "install the agentbox package again");
  }
  return set;
}

/// Returns the set that `text` ("@npm") names; nothing, with a mistake, if there is none.
std::optional<HostSet> find_set(const Located<std::string>& text, const fs::path& directory,
                                policy::Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const std::string& name : set_names(directory)) {
    names.push_back("@" + name);
  }
  if (std::find(names.begin(), names.end(), text.value) == names.end()) {
    diagnostics.push_back({text.where,
                           support::in_quotes(text.value) + " is not a set of hosts" +
                               support::did_you_mean(text.value.substr(0, 64), names),
                           "agentbox policy sets lists them"});
    return std::nullopt;
  }
  return read_set(directory, text.value.substr(1));
}

} // namespace

void add_set(HostSet set, std::vector<HostSet>& sets) {
  if (std::none_of(sets.begin(), sets.end(), [&](const HostSet& one) { return one.name == set.name; })) {
    sets.push_back(std::move(set));
  }
}

std::vector<HostSet> read_sets(const fs::path& directory) {
  std::vector<HostSet> sets;
  for (const std::string& name : set_names(directory)) {
    sets.push_back(read_set(directory, name));
  }
  return sets;
}

void expand_sets(ConfigLayer& layer, const fs::path& directory, policy::Diagnostics& diagnostics) {
  for (const auto& [names, list] :
       {std::pair{&layer.allow_sets, &layer.allow}, std::pair{&layer.build_sets, &layer.build_hosts}}) {
    for (const Located<std::string>& text : *names) {
      if (auto set = find_set(text, directory, diagnostics)) {
        for (const HostSet::Host& host : set->hosts) {
          list->push_back({host.entry, text.where + " (" + text.value + ")"});
        }
        add_set(*std::move(set), layer.sets);
      }
    }
  }
}

std::vector<std::string> expand_sets(const std::vector<std::string>& entries, const std::string& where,
                                     const fs::path& directory, std::vector<HostSet>& sets,
                                     policy::Diagnostics& diagnostics) {
  std::vector<std::string> expanded;
  for (const std::string& entry : entries) {
    if (!names_set(entry)) {
      expanded.push_back(entry);
    } else if (auto set = find_set({entry, where}, directory, diagnostics)) {
      for (const HostSet::Host& host : set->hosts) {
        expanded.push_back(host.entry.text());
      }
      add_set(*std::move(set), sets);
    }
  }
  return expanded;
}

std::string sets_text(const std::vector<HostSet>& sets) {
  std::string text;
  for (const HostSet& set : sets) {
    for (const HostSet::Host& host : set.hosts) {
      text += "@" + set.name + ": " + host.entry.text() + "\n";
    }
  }
  return text;
}

std::vector<std::string> hosts_since_last_use(const std::vector<HostSet>& sets, const fs::path& file) {
  constexpr std::size_t k_max_record = 1U << 20U;
  if (sets.empty()) {
    return {};
  }
  const std::string text = support::read_file_if_exists(file, k_max_record).value_or("{}");
  nlohmann::json record = nlohmann::json::parse(text, nullptr, false);
  record = record.is_object() ? std::move(record) : nlohmann::json::object();
  const nlohmann::json before = record;
  std::vector<std::string> added;
  for (const HostSet& set : sets) {
    nlohmann::json hosts = nlohmann::json::array();
    const auto known = before.find(set.name);
    for (const HostSet::Host& host : set.hosts) {
      hosts.push_back(host.entry.text());
      if (known != before.end() && std::find(known->begin(), known->end(), hosts.back()) == known->end()) {
        added.push_back("@" + set.name + ": " + host.entry.text());
      }
    }
    record[set.name] = std::move(hosts);
  }
  if (record != before) {
    support::make_private_directory(file.parent_path());
    support::write_file(file, record.dump(2, ' ', true) + "\n");
  }
  return added;
}

} // namespace agentbox::config
