// SPDX-License-Identifier: Apache-2.0
#include "box/fifo_writer.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "support/fd.hpp"

namespace agentbox::box {
namespace {

constexpr int k_pause_ms = 1; // between two attempts

/// Blocks all signals while a thread is started, which inherits the mask: signals are for the launcher's thread, and
/// SIGPIPE must not kill us.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &m_old);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &m_old, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
  sigset_t m_old{};
};

/// Returns when all is written, the reader has gone, or `enough` is set. The reader notices truncation.
void write_to_reader(const std::filesystem::path& fifo, std::string_view text, const std::atomic<bool>& enough) {
  support::Fd fd;
  while (!fd && !enough) {
    fd.reset(open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!fd && errno != ENXIO && errno != EINTR) { // ENXIO: no reader yet
      return;
    }
    if (!fd) {
      std::this_thread::sleep_for(std::chrono::milliseconds(k_pause_ms));
    }
  }
  while (!text.empty() && !enough) {
    const ssize_t count = write(fd.get(), text.data(), text.size());
    if (count > 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd room{fd.get(), POLLOUT, 0};
      poll(&room, 1, k_pause_ms);
    } else {
      return;
    }
  }
}

} // namespace

FifoWriter::FifoWriter(std::filesystem::path fifo, std::string text)
    : m_fifo(std::move(fifo)), m_text(std::move(text)) {
  const SignalsBlocked blocked;
  m_thread = std::thread([this] { write_to_reader(m_fifo, m_text, m_enough); });
}

FifoWriter::~FifoWriter() {
  m_enough = true;
  m_thread.join();
}

} // namespace agentbox::box
