// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "config/load.hpp"

namespace agentbox::cli {

/// Whether the user may be asked: `run` on a terminal asks, everything else says what it would need.
enum class MayAsk { yes, no };

/// Comes back when the project's configuration broadens nothing, or the user agreed to exactly what was read. Else
/// shows what it broadens and what changed since the last agreement; on a terminal asks, where it may. Throws
/// Error(refused) without an agreement.
void require_agreement(const config::Loaded& loaded, MayAsk may_ask);

/// What the project's configuration broadens, and how its text differs from the one that was agreed to last (all of it
/// is new the first time). Escaped, a line each.
std::string agreement_text(const config::Loaded& loaded);

/// `agentbox policy trust`: shows, asks and keeps. Throws Error(refused) without a terminal, or when the user declines.
void trust_project(const config::Loaded& loaded);

} // namespace agentbox::cli
