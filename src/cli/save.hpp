// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "config/save_host.hpp"

namespace agentbox::cli {

/// `--save`: also stores a change of a running box in the configuration.
class Saving {
public:
  /// Checks everything before the box is changed. `where` is "project" or "user". Throws support::Error.
  Saving(const std::string& where, bool allow, const std::vector<std::string>& hosts);

  /// Writes the file, and reports it and the effect on the trust in a project's configuration.
  void write() const;

private:
  config::Sources m_sources;
  config::HostEdit m_edit;
  bool m_agreed_before = false; ///< to all that the project's configuration broadened
};

} // namespace agentbox::cli
