// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "oci/pod/generated_set.hpp"
#include "oci/pod/pod.hpp"

namespace agentbox::oci {

/// Returns what `agentbox generate kube` writes: pod.yaml for `podman kube play`, and the files that it refers to: two
/// seccomp profiles, the agent's /etc/hosts and /etc/resolv.conf. Pure: same input, same bytes.
///
/// How each promise of `agentbox run` is kept without the hook (measured with Podman 4.3.1, 5.4.2 and 5.8.6):
/// user namespace: --userns of the command in the header, and an annotation for Podman 5; capabilities, no new
/// privileges, user: securityContext (Podman makes added capabilities ambient for a user other than root); seccomp:
/// annotations and --seccomp-profile-root; pids and open files: agent-entrypoint's rlimits (`kube play` has no option
/// for the pids cgroup and ignores its own io.podman.annotations.pids-limit: pids.max is 2048 with 5.4.2); bounded
/// memory at /tmp, /run and /dev/shm: volumes of type tmpfs; nosuid and nodev: options in mountPath; the agent's
/// resolver: a file mounted over /etc/resolv.conf, because dnsConfig would replace the firewall's upstream resolver
/// too. Throws support::Error(refused) for what cannot be expressed.
GeneratedSet render_kube(const policy::Policy& policy, const PodFacts& facts);

} // namespace agentbox::oci
