// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "oci/seccomp/profile.hpp"

namespace agentbox::oci::seccomp {

/// Returns the calls that match both `a` and `b`, as one conjunction; nothing if there are none, or if a filter cannot
/// express it (it takes one comparison of each argument), which only refuses more.
std::optional<Conjunction> intersect(const Conjunction& a, const Conjunction& b);

/// Returns whether it is certain that no call matches both.
bool disjoint(const Conjunction& a, const Conjunction& b);

/// Returns `alternatives` without those that another one covers, sorted.
std::vector<Conjunction> without_redundant(std::vector<Conjunction> alternatives);

/// Returns conjunctions that match only calls that no alternative of `kept` matches, so that these can have their own
/// errno. If a filter cannot express all, the list is shorter and the rest get the default errno.
std::vector<Conjunction> complement(const std::vector<Conjunction>& kept);

} // namespace agentbox::oci::seccomp
