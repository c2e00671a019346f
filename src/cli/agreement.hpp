// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "config/load.hpp"

namespace agentbox::cli {

/// Allows or forbids a question to the user: only `run` on a terminal asks.
enum class MayAsk { yes, no };

/// Returns if the project's configuration broadens nothing or the user agreed to it. Otherwise shows what it broadens
/// and what changed since the last agreement, and asks if allowed on a terminal. Throws Error(refused) without an
/// agreement.
void require_agreement(const config::Loaded& loaded, MayAsk may_ask);

/// Returns what the project's configuration broadens, and the diff to the text that was last agreed to. Escaped.
std::string agreement_text(const config::Loaded& loaded);

/// Implements `agentbox policy trust`: shows, asks and stores. Throws Error(refused) without a terminal, or if the user
/// declines.
void trust_project(const config::Loaded& loaded);

} // namespace agentbox::cli
