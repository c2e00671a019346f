// SPDX-License-Identifier: Apache-2.0
// The host's seccomp profile: a merge patch on a small one, or the whole text. The derived filter never allows a call
// that the list removes.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "oci/seccomp/derive.hpp"
#include "support/error.hpp"

namespace {

using nlohmann::json;
namespace seccomp = agentbox::oci::seccomp;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void check(const std::string& profile) {
  try {
    const json filter = seccomp::derive(profile, seccomp::Box::agent, seccomp::Arch::x86_64, {}, "profile");
    require(filter.at("defaultAction") == "SCMP_ACT_ERRNO");
    for (const json& group : filter.at("syscalls")) {
      for (const json& name : group.at("names")) {
        require(name != "ptrace" || group.at("action") != "SCMP_ACT_ALLOW");
        require(name != "socket" || group.at("action") != "SCMP_ACT_ALLOW" || group.contains("args"));
      }
    }
  } catch (const agentbox::support::Error&) {
    return;
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const json base = json::parse(R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"syscalls":[
    {"names":["execve","socket","clone","ptrace"],"action":"SCMP_ACT_ALLOW","args":[],"includes":{},"excludes":{}}]})");
  const json input = json::parse(data, data + size, nullptr, false);
  if (input.is_discarded()) {
    return 0;
  }
  check(input.dump(-1, ' ', false, json::error_handler_t::replace));
  json patched = base;
  if (input.is_array()) {
    patched["syscalls"].insert(patched["syscalls"].end(), input.begin(), input.end());
  } else {
    patched.merge_patch(input);
  }
  check(patched.dump(-1, ' ', false, json::error_handler_t::replace));
  return 0;
}
