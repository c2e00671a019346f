// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/in_child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <exception>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::firewall::ruleset {
namespace {

using support::Error;
using support::ExitCode;

constexpr int k_timeout_ms = 10'000;

/// Writes the child's report: 'k' for success, else 'e', the message, a NUL and the hint.
void report(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(fd, text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) {
      return;
    }
    done += written < 0 ? 0 : static_cast<std::size_t>(written);
  }
}

[[noreturn]] void run_child(int fd, const std::function<void()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    work();
    report(fd, "k");
  } catch (const Error& error) {
    report(fd, std::string("e") + error.what() + '\0' + error.hint());
  } catch (const std::exception& error) {
    report(fd, std::string("e") + error.what() + '\0');
  }
  ::_exit(0); // not exit(): the parent's buffers and handlers are not ours
}

std::string read_report(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() < (std::size_t{1} << 16U)) {
    pollfd waiting{fd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, k_timeout_ms);
    if (ready == 0) {
      return {};
    }
    const ssize_t got = ready < 0 ? -1 : ::read(fd, buffer.data(), buffer.size());
    if (got == 0) {
      break;
    }
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return {};
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

} // namespace

void in_child(const std::function<void()>& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw support::system_error(ExitCode::failed, "cannot make a pipe", errno);
  }
  support::Fd ours(ends[0]);
  support::Fd theirs(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    throw support::system_error(ExitCode::failed, "cannot start the ruleset's loader", errno);
  }
  if (child == 0) {
    run_child(theirs.get(), work);
  }
  theirs.reset();
  const std::string text = read_report(ours.get());
  if (text.empty()) {
    ::kill(child, SIGKILL);
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (text == "k") {
    return;
  }
  if (text.empty()) {
    throw Error(ExitCode::failed, "the ruleset's loader died or hung");
  }
  const std::size_t end = text.find('\0');
  throw Error(ExitCode::failed, text.substr(1, end == std::string::npos ? end : end - 1),
              end == std::string::npos ? std::string() : text.substr(end + 1));
}

} // namespace agentbox::firewall::ruleset
