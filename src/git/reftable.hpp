// SPDX-License-Identifier: Apache-2.0
// Reads the names of refs in Git's reftable format (Documentation/technical/reftable of Git). Git is never run.
#pragma once
#include <optional>
#include <string_view>

namespace agentbox::git {

/// Returns whether a table of version 1 or 2 has a ref whose name begins with `prefix`; nothing if `table` is damaged
/// or has another format. A record that deletes a ref counts too. Takes linear time. Pure.
std::optional<bool> has_ref_with(std::string_view table, std::string_view prefix);

} // namespace agentbox::git
