// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "collect.hpp"

namespace fingerprint {
namespace {

/// Returns the name of a kernel filesystem, and "disk" for any filesystem on a disk, which depends on the host.
std::string kind_of(const std::string& type) {
  static const std::set<std::string> kernel = {"proc",   "sysfs",   "tmpfs",  "devpts",
                                               "mqueue", "cgroup2", "cgroup", "devtmpfs"};
  return kernel.contains(type) ? type : "disk";
}

void mounts(const Add& add) {
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string skip;
    std::string place;
    std::string options;
    words >> skip >> skip >> skip >> skip >> place >> options;
    while (words >> skip && skip != "-") {
    }
    std::string type;
    words >> type;
    std::string kept;
    std::istringstream list(options);
    for (std::string option; std::getline(list, option, ',');) {
      if (option == "ro" || option == "rw" || option == "nosuid" || option == "nodev" || option == "noexec") {
        kept += option + " ";
      }
    }
    std::string text = place + " " + kind_of(type) + " " + kept;
    struct statvfs info {};
    if (type == "tmpfs" && statvfs(place.c_str(), &info) == 0) {
      text += "bytes=" + std::to_string(info.f_blocks * info.f_frsize);
    }
    add("mount", text);
  }
}

void devices(const Add& add) {
  DIR* directory = opendir("/dev");
  while (const dirent* entry = directory == nullptr ? nullptr : readdir(directory)) {
    const std::string name = entry->d_name;
    struct stat info {};
    if (name == "." || name == ".." || lstat(("/dev/" + name).c_str(), &info) != 0) {
      continue;
    }
    const char* kind = S_ISCHR(info.st_mode)   ? "character"
                       : S_ISBLK(info.st_mode) ? "block"
                       : S_ISDIR(info.st_mode) ? "directory"
                       : S_ISLNK(info.st_mode) ? "link"
                                               : "other";
    add("device", name + " " + kind);
  }
  if (directory != nullptr) {
    closedir(directory);
  }
}

/// Returns what a masked path lets through: nothing (absent or empty), or something.
std::string shown(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    return "nothing";
  }
  if (S_ISDIR(info.st_mode)) {
    DIR* directory = opendir(path.c_str());
    int entries = 0;
    while (const dirent* entry = directory == nullptr ? nullptr : readdir(directory)) {
      entries += entry->d_name[0] == '.' ? 0 : 1;
    }
    if (directory != nullptr) {
      closedir(directory);
    }
    return entries == 0 ? "nothing" : "entries";
  }
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  std::array<char, 64> buffer{};
  const ssize_t count = fd < 0 ? 0 : read(fd, buffer.data(), buffer.size());
  if (fd >= 0) {
    close(fd);
  }
  return count > 0 ? "content" : "nothing";
}

std::string writable(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return errno == ENOENT ? "absent" : "refused";
  }
  close(fd);
  return "WRITABLE";
}

std::string creatable(const std::string& directory) {
  const std::string path = directory + "/.fingerprint-probe";
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) {
    return errno == ENOENT ? "absent" : "refused";
  }
  close(fd);
  unlink(path.c_str());
  return "possible";
}

std::string owner(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) != 0 ? "absent" : std::to_string(info.st_uid) + ":" + std::to_string(info.st_gid);
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  for (std::string line; std::getline(file, line);) {
    text += line + "|";
  }
  return text;
}

} // namespace

void filesystem(const Add& add) {
  mounts(add);
  devices(add);
  for (const char* path :
       {"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/dev/block",
        "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/fs/selinux"}) {
    add("masked", std::string(path) + " " + shown(path));
  }
  for (const char* path : {"/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity",
                           "/sys/kernel/uevent_helper", "/etc/hosts", "/etc/resolv.conf", "/etc/passwd",
                           "/usr/local/bin/agent-entrypoint", "/workspace/.git/config"}) {
    add("write", std::string(path) + " " + writable(path));
  }
  for (const char* path :
       {"/", "/etc", "/usr", "/usr/local/bin", "/home/agent", "/workspace", "/workspace/.git", "/workspace/.git/hooks",
        "/tmp", "/run", "/dev", "/dev/shm", "/sys/fs/cgroup", "/var/log/agentbox", "/run/agentbox"}) {
    add("create", std::string(path) + " " + creatable(path));
  }
  for (const char* path : {"/", "/etc/passwd", "/home/agent", "/workspace", "/usr/bin/env"}) {
    add("owner", std::string(path) + " " + owner(path));
  }
  add("file", "/etc/hosts " + content("/etc/hosts"));
  add("file", "/etc/resolv.conf " + content("/etc/resolv.conf"));
}

} // namespace fingerprint
