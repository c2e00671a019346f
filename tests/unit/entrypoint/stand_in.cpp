// SPDX-License-Identifier: Apache-2.0
#include "stand_in.hpp"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace agentbox::entrypoint_test {
namespace {

constexpr int k_cannot = 99; ///< the surroundings could not be made; the entry point never ends with it

void must(bool worked) {
  if (!worked) {
    perror("stand-in");
    _exit(k_cannot);
  }
}

void write_text(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  must(fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  close(fd);
}

void enter_namespaces(unsigned inside_uid) {
  const std::string uid = std::to_string(geteuid());
  const std::string gid = std::to_string(getegid());
  must(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
  write_text("/proc/self/setgroups", "deny");
  write_text("/proc/self/uid_map", std::to_string(inside_uid) + " " + uid + " 1");
  write_text("/proc/self/gid_map", std::to_string(inside_uid) + " " + gid + " 1");
}

void set_address(int fd, unsigned long request, ifreq& interface, const char* text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, text, &address.sin_addr);
  std::copy_n(reinterpret_cast<const char*>(&address), sizeof address,
              reinterpret_cast<char*>(&interface.ifr_addr)); // NOLINT
  must(ioctl(fd, request, &interface) == 0);
}

// An address of our own at which nobody listens refuses with a reset, as the firewall's ruleset does.
void bring_up_loopback(bool with_blocked_address) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq interface {};
  std::copy_n("lo", 3, interface.ifr_name);
  interface.ifr_flags = IFF_UP | IFF_RUNNING; // NOLINT(*-union-access): the ioctl's way
  must(ioctl(fd, SIOCSIFFLAGS, &interface) == 0);
  if (with_blocked_address) {
    std::copy_n("lo:1", 5, interface.ifr_name);
    set_address(fd, SIOCSIFADDR, interface, "192.0.2.1");
  }
  close(fd);
}

int listen_at(const char* address_text, std::uint16_t port, int type) {
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, address_text, &address.sin_addr);
  must(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0); // NOLINT
  must(type != SOCK_STREAM || listen(fd, 4) == 0);
  return fd;
}

[[noreturn]] void answer(int fd, const std::string& nonce, int answers) {
  for (; answers != 0; --answers) {
    std::array<char, 512> buffer{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t count =
        recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size); // NOLINT
    std::string answer(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 12)));
    answer[2] = '\x85';
    answer[7] = '\1';
    answer += std::string("\xC0\x0C\0\x10\0\1\0\0\0\0\0", 11);
    answer += static_cast<char>(nonce.size() + 1);
    answer += static_cast<char>(nonce.size());
    answer += nonce;
    sendto(fd, answer.data(), answer.size(), 0, reinterpret_cast<const sockaddr*>(&from), size); // NOLINT
  }
  _exit(0);
}

/// Returns when the resolver is certain to die with us (or, without a delay, when it listens).
void start_resolver(const Surroundings& surroundings) {
  std::array<int, 2> armed{};
  must(pipe2(armed.data(), O_CLOEXEC) == 0);
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(armed[0]);
    if (surroundings.resolver_delay_ms > 0) {
      close(armed[1]);
      usleep(static_cast<unsigned>(surroundings.resolver_delay_ms) * 1000);
    }
    const int fd = listen_at("127.0.0.1", 53, SOCK_DGRAM);
    if (surroundings.resolver_delay_ms == 0) {
      close(armed[1]);
    }
    answer(fd, surroundings.resolver_nonce, surroundings.resolver_answers);
  }
  close(armed[1]);
  char nothing = 0;
  must(read(armed[0], &nothing, 1) == 0);
  close(armed[0]);
}

int wait_for(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// Returns in process 1 of a new PID namespace; the caller waits for it and passes its exit code on.
void become_first_process() {
  must(unshare(CLONE_NEWPID | CLONE_NEWNS) == 0);
  const pid_t pid = fork();
  if (pid != 0) {
    _exit(wait_for(pid));
  }
  must(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
  must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0);
}

struct Sets {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
};

void drop_privileges(const Surroundings& surroundings) {
  if (surroundings.empty_bounding_set) {
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
      must(prctl(PR_CAPBSET_DROP, capability) == 0);
    }
  }
  Sets sets;
  if (surroundings.ambient_capability) {
    sets.data[0] = {1U << CAP_KILL, 1U << CAP_KILL, 1U << CAP_KILL};
  }
  must(syscall(SYS_capset, &sets.header, sets.data.data()) == 0);
  if (surroundings.ambient_capability) {
    must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0);
  }
  must(!surroundings.no_new_privileges || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) {
    result.push_back(word.data());
  }
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void become_entrypoint(const Surroundings& surroundings, const std::vector<std::string>& args) {
  std::vector<std::string> argv = {ENTRYPOINT_PROGRAM};
  argv.insert(argv.end(), args.begin(), args.end());
  std::vector<std::string> env = surroundings.env;
  close(surroundings.launchers_end);
  enter_namespaces(surroundings.uid);
  if (surroundings.first_process) {
    become_first_process();
  }
  bring_up_loopback(surroundings.ruleset || surroundings.blocked_address_open);
  if (surroundings.blocked_address_open) {
    fcntl(listen_at("192.0.2.1", 9, SOCK_STREAM), F_SETFD, 0); // kept open by the resolver's process
  }
  if (surroundings.resolver) {
    start_resolver(surroundings);
  }
  drop_privileges(surroundings);
  execve(argv[0].c_str(), pointers(argv).data(), pointers(env).data());
  _exit(k_cannot);
}

std::string drain(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t count = 0; (count = read(fd, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

class Clock {
public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count(); }

private:
  std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

} // namespace

Outcome run(const Surroundings& surroundings, const std::vector<std::string>& args, const std::string& input) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) {
    return {};
  }
  const Clock clock;
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(out[1], 2);
    close(in[1]); // its own children must not keep the input open
    become_entrypoint(surroundings, args);
  }
  close(in[0]);
  close(out[1]);
  if (write(in[1], input.data(), input.size()) < 0) {
    perror("stand-in");
  }
  close(in[1]);
  Outcome outcome;
  outcome.code = wait_for(pid); // the resolver, which holds the pipe too, dies with its parent
  outcome.seconds = clock.seconds();
  outcome.output = drain(out[0]);
  close(out[0]);
  return outcome;
}

Outcome run_on_terminal(const Surroundings& surroundings, const std::vector<std::string>& args,
                        const std::function<void(int, int)>& talk) {
  int master = -1;
  const Clock clock;
  const pid_t pid = forkpty(&master, nullptr, nullptr, nullptr);
  if (pid == 0) {
    become_entrypoint(surroundings, args);
  }
  talk(master, pid);
  Outcome outcome;
  outcome.code = wait_for(pid);
  outcome.seconds = clock.seconds();
  outcome.output = drain(master);
  close(master);
  return outcome;
}

std::string read_until(int fd, const std::string& text) {
  std::string seen;
  const Clock clock;
  while (seen.find(text) == std::string::npos && clock.seconds() < 60) {
    pollfd watched{fd, POLLIN, 0};
    std::array<char, 4096> buffer{};
    if (poll(&watched, 1, 100) > 0) {
      const ssize_t count = read(fd, buffer.data(), buffer.size());
      if (count <= 0) {
        break;
      }
      seen.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  return seen;
}

} // namespace agentbox::entrypoint_test
