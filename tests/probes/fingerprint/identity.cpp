// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "collect.hpp"

extern char** environ; // NOLINT(readability-redundant-declaration): not every libc declares it

namespace fingerprint {
namespace {

std::string limit_text(rlim_t value) {
  return value == RLIM_INFINITY ? "unlimited" : std::to_string(value);
}

/// Returns how many children this user can have at the same time, up to `most`.
std::size_t children(std::size_t most) {
  std::vector<pid_t> started;
  while (started.size() < most) {
    const pid_t pid = fork();
    if (pid == 0) {
      pause();
      _exit(0);
    }
    if (pid < 0) {
      break;
    }
    started.push_back(pid);
  }
  for (const pid_t pid : started) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  return started.size();
}

} // namespace

void identity(const Add& add) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    const std::string name = line.substr(0, line.find(':'));
    for (const char* wanted :
         {"Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
      if (name == wanted) {
        add("status." + name, line.substr(line.find(':') + 2));
      }
    }
  }
  for (const char* map : {"uid_map", "gid_map"}) {
    std::ifstream file(std::string("/proc/self/") + map);
    std::string text;
    for (unsigned long inside = 0, outside = 0, size = 0; file >> inside >> outside >> size;) {
      text += std::to_string(inside) + "+" + std::to_string(size) + " "; // `outside` depends on the reader
    }
    add(map, text);
  }
  std::array<char, 256> name{};
  gethostname(name.data(), name.size());
  add("hostname", name.data());
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    add("env", text.substr(0, text.find('=')));
  }
  const mode_t mask = umask(0);
  add("umask", std::to_string(mask));
  std::array<char, 4096> directory{};
  add("cwd", getcwd(directory.data(), directory.size()) == nullptr ? "?" : directory.data());
  std::ifstream children_of("/proc/1/comm");
  std::string first;
  std::getline(children_of, first);
  add("pid1", first);
}

void limits(const Add& add) {
  struct Named {
    const char* name;
    __rlimit_resource resource;
  };
  constexpr std::array k_limits = {Named{"core", RLIMIT_CORE},       Named{"cpu", RLIMIT_CPU},
                                   Named{"data", RLIMIT_DATA},       Named{"fsize", RLIMIT_FSIZE},
                                   Named{"memlock", RLIMIT_MEMLOCK}, Named{"nofile", RLIMIT_NOFILE},
                                   Named{"nproc", RLIMIT_NPROC},     Named{"rtprio", RLIMIT_RTPRIO},
                                   Named{"stack", RLIMIT_STACK},     Named{"as", RLIMIT_AS}};
  for (const auto& [name, resource] : k_limits) {
    rlimit limit{};
    getrlimit(resource, &limit);
    add(std::string("rlimit.") + name, limit_text(limit.rlim_cur) + " " + limit_text(limit.rlim_max));
  }
  // The firewall's and the shell's processes count as well, and their number differs by a few.
  constexpr std::size_t k_max = 600;
  const std::size_t count = children(k_max);
  add("processes", count >= 490 && count < 512 ? "limited to about 512" : "limited to " + std::to_string(count));
}

} // namespace fingerprint
