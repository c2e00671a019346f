// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/readiness.hpp"

#include "protocol/protocol.hpp"
#include "support/pidfd.hpp"
#include "support/text.hpp"

namespace agentbox::oci::hook {
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;
using Clock = std::chrono::steady_clock;

constexpr std::size_t k_max_message = 4096;
// Polled: closing an inotify descriptor takes 20 ms, reading the files 5 us.
constexpr std::chrono::milliseconds k_poll_interval{1};

Error failed(const std::string& why) {
  return {ExitCode::refused, "the firewall did not start: " + why,
          "the agent was not started; see `podman logs` of the box's firewall, and `agentbox doctor`"};
}

/// Returns whether run/ready exists and is correct. Throws for a failure that the firewall reports.
bool ready(const SessionDirectory& session, const std::string& nonce) {
  if (const auto message = session.read_if_exists(protocol::k_run_failed, k_max_message)) {
    const std::string line = message->substr(0, message->find('\n'));
    throw failed(line.empty() ? "it gave no reason" : support::escape_untrusted(line, k_max_message));
  }
  const auto content = session.read_if_exists(protocol::k_run_ready, k_max_message);
  if (content && *content != nonce + "\n") {
    throw failed("run/ready was not written by this box's firewall");
  }
  return content.has_value();
}

} // namespace

void wait_until_ready(const SessionDirectory& session, const std::string& nonce, const Fd& pidfd,
                      std::chrono::milliseconds deadline) {
  if (nonce.empty()) {
    throw failed("the session has no nonce");
  }
  const auto end = Clock::now() + deadline;
  while (!ready(session, nonce)) {
    if (Clock::now() >= end) {
      throw failed("it was not ready within " + std::to_string(deadline.count()) + " ms");
    }
    if (support::ends_within(pidfd, k_poll_interval)) {
      static_cast<void>(ready(session, nonce)); // throws its own message, if any
      throw failed("it ended before it was ready");
    }
  }
  // A firewall that has ended leaves its rules, but no resolver and no proxy.
  if (support::ends_within(pidfd, std::chrono::milliseconds(0))) {
    throw failed("it ended right after it was ready");
  }
}

} // namespace agentbox::oci::hook
