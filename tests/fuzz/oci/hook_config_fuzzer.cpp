// SPDX-License-Identifier: Apache-2.0
// The config that Podman sends to the hook: a merge patch (RFC 7396) on a real one, so that the fuzzer gets past the
// parser, or the whole text. Whatever is accepted must have our values where it matters.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "oci/impose/impose.hpp"
#include "oci/runtime_config.hpp"
#include "unit/oci/sample.hpp"

namespace {

using agentbox::oci::Role;
using nlohmann::json;

struct Samples {
  json ours;
  json firewall;
  json podman;
  Samples() {
    const auto policy = agentbox::tests::build(agentbox::tests::sample_fields());
    ours = agentbox::oci::render_agent(policy, agentbox::tests::sample_facts());
    firewall = agentbox::oci::render_firewall(policy, agentbox::tests::sample_facts());
    podman = agentbox::tests::json_fixture("podman-4.3.1-agent.json");
    podman["process"]["args"] = ours["process"]["args"];
    podman["linux"].erase("seccomp");
  }
};

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void check(const json& result, const json& ours) {
  for (const char* part : {"args", "env", "user", "capabilities", "noNewPrivileges", "rlimits", "cwd"}) {
    require(result.at("process").at(part) == ours.at("process").at(part));
  }
  require(result.at("linux").at("seccomp") == ours.at("linux").at("seccomp"));
  require(result.at("linux").at("namespaces").size() == 7);
  require(!result.contains("hooks"));
  for (const auto& [name, value] : result.at("annotations").items()) {
    require(std::string_view(name).substr(0, 8) != "run.oci.");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Samples samples;
  const json input = json::parse(data, data + size, nullptr, false);
  if (input.is_discarded()) {
    return 0;
  }
  json patched = samples.podman;
  patched.merge_patch(input);
  for (const json& config : {input, patched}) {
    try {
      static_cast<void>(agentbox::oci::decide_role(config, samples.firewall));
      check(agentbox::oci::impose(config, samples.ours, Role::agent), samples.ours);
    } catch (const agentbox::support::Error& error) {
      require(std::string_view(error.what()).find('\n') == std::string_view::npos);
    }
  }
  return 0;
}
