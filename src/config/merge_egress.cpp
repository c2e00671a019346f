// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "config/merge.hpp"
#include "policy/egress_index.hpp"
#include "policy/public_suffix.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

template <typename Item>
void add(const std::vector<Located<Item>>& items, std::vector<Item>& list) {
  for (const Located<Item>& item : items) {
    list.push_back(item.value);
  }
}

/// Adds limits; a limit of a later file replaces that of an earlier one. policy::diff() tells whether that broadens.
void add_upload_limits(const std::vector<policy::UploadLimit>& limits, std::vector<policy::UploadLimit>& list) {
  for (const policy::UploadLimit& limit : limits) {
    std::erase_if(list, [&](const policy::UploadLimit& old) { return old.pattern == limit.pattern; });
    list.push_back(limit);
  }
}

void add_overrides(const Overrides& overrides, const std::vector<ConfigLayer>& layers, policy::EgressPolicy& egress,
                   policy::Diagnostics& diagnostics) {
  for (const std::string& text : overrides.allow) {
    policy::AllowResult result = policy::parse_listed_entry(text);
    if (auto* problem = std::get_if<policy::EntryProblem>(&result)) {
      diagnostics.push_back({"--allow", std::move(problem->message), std::move(problem->hint)});
      continue;
    }
    auto& entry = std::get<policy::AllowEntry>(result);
    if (const auto problem = block_over(entry, layers)) {
      diagnostics.push_back({"--allow", problem->message, problem->hint});
    }
    policy::add_entry(std::move(entry), egress);
  }
  if (overrides.full_network) {
    egress.mode = policy::NetworkMode::full;
  }
}

} // namespace

std::optional<policy::EntryProblem> block_over(const policy::AllowEntry& entry,
                                               const std::vector<ConfigLayer>& layers) {
  const auto* host = std::get_if<policy::HostEntry>(&entry);
  for (const ConfigLayer& layer : layers) {
    for (const auto& [block, where] : layer.block) {
      if (host != nullptr && block.covers(host->pattern)) {
        return policy::EntryProblem{support::in_quotes(host->text()) + " is blocked by " +
                                        support::in_quotes(block.text()) + " in " + where,
                                    "a block always wins; remove that entry first"};
      }
    }
  }
  return std::nullopt;
}

policy::EgressPolicy merge_egress(const std::vector<ConfigLayer>& layers, const Overrides& overrides,
                                  policy::Diagnostics& diagnostics) {
  policy::EgressPolicy egress;
  const bool keep_defaults =
      std::all_of(layers.begin(), layers.end(), [](const ConfigLayer& layer) { return layer.default_hosts; });
  if (keep_defaults) {
    egress.allow = policy::default_fields().egress.allow;
  }
  for (const ConfigLayer& layer : layers) {
    for (const auto& entry : layer.allow) {
      policy::add_entry(entry.value, egress);
    }
    add(layer.block, egress.block);
    add(layer.allow_private, egress.allow_private);
    add(layer.allow_ech, egress.allow_ech);
    egress.virtual_range = layer.virtual_range.value_or(egress.virtual_range);
    egress.max_upload = layer.max_upload ? layer.max_upload : egress.max_upload;
    add_upload_limits(layer.upload_limits, egress.upload_limits);
    egress.upstream_proxy = layer.upstream_proxy ? layer.upstream_proxy : egress.upstream_proxy;
  }
  add_overrides(overrides, layers, egress, diagnostics);
  support::sort_unique(egress.allow);
  support::sort_unique(egress.block);
  support::sort_unique(egress.allow_private);
  support::sort_unique(egress.allow_ech);
  support::sort_unique(egress.allow_addresses);
  support::sort_unique(egress.host_ports);
  support::sort_unique(egress.upload_limits);
  return egress;
}

} // namespace agentbox::config
