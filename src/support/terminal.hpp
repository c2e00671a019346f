// SPDX-License-Identifier: Apache-2.0
#pragma once
namespace agentbox::support {

/// The standard streams that are terminals.
struct Terminal {
  bool in = false;
  bool out = false;
  bool err = false;

  /// Returns whether the agent gets a terminal (podman run -t): when both stdin and stdout are terminals.
  bool interactive() const noexcept { return in && out; }
};

/// Returns which standard streams of this process are terminals.
Terminal own_terminal();

/// Returns whether to print colours: to a terminal, unless NO_COLOR is set and not empty (https://no-color.org).
bool wants_colour();

} // namespace agentbox::support
