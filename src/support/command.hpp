// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::support {

/// A process to start, as data. The child inherits only what is named here: the environment starts empty, and every
/// descriptor above 2 that `fds` does not name is closed.
struct Command {
  std::vector<std::string> argv;          ///< argv[0] is an absolute path
  std::map<std::string, std::string> env; ///< the whole environment
  std::map<int, int> fds;                 ///< child descriptor -> ours; 0, 1 and 2 are inherited when not named
  bool own_session = false;               ///< setsid(2): a Ctrl-C on our terminal does not reach it
};

/// The way in which a process ended.
struct ExitStatus {
  int code = 0;   ///< its exit code, or 128 + signal
  int signal = 0; ///< 0 when it exited by itself
  bool ok() const noexcept { return code == 0; }
};

/// A finished process and its output.
struct Captured {
  ExitStatus status;
  std::string out;
  std::string err;
};

/// Limits of capture(): output after `max_output` bytes per stream is dropped; after `timeout` the process is killed.
struct CaptureLimits {
  std::size_t max_output = 16U << 20U;
  std::chrono::milliseconds timeout = std::chrono::minutes(2);
};

/// Thrown by capture() after the timeout. The program may just be waiting for a lock.
class TimedOut : public Error {
public:
  using Error::Error;
};

/// The two ends of a pipe(7).
struct Pipe {
  Fd read_end;
  Fd write_end;
};

/// Makes a pipe that no child inherits. Throws Error(failed).
Pipe make_pipe();

/// Starts `command` (posix_spawn(3), signals reset to default and unblocked) and returns its process id.
/// Throws Error(failed) when argv[0] is not absolute or cannot be started, and Interrupted.
pid_t spawn(const Command& command);

/// Waits for child `pid` and returns how it ended. Throws Error(failed) when it is not a child of ours. When it throws
/// Interrupted, it has ended the child first.
ExitStatus wait(pid_t pid);

/// Waits at most `patience` for child `pid`, then sends it SIGKILL. Returns how it ended. Signals do not end the wait.
ExitStatus wait_or_kill(pid_t pid, std::chrono::milliseconds patience);

/// Calls wait_or_kill() after SIGTERM to child `pid`, or to its whole process group when it leads one.
ExitStatus end_child(pid_t pid, std::chrono::milliseconds patience = std::chrono::seconds(3));

/// Runs `command` with `input` on its stdin and both outputs kept. Throws TimedOut, Interrupted (the child is ended
/// first), and like spawn().
Captured capture(const Command& command, const std::string& input = {}, CaptureLimits limits = {});

/// Returns the absolute path of program `name` in /usr/local/bin, /usr/bin, /bin, /usr/local/sbin, /usr/sbin or /sbin,
/// or nothing. PATH is not used: a hostile one must not choose our programs.
std::optional<std::string> find_program(const std::string& name);

/// Returns `argv` as a line that a POSIX shell parses into the same words.
std::string shell_quote(const std::vector<std::string>& argv);

} // namespace agentbox::support
