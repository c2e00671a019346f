// SPDX-License-Identifier: Apache-2.0
#include "config/load.hpp"

#include <algorithm>

#include "config/config_files.hpp"
#include "config/host_sets.hpp"
#include "config/merge.hpp"
#include "config/read_layers.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::config {
namespace {

ConfigLayer read_candidate(const Sources& sources, const std::filesystem::path& file, LayerKind kind,
                           policy::Diagnostics& diagnostics) {
  const std::filesystem::path path = absolute_path(file.native(), sources.home, sources.current_directory);
  ConfigLayer layer = parse_layer(support::read_file(path, k_max_config), path, kind, diagnostics);
  expand_sets(layer, sources.sets, diagnostics);
  if (layer.allow_file) {
    const auto list = absolute_path(layer.allow_file->value, sources.home, path.parent_path());
    for (auto& entry : parse_allow_file(support::read_file(list, k_max_allow_file), list, diagnostics)) {
      layer.allow.push_back(std::move(entry));
    }
  }
  if (kind != LayerKind::system) {
    add_saved_hosts(layer, sources, diagnostics); // they are next to the replaced file, and still apply
  }
  return layer;
}

} // namespace

policy::EgressPolicy egress_with(const Sources& sources, const std::filesystem::path& file, LayerKind kind) {
  policy::Diagnostics diagnostics;
  // The replaced file may be broken, which may be why its replacement is tested.
  Sources others = sources;
  switch (kind) {
  case LayerKind::system: others.system_file.reset(); break;
  case LayerKind::user: others.user_file.reset(); break;
  case LayerKind::project: others.workspace = "/proc"; break; // contains no project configuration
  }
  LayersRead read = read_layers(others, diagnostics);
  const auto place = std::find_if(read.layers.begin(), read.layers.end(), [&](const ConfigLayer& layer) {
    return static_cast<int>(layer.kind) > static_cast<int>(kind);
  });
  read.layers.insert(place, read_candidate(sources, file, kind, diagnostics));
  policy::EgressPolicy egress = merge_egress(read.layers, {}, diagnostics);
  if (!diagnostics.empty()) {
    throw support::Error(support::ExitCode::usage, describe(diagnostics));
  }
  return egress;
}

} // namespace agentbox::config
