// SPDX-License-Identifier: Apache-2.0
#include "support/command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

#include "support/ignore_sigpipe.hpp"
#include "support/pidfd.hpp"
#include "support/signals.hpp"

namespace agentbox::support {
namespace {

class SpawnSettings {
public:
  SpawnSettings(const std::map<int, int>& fds, bool own_session) {
    posix_spawn_file_actions_init(&m_actions);
    posix_spawnattr_init(&m_attributes);
    int highest = 2;
    for (const auto& [target, source] : fds) {
      posix_spawn_file_actions_adddup2(&m_actions, source, target);
      highest = std::max(highest, target);
    }
    posix_spawn_file_actions_addclosefrom_np(&m_actions, highest + 1);
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&m_attributes, &all);
    posix_spawnattr_setsigmask(&m_attributes, &none);
    const int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (own_session ? POSIX_SPAWN_SETSID : 0);
    posix_spawnattr_setflags(&m_attributes, static_cast<short>(flags));
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&m_actions);
    posix_spawnattr_destroy(&m_attributes);
  }
  const posix_spawn_file_actions_t* actions() const { return &m_actions; }
  const posix_spawnattr_t* attributes() const { return &m_attributes; }

private:
  posix_spawn_file_actions_t m_actions{};
  posix_spawnattr_t m_attributes{};
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  result.reserve(words.size() + 1);
  for (std::string& word : words) {
    result.push_back(word.data());
  }
  result.push_back(nullptr);
  return result;
}

/// Reads once from `fd` into `text`, keeping at most `limit` bytes. False at the end of the stream.
bool read_some(const Fd& fd, std::string& text, std::size_t limit) {
  std::array<char, 65536> buffer{};
  const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
  if (count < 0) {
    return errno == EINTR || errno == EAGAIN;
  }
  const std::size_t room = limit - std::min(limit, text.size());
  text.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  return count > 0;
}

/// Writes once from `rest` to `fd`. False when all is written, or the reader is gone.
bool write_some(const Fd& fd, std::string_view& rest) {
  const ssize_t count = write(fd.get(), rest.data(), rest.size());
  if (count < 0) {
    return errno == EINTR || errno == EAGAIN;
  }
  rest.remove_prefix(static_cast<std::size_t>(count));
  return !rest.empty();
}

/// Waits for the end of child `pid`, for which no other code may wait.
ExitStatus reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) {
      throw system_error(ExitCode::failed, "cannot wait for process " + std::to_string(pid), errno);
    }
  }
  if (WIFSIGNALED(status)) {
    return {128 + WTERMSIG(status), WTERMSIG(status)};
  }
  return {WEXITSTATUS(status), 0};
}

/// Moves data between us and the child until it has closed both outputs.
void exchange(const Command& command, std::string_view input, CaptureLimits limits, Pipe& in, Pipe& out, Pipe& err,
              Captured& result) {
  const auto deadline = std::chrono::steady_clock::now() + limits.timeout;
  if (input.empty()) {
    in.write_end.reset();
  }
  while (out.read_end || err.read_end) {
    throw_if_interrupted(); // however much the child prints
    std::array<pollfd, 3> watched{
        {{in.write_end.get(), POLLOUT, 0}, {out.read_end.get(), POLLIN, 0}, {err.read_end.get(), POLLIN, 0}}};
    if (!poll_until(watched, deadline)) {
      throw TimedOut(ExitCode::failed, fmt::format("{} did not end within {} s and was stopped", command.argv.front(),
                                                   std::chrono::duration<double>(limits.timeout).count()));
    }
    if (watched[0].revents != 0 && !write_some(in.write_end, input)) {
      in.write_end.reset();
    }
    if (watched[1].revents != 0 && !read_some(out.read_end, result.out, limits.max_output)) {
      out.read_end.reset();
    }
    if (watched[2].revents != 0 && !read_some(err.read_end, result.err, limits.max_output)) {
      err.read_end.reset();
    }
  }
}

} // namespace

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw system_error(ExitCode::failed, "cannot create a pipe", errno);
  }
  return {Fd(ends[0]), Fd(ends[1])};
}

pid_t spawn(const Command& command) {
  throw_if_interrupted();
  if (command.argv.empty() || command.argv.front().empty() || command.argv.front().front() != '/') {
    throw Error(ExitCode::failed, "internal error: a command must start with an absolute path");
  }
  std::vector<std::string> words = command.argv;
  std::vector<std::string> variables;
  variables.reserve(command.env.size());
  for (const auto& [name, value] : command.env) {
    variables.push_back(name + "=" + value);
  }
  const SpawnSettings settings(command.fds, command.own_session);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, command.argv.front().c_str(), settings.actions(), settings.attributes(),
                                pointers(words).data(), pointers(variables).data());
  if (error != 0) {
    throw system_error(ExitCode::failed, "cannot start " + command.argv.front(), error);
  }
  return pid;
}

ExitStatus wait(pid_t pid) {
  const Fd child = open_pidfd(pid);
  std::array<pollfd, 1> watched{{{child.get(), POLLIN, 0}}};
  try {
    if (child) {
      poll_until(watched);
    }
  } catch (...) {
    end_child(pid);
    throw;
  }
  return reap(pid);
}

ExitStatus wait_or_kill(pid_t pid, std::chrono::milliseconds patience) {
  const SignalsPassedOn through_signals;
  const Fd child = open_pidfd(pid);
  if (!child || !ends_within(child, patience)) {
    kill(getpgid(pid) == pid ? -pid : pid, SIGKILL); // with what it started, when it leads a process group
  }
  return reap(pid);
}

ExitStatus end_child(pid_t pid, std::chrono::milliseconds patience) {
  kill(getpgid(pid) == pid ? -pid : pid, SIGTERM);
  return wait_or_kill(pid, patience);
}

Captured capture(const Command& command, const std::string& input, CaptureLimits limits) {
  const IgnoreSigpipe guard;
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  Command piped = command;
  piped.fds[0] = in.read_end.get();
  piped.fds[1] = out.write_end.get();
  piped.fds[2] = err.write_end.get();
  const pid_t pid = spawn(piped);
  in.read_end.reset();
  out.write_end.reset();
  err.write_end.reset();
  fcntl(in.write_end.get(), F_SETFL, O_NONBLOCK);
  Captured result;
  try {
    exchange(command, input, limits, in, out, err, result);
  } catch (const TimedOut&) {
    wait_or_kill(pid, std::chrono::milliseconds(0));
    throw;
  } catch (...) {
    end_child(pid);
    throw;
  }
  result.status = wait(pid);
  return result;
}

std::optional<std::string> find_program(const std::string& name) {
  for (const char* directory : {"/usr/local/bin/", "/usr/bin/", "/bin/", "/usr/local/sbin/", "/usr/sbin/", "/sbin/"}) {
    std::string path = directory + name;
    if (access(path.c_str(), X_OK) == 0) {
      return path;
    }
  }
  return std::nullopt;
}

std::string shell_quote(const std::vector<std::string>& argv) {
  constexpr std::string_view k_plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./:,@%";
  std::string line;
  for (const std::string& word : argv) {
    line += line.empty() ? "" : " ";
    if (!word.empty() && word.find_first_not_of(k_plain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) {
      line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    line += '\'';
  }
  return line;
}

} // namespace agentbox::support
