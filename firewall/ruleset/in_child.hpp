// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

namespace agentbox::firewall::ruleset {

/// Runs `work` in a forked child and waits for it; an Error that it throws is rethrown here. Call only while the
/// process has one thread. Throws support::Error(failed) when the child dies or takes longer than ten seconds.
void in_child(const std::function<void()>& work);

} // namespace agentbox::firewall::ruleset
