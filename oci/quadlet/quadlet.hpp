// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "oci/pod/generated_set.hpp"
#include "oci/pod/pod.hpp"

namespace agentbox::oci {

/// Returns what `agentbox generate quadlet` writes: the set of render_kube(), and agentbox-NAME.kube, a unit that plays
/// it (Podman 4.6 and newer). Pure; throws as render_kube() does.
GeneratedSet render_quadlet(const policy::Policy& policy, const PodFacts& facts);

} // namespace agentbox::oci
