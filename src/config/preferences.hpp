// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::config {

/// What the launcher does for its user; no part of what a box may do.
struct Preferences {
  bool notify = false; ///< network.notify: a desktop notification for what is blocked
};

} // namespace agentbox::config
