// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "config/save_host.hpp"

namespace agentbox::cli {

/// `--save`: a change of a running box, written into a configuration as well.
class Saving {
public:
  /// Checks everything that can be checked before the box is changed. `where` is "project" or "user". Throws
  /// support::Error, and the file is untouched then.
  Saving(const std::string& where, bool allow, const std::string& host);

  /// Writes it, and says what was written and what it means for the user's agreement to a project's configuration.
  void write() const;

private:
  config::Sources m_sources;
  config::HostEdit m_edit;
  bool m_agreed_before = false; ///< to all that the project's file broadened
};

} // namespace agentbox::cli
