// SPDX-License-Identifier: Apache-2.0
#include "support/fifo.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/ignore_sigpipe.hpp"
#include "support/signals.hpp"

namespace agentbox::support {
namespace {

// Without O_NONBLOCK, open(2) would wait for a reader that may have died.
Fd open_to_write(const std::filesystem::path& path) noexcept {
  return Fd(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
}

} // namespace

void make_fifo(const std::filesystem::path& path) {
  if (mkfifo(path.c_str(), S_IRUSR | S_IWUSR) != 0) {
    throw system_error(ExitCode::failed, "cannot create the FIFO " + path.string(), errno);
  }
}

void write_to_fifo(const std::filesystem::path& path, std::string_view text, const std::function<bool()>& is_coming) {
  constexpr std::chrono::milliseconds k_try_again{1};
  while (true) {
    if (const Fd fd = open_to_write(path)) {
      const IgnoreSigpipe ignore;
      if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) && errno != EPIPE) {
        throw system_error(ExitCode::failed, "cannot write to the FIFO " + path.string(), errno);
      }
      return;
    }
    if (errno != ENXIO && errno != EINTR) { // ENXIO: no reader yet
      throw system_error(ExitCode::failed, "cannot open the FIFO " + path.string(), errno);
    }
    if (!is_coming()) {
      return;
    }
    sleep_for(k_try_again);
  }
}

void release_fifo(const std::filesystem::path& path) noexcept {
  open_to_write(path);
}

} // namespace agentbox::support
