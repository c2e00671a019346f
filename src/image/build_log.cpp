// SPDX-License-Identifier: Apache-2.0
#include "image/build_log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fstream>
#include <poll.h>
#include <unistd.h>
#include <vector>

#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/pidfd.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

constexpr std::size_t k_shown_lines = 6;
constexpr std::size_t k_read_bytes = 64U << 10U;

/// Text in a tool's output, and what it means.
struct Sign {
  std::string_view piece;
  std::string_view reason;
  std::string_view hint;
};

constexpr std::string_view k_mirror = "the packages could not be downloaded";
constexpr std::string_view k_check_mirror =
    "check the network and the proxy; if the network has its own CA: --ca-bundle FILE";
constexpr std::string_view k_certificate = "a certificate was rejected";
constexpr std::string_view k_name_ca = "if the network has its own CA: --ca-bundle FILE";

constexpr std::array k_signs = {
    Sign{"o space left on device", "the disk is full",
         "free some space (podman system prune, podman image prune) and try again"},
    Sign{"You don't have enough free space", "the disk is full",
         "free some space (podman system prune, podman image prune) and try again"},
    Sign{"isk quota exceeded", "your disk quota is exhausted", "free some space (podman system prune) and try again"},
    Sign{"ertificate verification failed", k_certificate, k_name_ca},
    Sign{"certificate signed by unknown authority", k_certificate, k_name_ca},
    Sign{"SSL certificate problem", k_certificate, k_name_ca},
    Sign{"Temporary failure resolving", k_mirror, k_check_mirror},
    Sign{"Could not resolve", k_mirror, k_check_mirror},
    Sign{"Could not connect to", k_mirror, k_check_mirror},
    Sign{"Failed to fetch", k_mirror, k_check_mirror},
    Sign{"Failed to download metadata", k_mirror, k_check_mirror},
    Sign{"unable to select packages", k_mirror, k_check_mirror},
    Sign{"failed retrieving file", k_mirror, k_check_mirror},
    Sign{"Unable to locate package", "a package is not in the base image's package lists",
         "choose a newer --base, or fewer toolkits"},
};

std::string last_lines(std::string_view output) {
  std::vector<std::string_view> lines = support::lines(output);
  std::erase_if(lines, [](std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; });
  std::string text;
  for (std::size_t i = lines.size() - std::min(lines.size(), k_shown_lines); i < lines.size(); ++i) {
    text += "\n    | " + support::escape_untrusted(lines[i], 200);
  }
  return text;
}

/// Kills what runs below `pid` in a session other than `session`: the programs in the containers of a `podman build`.
/// Returns whether there was any.
bool kill_containers(pid_t pid, pid_t session) {
  bool any = false;
  std::error_code error;
  for (fs::directory_iterator thread("/proc/" + std::to_string(pid) + "/task", error), end; !error && thread != end;
       thread.increment(error)) { // the process may end during the loop
    std::ifstream children(thread->path() / "children");
    for (pid_t child = 0; children >> child;) {
      if (getsid(child) != session) {
        any = kill(child, SIGKILL) == 0 || any;
      } else {
        any = kill_containers(child, session) || any;
      }
    }
  }
  return any;
}

/// Ends the command `pid`, a session leader. On SIGTERM Podman 4.3 leaves the running container and its storage behind;
/// if the container's program dies instead, Podman removes both and fails (measured: after 0.4 s).
void end_build(pid_t pid) {
  constexpr std::chrono::seconds k_patience{10};
  const support::CleanUp cleaning_up;
  if (kill_containers(pid, pid)) {
    support::wait_or_kill(pid, k_patience);
  } else {
    support::end_child(pid, k_patience);
  }
}

} // namespace

BuildFailure explain_output(std::string_view output) {
  const auto* sign = std::find_if(k_signs.begin(), k_signs.end(),
                                  [&](const Sign& s) { return output.find(s.piece) != std::string_view::npos; });
  if (sign == k_signs.end()) {
    return {last_lines(output), ""};
  }
  return {" " + std::string(sign->reason) + last_lines(output), std::string(sign->hint)};
}

BuildLog::BuildLog() {
  const fs::path directory = support::state_directory() / "logs";
  support::make_private_directory(directory);
  const std::time_t now = std::time(nullptr);
  m_path = directory / fmt::format("build-{:%Y%m%d-%H%M%S}-{}.log", fmt::localtime(now), getpid());
  m_fd.reset(open(m_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!m_fd) {
    throw support::system_error(ExitCode::failed, "cannot create " + m_path.string(), errno);
  }
}

BuildLog::~BuildLog() {
  if (!m_keep) {
    unlink(m_path.c_str());
  }
}

support::ExitStatus BuildLog::try_run(const support::Command& command) {
  const std::string line = "$ " + support::shell_quote(command.argv) + "\n";
  support::write_all(m_fd.get(), line, m_path);
  m_last_start = lseek(m_fd.get(), 0, SEEK_END);
  const support::Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  support::Command logged = command;
  logged.fds = {{0, nothing.get()}, {1, m_fd.get()}, {2, m_fd.get()}};
  logged.own_session = true; // Ctrl-C reaches only us; we end the command cleanly
  const pid_t pid = support::spawn(logged);
  try {
    const support::Fd child = support::open_pidfd(pid);
    std::array<pollfd, 1> watched{{{child.get(), POLLIN, 0}}};
    support::poll_until(watched);
  } catch (...) {
    end_build(pid);
    throw;
  }
  return support::wait(pid);
}

void BuildLog::run(const std::string& what, const support::Command& command) {
  if (!try_run(command).ok()) {
    throw failure(what);
  }
}

Error BuildLog::failure(const std::string& what) {
  m_keep = true;
  const off_t end = lseek(m_fd.get(), 0, SEEK_END);
  const off_t start = std::max(m_last_start, end - static_cast<off_t>(k_read_bytes));
  std::string output(static_cast<std::size_t>(std::max<off_t>(end - start, 0)), '\0');
  const ssize_t count = pread(m_fd.get(), output.data(), output.size(), start);
  output.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  const BuildFailure failure = explain_output(output);
  const std::string hint = failure.hint.empty() ? "" : failure.hint + "; ";
  return {ExitCode::failed, what + " failed:" + failure.reason, hint + "the full log: " + m_path.string()};
}

} // namespace agentbox::image
