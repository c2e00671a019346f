// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <nlohmann/json.hpp>

#include "oci/impose/impose_parts.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;
using support::in_quotes;

/// Variables that Podman sets itself. Ours replace them; any other variable that is not ours is an error.
constexpr std::array<std::string_view, 5> k_podman_variables = {"HOME", "HOSTNAME", "PATH", "TERM", "container"};

/// Podman's default bounding set in old and new versions. We drop all of it; anything more comes from a configuration.
constexpr std::array<std::string_view, 14> k_podman_capabilities = {
    "CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
    "CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",   "CAP_SETFCAP",
    "CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT"};

constexpr std::size_t k_long = 400; // bytes of a command line in a message

constexpr std::array<const char*, 4> k_kept_labels = {"apparmorProfile", "selinuxLabel", "oomScoreAdj", "consoleSize"};

std::string words(const json& list) {
  std::string result;
  for (const json& word : list) {
    result += (result.empty() ? "" : " ") + word.get<std::string>();
  }
  return result;
}

void require_user(const json& podman, const json& ours) {
  require_known_keys(podman, {"uid", "gid", "umask", "additionalGids"}, "process.user");
  for (const char* key : {"uid", "gid"}) {
    if (podman.at(key) != ours.at(key)) {
      throw unexpected("the user's " + std::string(key) + " is " + podman.at(key).dump(), ours.at(key).dump());
    }
  }
  for (const json& group : podman.value("additionalGids", json::array())) {
    if (group != ours.at("gid")) {
      throw unexpected("the user is in the additional group " + group.dump(), "none");
    }
  }
}

void require_environment(const json& podman, const json& ours) {
  for (const json& entry : podman) {
    const auto text = entry.get<std::string>();
    const std::string name = text.substr(0, text.find('='));
    if (!support::contains(k_podman_variables, name) && !support::contains(ours, entry)) {
      // Without its value, which may be a secret.
      throw unexpected("the environment variable " + in_quotes(name) + " is set", "no variable but the policy's");
    }
  }
}

// For root, Podman puts its default bounding set into the other sets too. All of them are replaced.
void require_capabilities(const json& podman, const json& ours, bool root) {
  require_known_keys(podman, {"bounding", "effective", "inheritable", "permitted", "ambient"}, "process.capabilities");
  for (const auto& [set, names] : podman.items()) {
    const json& allowed = ours.at(set);
    for (const json& name : names) {
      const bool usual =
          (root || set == "bounding") && support::contains(k_podman_capabilities, name.get<std::string>());
      if (!usual && !support::contains(allowed, name)) {
        throw unexpected("the " + set + " set has the capability " + in_quotes(name.get<std::string>()),
                         "no more than Podman's default, which is dropped");
      }
    }
  }
}

} // namespace

void impose_process(const json& podman, json& result) {
  require_known_keys(podman,
                     {"terminal", "consoleSize", "user", "args", "env", "cwd", "capabilities", "rlimits",
                      "noNewPrivileges", "apparmorProfile", "oomScoreAdj", "selinuxLabel"},
                     "process");
  if (podman.at("args") != result.at("args")) {
    throw unexpected("the command is " + in_quotes(words(podman.at("args")), k_long),
                     in_quotes(words(result.at("args")), k_long));
  }
  if (podman.at("cwd") != result.at("cwd")) {
    throw unexpected("the working directory is " + in_quotes(text_at(podman, "cwd")),
                     in_quotes(text_at(result, "cwd")));
  }
  if (podman.value("terminal", false) != result.at("terminal").get<bool>()) {
    throw unexpected(podman.value("terminal", false) ? "it has a terminal" : "it has no terminal", "the opposite");
  }
  require_user(podman.at("user"), result.at("user"));
  require_environment(podman.value("env", json::array()), result.at("env"));
  require_capabilities(podman.value("capabilities", json::object()), result.at("capabilities"),
                       result.at("user").at("uid") == 0);
  require_same_label(podman, result, "selinuxLabel");
  for (const char* label : k_kept_labels) {
    if (podman.contains(label)) {
      result[label] = podman.at(label);
    }
  }
}

} // namespace agentbox::oci
