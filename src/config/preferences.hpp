// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::config {

/// Settings of the launcher that do not affect what a box may do.
struct Preferences {
  bool notify = false; ///< network.notify: a desktop notification for what is blocked
};

} // namespace agentbox::config
