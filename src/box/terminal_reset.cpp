// SPDX-License-Identifier: Apache-2.0
#include "box/terminal_reset.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fmt/format.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include "support/error.hpp"

// Control sequences of xterm and the terminals that follow it (ctlseqs, kitty's keyboard protocol). Each is ignored
// where it is unknown. CAN and ST end a sequence that the last byte left unfinished.
#define AGENTBOX_VISIBLE_TEXT                                                                                          \
  "\x18\x1b\\"                                               /* unfinished sequence or string */                       \
  "\x1b[4i"                                                  /* output to the printer */                               \
  "\x1b[0m\x1b(B\x0f"                                        /* colours, hidden text, charset */                       \
  "\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\" /* palette, foreground, background, cursor */

namespace agentbox::box {

constexpr std::string_view k_visible_text = AGENTBOX_VISIBLE_TEXT;

/// ESC 7 before leaving the alternate screen: on the normal one, CSI ? 1049 l alone would move the cursor to a position
/// saved long ago. Scroll region and origin mode move the cursor, so it is saved around them.
constexpr std::string_view k_terminal_reset =
    AGENTBOX_VISIBLE_TEXT "\x1b[<99u\x1b[=0u"            // keyboard protocol of this screen
                          "\0337\x1b[?1049l"             // alternate screen
                          "\x1b[<99u\x1b[=0u\x1b[>4m"    // keyboard protocols
                          "\x1b[!p"                      // soft reset
                          "\0337\x1b[?69l\x1b[r\x1b[?6l" // margins, scroll region, origin
                          "\0338"
                          "\x1b[?9l\x1b[?1000l\x1b[?1001l\x1b[?1002l\x1b[?1003l" // mouse reports
                          "\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"         // and their encodings
                          "\x1b[?1004l\x1b[?2004l\x1b[?2026l"                    // focus, paste, synchronized output
                          "\x1b[?2031l\x1b[?2048l"                               // colour scheme and size reports
                          "\x1b[?5l\x1b[?1l\x1b>"                                // reverse video, cursor keys, keypad
                          "\x1b[?25h\x1b[?7h\x1b[4l\x1b[0m\x1b[J";               // cursor, wrap, insert, rest of screen

namespace {

using Clock = std::chrono::steady_clock;

constexpr int k_positions = 3;

/// Returns a number from 1 to `most`.
unsigned random_up_to(unsigned most) {
  std::uint32_t number = 0;
  if (getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
    throw support::system_error(support::ExitCode::failed, "cannot get random numbers", errno);
  }
  return 1 + number % std::max(most, 1U);
}

} // namespace

Fence make_fence(const winsize& size) {
  Fence fence{"\0337", {}}; // the cursor is saved
  for (int i = 0; i < k_positions; ++i) {
    const std::string position = fmt::format("\x1b[{};{}", random_up_to(size.ws_row), random_up_to(size.ws_col));
    fence.question += position + "H\x1b[6n"; // CUP, and DSR for the cursor's position
    fence.answer += position + "R";
  }
  fence.question += "\0338";
  return fence;
}

termios quiet_modes(termios modes) {
  modes.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  modes.c_cc[VMIN] = 0;
  modes.c_cc[VTIME] = 0;
  return modes;
}

void discard_answers(int fd, const Fence& fence, std::chrono::milliseconds patience) {
  if (write(fd, fence.question.data(), fence.question.size()) < 0) {
    return;
  }
  std::string last; // of all that was read
  const auto start = Clock::now();
  while (Clock::now() - start < 4 * patience && last.find(fence.answer) == std::string::npos) {
    pollfd readable{fd, POLLIN, 0};
    std::array<char, 4096> buffer{};
    if (poll(&readable, 1, static_cast<int>(patience.count())) <= 0) {
      return;
    }
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count <= 0) {
      return;
    }
    constexpr std::size_t k_kept = 8192;
    last.append(buffer.data(), static_cast<std::size_t>(count));
    last.erase(0, last.size() - std::min(last.size(), k_kept));
  }
}

} // namespace agentbox::box
