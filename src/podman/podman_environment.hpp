// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>

namespace agentbox::podman {

/// Selects whether a Podman call needs the network, and so the caller's proxy variables.
enum class Reach {
  local,    ///< no
  registry, ///< pulls and builds: *_proxy, SSL_CERT_FILE, SSL_CERT_DIR and REGISTRY_AUTH_FILE as the caller has them
};

/// Returns the environment of this process.
std::map<std::string, std::string> caller_environment();

/// Returns the whole environment of a Podman call: a fixed PATH, and HOME, USER, LOGNAME, XDG_RUNTIME_DIR,
/// XDG_CONFIG_HOME, XDG_DATA_HOME, DBUS_SESSION_BUS_ADDRESS, LANG, LC_ALL and TERM of `caller`. Nothing else:
/// CONTAINERS_CONF, CONTAINER_HOST, LD_* and STORAGE_* of a hostile shell must not influence Podman.
std::map<std::string, std::string> constructed_environment(const std::map<std::string, std::string>& caller,
                                                           Reach reach = Reach::local);

} // namespace agentbox::podman
