// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "policy/changes.hpp"
#include "policy/egress_index.hpp"

namespace agentbox::policy {
namespace {

using Direction = Change::Direction;

/// Returns whether `entry` changes nothing under `policy`: a block covers it, or another entry does.
bool opens_nothing(const HostEntry& entry, const EgressPolicy& policy) {
  const auto is_block = [&](const HostPattern& block) { return block.covers(entry.pattern); };
  const auto is_allow = [&](const HostEntry& other) {
    return other.port == entry.port && other.pattern.covers(entry.pattern);
  };
  return std::any_of(policy.block.begin(), policy.block.end(), is_block) ||
         std::any_of(policy.allow.begin(), policy.allow.end(), is_allow);
}

/// Returns whether everything that was blocked before is still blocked.
bool keeps_blocks(const EgressPolicy& before, const EgressPolicy& after) {
  return std::includes(after.block.begin(), after.block.end(), before.block.begin(), before.block.end());
}

std::string with_port(const HostEntry& entry) {
  return entry.pattern.text() + ":" + std::to_string(entry.port);
}

/// Returns the most specific limit that covers `pattern`, or nullptr if max_upload applies.
const UploadLimit* nearest_limit(const EgressPolicy& policy, const HostPattern& pattern) {
  const UploadLimit* nearest = nullptr;
  for (const UploadLimit& limit : policy.upload_limits) {
    if (limit.pattern.covers(pattern) && (nearest == nullptr || nearest->pattern.covers(limit.pattern))) {
      nearest = &limit;
    }
  }
  return nearest;
}

void uploads(const EgressPolicy& before, const EgressPolicy& after, Changes& changes) {
  changes.limit("network.max_upload", before.max_upload, after.max_upload);
  std::set<HostPattern> named;
  for (const auto* limits : {&before.upload_limits, &after.upload_limits}) {
    for (const UploadLimit& limit : *limits) {
      named.insert(limit.pattern);
    }
  }
  for (const HostPattern& pattern : named) {
    const UploadLimit* const was = nearest_limit(before, pattern);
    const UploadLimit* const is = nearest_limit(after, pattern);
    if (was != nullptr && is != nullptr && was->pattern != is->pattern && is->pattern == pattern) {
      // It shared the wider limit and now has its own, in addition to the wider one.
      changes.add(Direction::broader, "network.max_upload",
                  pattern.text() + ": shared " + was->text() + " -> " + std::to_string(is->bytes) + " of its own");
      continue;
    }
    changes.limit("network.max_upload", was ? std::optional(was->bytes) : before.max_upload,
                  is ? std::optional(is->bytes) : after.max_upload, pattern.text() + ": ");
  }
}

} // namespace

void diff_egress(const EgressPolicy& before, const EgressPolicy& after, Changes& changes) {
  const auto& [mode, virtual_range, allow, block, allow_ech, allow_private, allow_addresses, host_ports, max_upload,
               upload_limits, upstream_proxy] = after;
  std::ignore = std::tie(max_upload, upload_limits); // in uploads()
  if (before.mode != mode) {
    changes.add(mode == NetworkMode::full ? Direction::broader : Direction::tighter, "network.mode",
                std::string(mode_text(before.mode)) + " -> " + std::string(mode_text(mode)));
  }
  changes.value("network.virtual_range", before.virtual_range.text(), virtual_range.text(), Direction::neutral);
  for (const HostEntry& gone : Changes::missing(before.allow, allow)) {
    changes.add(opens_nothing(gone, after) ? Direction::neutral : Direction::tighter, "network.allow",
                "- " + with_port(gone));
  }
  for (const HostEntry& fresh : Changes::missing(allow, before.allow)) {
    const bool nothing_new = keeps_blocks(before, after) && opens_nothing(fresh, before);
    changes.add(nothing_new ? Direction::neutral : Direction::broader, "network.allow", "+ " + with_port(fresh));
  }
  const auto text = [](const auto& item) { return item.text(); };
  const auto port_text = [](std::uint16_t port) { return std::string(k_host_alias) + ":" + std::to_string(port); };
  changes.list("network.block", before.block, block, Direction::tighter, text);
  changes.list("network.allow_ech", before.allow_ech, allow_ech, Direction::broader, text);
  changes.list("network.allow_private", before.allow_private, allow_private, Direction::broader, text);
  changes.list("network.allow", before.allow_addresses, allow_addresses, Direction::broader, text);
  changes.list("network.allow", before.host_ports, host_ports, Direction::broader, port_text);
  uploads(before, after, changes);
  if (before.upstream_proxy != upstream_proxy) { // the new proxy sees all traffic: never tighter
    const auto proxy_text = [](const std::optional<UpstreamProxy>& proxy) { return proxy ? proxy->text() : "none"; };
    changes.add(Direction::broader, "network.upstream_proxy",
                proxy_text(before.upstream_proxy) + " -> " + proxy_text(upstream_proxy));
  }
}

} // namespace agentbox::policy
