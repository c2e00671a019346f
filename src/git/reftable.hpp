// SPDX-License-Identifier: Apache-2.0
// Git's reftable, as far as it holds names of refs (Documentation/technical/reftable of Git). Git is never run.
#pragma once
#include <optional>
#include <string_view>

namespace agentbox::git {

/// Returns whether a table of version 1 or 2 has a ref whose name begins with `prefix`; nothing if it is not a table,
/// or is damaged. A ref that the table deletes counts as well. Time is linear. Pure.
std::optional<bool> has_ref_with(std::string_view table, std::string_view prefix);

} // namespace agentbox::git
