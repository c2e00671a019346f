// SPDX-License-Identifier: Apache-2.0
#include "cli/save.hpp"

#include <spdlog/spdlog.h>

#include "config/load.hpp"
#include "config/trust.hpp"
#include "config/workspace.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using support::Error;
using support::ExitCode;

config::LayerKind layer_of(const std::string& where) {
  return where == "project" ? config::LayerKind::project : config::LayerKind::user;
}

/// Returns whether the user trusts all that the project's configuration broadens; false for one with errors.
bool nothing_waits(const config::Sources& sources, const config::HostEdit& edit) {
  if (edit.digest_before.empty()) {
    return true; // no configuration yet
  }
  const config::LoadResult result = config::load(sources, {});
  const auto* loaded = std::get_if<config::Loaded>(&result);
  if (loaded == nullptr || loaded->project_digest != edit.digest_before) {
    return false;
  }
  return loaded->project_broadens.empty() ||
         config::TrustStore(config::trust_directory()).agreed(sources.workspace, edit.digest_before);
}

} // namespace

Saving::Saving(const std::string& where, bool allow, const std::vector<std::string>& hosts)
    : m_sources(config::standard_sources(config::choose_workspace(".", support::home_directory()).path)) {
  const config::LayerKind kind = layer_of(where);
  for (const std::string& host : hosts) {
    if (!allow && host.find(':') != std::string::npos) {
      throw Error(ExitCode::usage,
                  "a saved deny covers every port, so " + support::in_quotes(host) + " cannot be saved",
                  "leave out the port, or --save");
    }
  }
  m_edit = config::prepare_edit(m_sources, kind, allow, hosts);
  m_agreed_before = kind == config::LayerKind::project && nothing_waits(m_sources, m_edit);
}

void Saving::write() const {
  const std::string file = support::escape_untrusted(m_edit.file.string(), 1000);
  if (m_edit.before == m_edit.after) {
    spdlog::info("already in the configuration; {} is unchanged", file);
    return;
  }
  config::write_edit(m_sources, m_edit);
  if (m_edit.kind == config::LayerKind::user) {
    spdlog::info("saved in {} for every box", file);
    return;
  }
  if (m_agreed_before) {
    config::TrustStore(config::trust_directory()).agree(m_sources.workspace, m_edit.digest_after, m_edit.text_after);
    spdlog::info("saved in {} for every box of this project. {}", file,
                 m_edit.digest_before.empty() ? "The new file is trusted"
                                              : "The project's configuration was trusted, and so is this line");
    return;
  }
  spdlog::warn("saved in {}, but the project's configuration has other changes that are not trusted; review them with: "
               "agentbox policy trust",
               file);
}

} // namespace agentbox::cli
