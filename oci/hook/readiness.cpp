// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/readiness.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "support/text.hpp"

namespace agentbox::oci::hook {
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;
using Clock = std::chrono::steady_clock;

constexpr std::size_t k_max_message = 4096;

Error failed(const std::string& why) {
  return {ExitCode::refused, "the firewall did not start: " + why,
          "the agent was not started; see `podman logs` of the box's firewall, and `agentbox doctor`"};
}

/// Whether run/ready is there and right. A failure that the firewall reports is thrown.
bool ready(const SessionFolder& session, const std::string& nonce) {
  if (const auto message = session.read_if_exists("run/failed", k_max_message)) {
    const std::string line = message->substr(0, message->find('\n'));
    throw failed(line.empty() ? "it did not say why" : support::escape_untrusted(line, k_max_message));
  }
  const auto content = session.read_if_exists("run/ready", k_max_message);
  if (content && *content != nonce + "\n") {
    throw failed("run/ready is not of this box's firewall");
  }
  return content.has_value();
}

int remaining_ms(Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void drain(const Fd& notifier) {
  std::array<char, 4096> events{};
  while (::read(notifier.get(), events.data(), events.size()) > 0) {
  }
}

} // namespace

void wait_until_ready(const SessionFolder& session, const std::string& nonce, const Fd& pidfd,
                      std::chrono::milliseconds deadline) {
  if (nonce.empty()) {
    throw failed("the session has no nonce");
  }
  const auto end = Clock::now() + deadline;
  const Fd notifier(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  const std::string folder = (session.path() / "run").string();
  if (!notifier || inotify_add_watch(notifier.get(), folder.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR) < 0) {
    throw support::system_error(ExitCode::refused, "cannot watch " + folder, errno);
  }
  while (!ready(session, nonce)) {
    std::array<pollfd, 2> watched{{{notifier.get(), POLLIN, 0}, {pidfd.get(), POLLIN, 0}}};
    const int count = poll(watched.data(), watched.size(), remaining_ms(end));
    if (count < 0 && errno != EINTR) {
      throw support::system_error(ExitCode::refused, "cannot wait for the firewall", errno);
    }
    if (count == 0) {
      throw failed("it was not ready within " + std::to_string(deadline.count()) + " ms");
    }
    drain(notifier);
    if (count > 0 && watched[1].revents != 0) {
      static_cast<void>(ready(session, nonce)); // its own words, if it left any
      throw failed("it ended before it was ready");
    }
  }
  // Ready, but alive? A firewall that died since has left its rules, and no resolver and no proxy.
  pollfd alive{pidfd.get(), POLLIN, 0};
  if (poll(&alive, 1, 0) != 0) {
    throw failed("it ended just after it was ready");
  }
}

} // namespace agentbox::oci::hook
