// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>

namespace fingerprint {

/// Receives one line of the fingerprint.
using Add = std::function<void(const std::string& key, const std::string& value)>;

/// Adds users, groups, capability sets, no-new-privs, seccomp mode, id maps without the host's part, host name, names
/// of variables, umask.
void identity(const Add& add);

/// Adds every rlimit, and how many processes can really be started.
void limits(const Add& add);

/// Adds mounts with their options and bounds, devices, what the masked and read-only paths let through, where files can
/// be made.
void filesystem(const Add& add);

/// Adds the results of looking up names and of connecting to addresses.
void network(const Add& add);

} // namespace fingerprint
