// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "oci/seccomp/profile.hpp"

namespace agentbox::oci::seccomp {

/// The calls for which both `a` and `b` hold, as one conjunction; nothing when there are none, or when a filter cannot
/// say it (it takes one comparison of each argument). Dropping what cannot be said only ever refuses more.
std::optional<Conjunction> intersect(const Conjunction& a, const Conjunction& b);

/// Whether it is certain that no call matches both.
bool disjoint(const Conjunction& a, const Conjunction& b);

/// `alternatives` without those that another one covers already, sorted.
std::vector<Conjunction> without_redundant(std::vector<Conjunction> alternatives);

/// Conjunctions that together match calls that no alternative of `kept` matches, and no others, so that these can be
/// given an errno of their own. Where a filter cannot say it the list is shorter, and the default errno answers.
std::vector<Conjunction> complement(const std::vector<Conjunction>& kept);

} // namespace agentbox::oci::seccomp
