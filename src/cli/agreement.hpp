// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "config/load.hpp"

namespace agentbox::cli {

/// Allows or forbids a question to the user: only `run` on a terminal asks.
enum class MayAsk { yes, no };

/// Returns normally if the project's configuration broadens nothing or the user trusts it. Otherwise, if allowed and on
/// a terminal, shows what it broadens and what changed since it was last trusted, and asks. Throws Error(refused) if it
/// is not trusted.
void require_agreement(const config::Loaded& loaded, MayAsk may_ask);

/// Returns what the project's configuration broadens, and the diff from the text that was last trusted. Escaped.
std::string agreement_text(const config::Loaded& loaded);

/// Implements `agentbox policy trust`: shows, asks and stores. Throws Error(refused) without a terminal, or if the user
/// declines.
void trust_project(const config::Loaded& loaded);

} // namespace agentbox::cli
