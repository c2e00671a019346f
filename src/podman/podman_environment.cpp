// SPDX-License-Identifier: Apache-2.0
#include "podman/podman_environment.hpp"

#include <array>
#include <span>
#include <string_view>
#include <unistd.h>

namespace agentbox::podman {
namespace {

constexpr std::array k_always = {
    "HOME", "USER",   "LOGNAME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS",
    "LANG", "LC_ALL", "TERM"};
constexpr std::array k_registry = {"http_proxy",    "https_proxy",  "no_proxy",          "all_proxy",
                                   "HTTP_PROXY",    "HTTPS_PROXY",  "NO_PROXY",          "ALL_PROXY",
                                   "SSL_CERT_FILE", "SSL_CERT_DIR", "REGISTRY_AUTH_FILE"};

void copy(std::span<const char* const> names, const std::map<std::string, std::string>& from,
          std::map<std::string, std::string>& to) {
  for (const char* name : names) {
    if (const auto found = from.find(name); found != from.end()) {
      to.insert(*found);
    }
  }
}

} // namespace

std::map<std::string, std::string> caller_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return variables;
}

std::map<std::string, std::string> constructed_environment(const std::map<std::string, std::string>& caller,
                                                           Reach reach) {
  std::map<std::string, std::string> variables;
  copy(k_always, caller, variables);
  if (reach == Reach::registry) {
    copy(k_registry, caller, variables);
  }
  variables["PATH"] = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
  return variables;
}

} // namespace agentbox::podman
