// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>

namespace agentbox::podman {

/// What a Podman call needs from the network, which decides whether the caller's proxy variables reach it.
enum class Reach {
  local,    ///< nothing is fetched: no proxy variable
  registry, ///< pulls and builds: *_proxy, SSL_CERT_FILE, SSL_CERT_DIR and REGISTRY_AUTH_FILE as the caller has them
};

/// The environment of this process as a map.
std::map<std::string, std::string> caller_environment();

/// The whole environment of a Podman call. PATH is fixed; HOME, USER, LOGNAME, XDG_RUNTIME_DIR, XDG_CONFIG_HOME,
/// XDG_DATA_HOME, DBUS_SESSION_BUS_ADDRESS, LANG, LC_ALL and TERM are taken from `caller` when set. Nothing else is:
/// CONTAINERS_CONF, CONTAINER_HOST, LD_*, STORAGE_* of a hostile shell must not steer Podman.
std::map<std::string, std::string> constructed_environment(const std::map<std::string, std::string>& caller,
                                                           Reach reach = Reach::local);

} // namespace agentbox::podman
