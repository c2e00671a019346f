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

config::SaveTo place(const std::string& where) {
  if (where != "project" && where != "user") {
    throw Error(ExitCode::usage, "--save takes project or user, not " + support::in_quotes(where));
  }
  return where == "project" ? config::SaveTo::project : config::SaveTo::user;
}

/// Whether nothing in the project's configuration, as it is, still waits for the user's agreement.
bool nothing_waits(const config::Sources& sources, const config::HostEdit& edit) {
  if (edit.digest_before.empty()) {
    return true; // there is no file yet
  }
  const config::LoadResult result = config::load(sources, {});
  const auto* loaded = std::get_if<config::Loaded>(&result);
  if (loaded == nullptr || loaded->project_digest != edit.digest_before) {
    return false;
  }
  return loaded->project_broadens.empty() ||
         config::TrustStore(config::trust_folder()).agreed(sources.workspace, edit.digest_before);
}

} // namespace

Saving::Saving(const std::string& where, bool allow, const std::string& host)
    : m_sources(config::standard_sources(config::choose_workspace(".", support::home_folder()).path)) {
  const config::SaveTo to = place(where);
  if (!allow && host.find(':') != std::string::npos) {
    throw Error(ExitCode::usage,
                "block_hosts holds for every port of a host, so " + support::in_quotes(host) + " cannot be saved",
                "leave out the port, or --save");
  }
  m_edit = config::prepare_edit(m_sources, to, allow, host);
  m_agreed_before = to == config::SaveTo::project && nothing_waits(m_sources, m_edit);
}

void Saving::write() const {
  const std::string file = support::escape_untrusted(m_edit.file.string(), 1000);
  if (m_edit.before == m_edit.after) {
    spdlog::info("{} has it already", file);
    return;
  }
  config::write_edit(m_sources, m_edit);
  if (m_edit.to == config::SaveTo::user) {
    spdlog::info("saved in {}: it holds for every box", file);
    return;
  }
  if (m_agreed_before) {
    config::TrustStore(config::trust_folder()).agree(m_sources.workspace, m_edit.digest_after, m_edit.text_after);
    spdlog::info("saved in {}: it holds for every box here. {}", file,
                 m_edit.digest_before.empty() ? "By this you agree to the new file"
                                              : "You had agreed to this file, and by this to one line more");
    return;
  }
  spdlog::warn(
      "saved in {}, which broadens boxes in other ways that you have not agreed to: nothing of it is agreed to "
      "by this. agentbox policy trust shows it and asks",
      file);
}

} // namespace agentbox::cli
