// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <termios.h>

namespace agentbox::box {

/// Makes what is written next visible: ends an unfinished control sequence, and resets colours and character sets.
/// Moves and clears nothing, for a screen that another program may use.
extern const std::string_view k_visible_text;

/// Switches off all that a program may have left on: alternate screen, scroll region, hidden text, mouse and focus
/// reports, keyboard protocols, changed palette. The cursor stays where it is; what is below it is cleared.
extern const std::string_view k_terminal_reset;

/// Cursor position queries from random positions. A terminal replies in order, so after this reply none to an earlier
/// query is pending. Every terminal supports this query.
struct Fence {
  std::string question;
  std::string answer; ///< nothing else can make the terminal send it
};

/// Returns a fence for a screen of `size`. Throws Error(failed) without random numbers.
Fence make_fence(const winsize& size);

/// Returns `modes` without echo, line editing and keys for signals.
termios quiet_modes(termios modes);

/// Writes `fence`'s question to terminal `fd`, which is in quiet_modes(), and discards input until the answer, or
/// until there is none for `patience`; for at most four times `patience`.
void discard_answers(int fd, const Fence& fence, std::chrono::milliseconds patience);

} // namespace agentbox::box
