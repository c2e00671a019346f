// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "policy/policy.hpp"

namespace agentbox::policy {

/// Parses what to_json(Policy) writes, strictly: missing and unknown keys and wrong types are errors. Hidden values are
/// k_hidden_value in the result, which is not validated: use it only to compare and show.
/// Throws support::Error(usage) naming `where` and what is wrong.
PolicyFields fields_from_json(std::string_view json, std::string_view where);

} // namespace agentbox::policy
