// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "policy/egress.hpp"

namespace agentbox::policy {

/// Returns the egress policy as the firewall reads it: one JSON object, keys sorted, two-space indent, a final newline.
/// {"version":1,"mode":"filtered","virtual_range":"198.18.0.0/15","allow":["api.openai.com:443",…],
///  "block":[…],"allow_ech":[…],"allow_private":[…]}
std::string to_json(const EgressPolicy& policy);

/// Parses what to_json() writes, strictly: unknown keys, wrong types, unsorted or invalid entries and trailing bytes
/// are errors. Throws support::Error(usage) naming `where` and the key. Bounded: at most 16 MiB and 200,000 entries.
EgressPolicy egress_from_json(std::string_view json, std::string_view where);

} // namespace agentbox::policy
