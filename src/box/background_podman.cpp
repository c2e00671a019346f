// SPDX-License-Identifier: Apache-2.0
#include "box/background_podman.hpp"

#include <cerrno>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "podman/podman.hpp"
#include "support/error.hpp"

namespace agentbox::box {
namespace {

using support::ExitCode;
using support::Fd;

Fd null_device() {
  Fd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!fd) {
    throw support::system_error(ExitCode::failed, "cannot open /dev/null", errno);
  }
  return fd;
}

/// Returns a file in memory for a child's output: unlike a pipe it needs no reader.
Fd memory_file() {
  Fd fd(memfd_create("output", MFD_CLOEXEC));
  if (!fd) {
    throw support::system_error(ExitCode::failed, "cannot create a file in memory", errno);
  }
  return fd;
}

std::string content_of(const Fd& fd) {
  std::string text(65536, '\0');
  const ssize_t count = pread(fd.get(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

} // namespace

BackgroundPodman::BackgroundPodman(const support::Command& command, const Fd& in)
    : m_out(memory_file()), m_err(memory_file()) {
  spdlog::debug("$ {}", support::shell_quote(command.argv));
  support::Command quiet = command;
  quiet.fds = {{0, in.get()}, {1, m_out.get()}, {2, m_err.get()}};
  m_pid = support::spawn(quiet);
}

BackgroundPodman::BackgroundPodman(const support::Command& command) : BackgroundPodman(command, null_device()) {}

BackgroundPodman::BackgroundPodman(BackgroundPodman&& other) noexcept
    : m_out(std::move(other.m_out)), m_err(std::move(other.m_err)), m_pid(std::exchange(other.m_pid, -1)) {}

BackgroundPodman::~BackgroundPodman() {
  if (m_pid > 0) { // after an error only
    try {
      support::wait(m_pid);
    } catch (const std::exception& error) {
      spdlog::debug("{}", error.what());
    }
  }
}

std::string BackgroundPodman::finish(const std::string& what) {
  const support::ExitStatus status = support::wait(std::exchange(m_pid, -1));
  if (!status.ok()) {
    throw podman::explain("cannot " + what, {status, {}, content_of(m_err)});
  }
  return content_of(m_out);
}

StandbyPodman::StandbyPodman(const support::Command& command, std::string_view input)
    : StandbyPodman(command, input, support::make_pipe()) {}

StandbyPodman::StandbyPodman(const support::Command& command, std::string_view input, support::Pipe pipe)
    : m_process(command, pipe.read_end), m_input(std::move(pipe.write_end)) {
  if (write(m_input.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
    throw support::system_error(ExitCode::failed, "cannot write to " + command.argv.front(), errno);
  }
}

void StandbyPodman::finish(const std::string& what) {
  m_input.reset();
  m_process.finish(what);
}

} // namespace agentbox::box
