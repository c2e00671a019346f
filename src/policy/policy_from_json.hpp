// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "policy/policy.hpp"

namespace agentbox::policy {

/// The reverse of to_json(Policy), strict: missing and unknown keys and wrong types are errors. Values that to_json()
/// hides come back as k_hidden_value: the result is for comparing and showing, and is not validated.
/// Throws support::Error(usage) naming `where` and what is wrong.
PolicyFields fields_from_json(std::string_view json, std::string_view where);

} // namespace agentbox::policy
