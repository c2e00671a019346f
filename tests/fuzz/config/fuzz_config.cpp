// SPDX-License-Identifier: Apache-2.0
// A configuration's text, from TOML to policy. The first byte selects the layer, or an allow file or the file of an
// agent.
#include "config/agent_file.hpp"
#include "config/load.hpp"
#include "config/merge.hpp"
#include "require.hpp"

namespace config = agentbox::config;
namespace policy = agentbox::policy;
using agentbox::fuzz::require;

namespace {

void check_diagnostics(const policy::Diagnostics& diagnostics) {
  for (const auto& [where, message, hint] : diagnostics) {
    require(!where.empty() && !message.empty(), "a mistake has a place and a message");
    require(!agentbox::fuzz::has_control_bytes(where + message + hint), "messages are safe on a terminal");
  }
}

void check_layer(std::string_view text, config::LayerKind kind) {
  policy::Diagnostics diagnostics;
  const std::vector<config::ConfigLayer> layers = {config::parse_layer(text, "/c.toml", kind, diagnostics)};
  if (kind == config::LayerKind::project) {
    const config::ConfigLayer& layer = layers.front();
    require(layer.mounts.empty() && !layer.ca_bundle, "a project names no paths of the host");
    for (const auto& [name, agent] : layer.agents) {
      require(!agent.auth, "a project names no credentials");
    }
  }
  if (!diagnostics.empty()) {
    return check_diagnostics(diagnostics); // as load() does: it merges only layers without mistakes
  }
  config::Sources sources;
  sources.workspace = "/w";
  sources.home = "/home/u";
  sources.current_directory = "/w";
  config::Merged merged = config::merge(layers, {}, sources, diagnostics);
  check_diagnostics(diagnostics);
  const auto result = policy::build_policy(merged.fields);
  if (const auto* found = std::get_if<policy::Diagnostics>(&result)) {
    check_diagnostics(*found);
    return;
  }
  const auto& built = std::get<policy::Policy>(result);
  require(!policy::to_json(built).empty(), "a policy has a JSON form");
  require(built.fields().confinement.no_new_privileges && built.fields().confinement.capabilities.empty(),
          "no configuration loosens the confinement");
  require(built.fields().egress.mode == policy::NetworkMode::filtered, "no configuration opens the network");
  require(policy::diff(built.fields(), built.fields()).empty(), "a policy does not differ from itself");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view bytes = agentbox::fuzz::text_of(data, size);
  if (bytes.empty()) {
    return 0;
  }
  const std::string_view text = bytes.substr(1);
  switch (bytes.front()) {
  case 'a': {
    policy::Diagnostics diagnostics;
    const auto entries = config::parse_allow_file(text, "/hosts", diagnostics);
    require(!entries.empty() || !diagnostics.empty(), "an empty list is a mistake");
    check_diagnostics(diagnostics);
    break;
  }
  case 's': {
    policy::Diagnostics diagnostics;
    config::ConfigLayer layer;
    config::parse_saved_hosts(text, "/saved-hosts.txt", layer, diagnostics);
    check_diagnostics(diagnostics);
    break;
  }
  case 'g': {
    policy::Diagnostics diagnostics;
    const auto agent = config::parse_agent_file("a", text, "a.toml", diagnostics);
    require(!agent.command.empty() || !diagnostics.empty(), "an agent has a command");
    check_diagnostics(diagnostics);
    break;
  }
  case 'm':
    (void)config::parse_mount(text);
    (void)config::parse_publish(text);
    (void)config::parse_size(text);
    (void)config::parse_cpus(text);
    break;
  case 'p': check_layer(text, config::LayerKind::project); break;
  default: check_layer(text, config::LayerKind::user); break;
  }
  return 0;
}
