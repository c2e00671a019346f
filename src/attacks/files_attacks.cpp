// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attacks/attack.hpp"
#include "attacks/attack_io.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::attacks {
namespace {

/// Checks that paths are not readable: masked by an empty file or directory, or missing.
AttackResult masked(std::initializer_list<const char*> paths) {
  for (const char* path : paths) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
      continue;
    }
    char byte = 0;
    bool has_content = read(fd, &byte, 1) > 0;
    if (DIR* const directory = fdopendir(fd)) {
      while (const dirent* entry = readdir(directory)) { // NOLINT(concurrency-mt-unsafe): one thread
        has_content = has_content || entry->d_name[0] != '.';
      }
      closedir(directory);
    }
    if (has_content) {
      return attack_result(Verdict::allowed, path);
    }
  }
  return attack_result(Verdict::stopped, "empty or missing");
}

/// Checks that paths are not writable.
AttackResult unwritable(std::initializer_list<const char*> paths) {
  for (const char* path : paths) {
    if (open(path, O_WRONLY | O_CLOEXEC) >= 0) {
      return attack_result(Verdict::allowed, path);
    }
    const int error = errno;
    const bool ours = error == EROFS || error == EACCES || error == EPERM || error == ENOENT || error == EISDIR;
    if (!ours) {
      return attack_result(Verdict::inconclusive, errno_name(error));
    }
  }
  return attack_result(Verdict::stopped, "read-only");
}

/// Checks that nothing can be created in directories.
AttackResult no_new_files(std::initializer_list<const char*> directories) {
  for (const char* directory : directories) {
    const int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0 || access(directory, W_OK) == 0) {
      return attack_result(Verdict::allowed, directory);
    }
  }
  return attack_result(Verdict::stopped, "not writable");
}

AttackResult make_device(const Expected&) {
  const char* const path = "/tmp/agentbox-device";
  return refused_with(mknod(path, S_IFBLK | 0600, makedev(8, 0)), {EPERM, EACCES}); // EACCES: Landlock
}

AttackResult only_usual_devices(const Expected&) {
  constexpr std::array<std::string_view, 7> k_usual = {"null", "zero", "full", "random", "urandom", "tty", "ptmx"};
  DIR* const directory = opendir("/dev");
  if (directory == nullptr) {
    return attack_result(Verdict::inconclusive, errno_name(errno));
  }
  while (const dirent* entry = readdir(directory)) { // NOLINT(concurrency-mt-unsafe): one thread
    const std::string_view name = static_cast<const char*>(entry->d_name);
    struct stat info {};
    const bool device = fstatat(dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                        (S_ISBLK(info.st_mode) || S_ISCHR(info.st_mode));
    if (device && name != "console" && std::find(k_usual.begin(), k_usual.end(), name) == k_usual.end()) {
      return attack_result(Verdict::allowed, name);
    }
  }
  closedir(directory);
  return attack_result(Verdict::stopped, "standard ones only");
}

/// Checks that no descriptor of the launcher's is open. 0, 1 and 2 are ours; the next two are the runner's pipe and the
/// directory.
AttackResult no_inherited_descriptors(const Expected&) {
  int count = 0;
  for (int fd = 3; fd < 1024; ++fd) {
    count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  }
  return count <= 1 ? attack_result(Verdict::stopped, "none") : attack_result(Verdict::allowed, "an open descriptor");
}

/// Checks that no process outside of the box is visible: our PID namespace starts at 1, and its first process has no
/// parent.
AttackResult no_other_processes(const Expected&) {
  const FileText status("/proc/1/status");
  if (!status.readable()) {
    return attack_result(Verdict::inconclusive, "no /proc/1");
  }
  if (status_field(status.text(), "PPid") != "0") {
    return attack_result(Verdict::allowed, "process 1 has a parent");
  }
  const std::string_view name = status_field(status.text(), "Name");
  return name == "systemd" || name == "conmon" ? attack_result(Verdict::allowed, name)
                                               : attack_result(Verdict::stopped, "separate PID namespace");
}

/// Checks that the sockets of Podman, Docker, containerd, D-Bus, systemd and displays are not readable at their usual
/// paths.
AttackResult no_host_sockets(const Expected&) {
  return masked({"/run/podman/podman.sock", "/var/run/docker.sock", "/run/docker.sock",
                 "/run/user/1000/podman/podman.sock", "/run/user/1000/bus", "/run/dbus/system_bus_socket",
                 "/run/containerd/containerd.sock", "/run/systemd/private", "/tmp/.X11-unix/X0",
                 "/run/user/1000/wayland-0"});
}

/// Returns whether the agent's container may have a file `name` in its /run/agentbox.
bool is_of_box(std::string_view name) {
  return name.starts_with('.') || name.starts_with(protocol::k_box_file) || // or the file that replaces it
         name == protocol::k_git_config || name == protocol::k_git_ignore || name == protocol::k_git_attributes;
}

/// Checks that the firewall's run directory is not visible: the agent's container has a different directory of that
/// name, with files for the box.
AttackResult only_the_box_files() {
  AttackResult result = attack_result(Verdict::stopped, "absent");
  if (DIR* const directory = opendir(protocol::k_run_path)) {
    while (const dirent* entry = readdir(directory)) { // NOLINT(concurrency-mt-unsafe): one thread
      if (!is_of_box(entry->d_name)) {
        result = attack_result(Verdict::allowed, entry->d_name);
      }
    }
    closedir(directory);
  }
  return result;
}

/// Takes the next line of mountinfo (proc_pid_mountinfo(5)) and returns what it mounts in the agent's home, as a path
/// within its file system; empty for other mounts.
std::string_view next_in_home(std::string_view& mountinfo) {
  std::string_view line = next_line(mountinfo);
  for (int i = 0; i < 3; ++i) {
    next_word(line);
  }
  const std::string_view mounted = next_word(line);
  return next_word(line).starts_with("/home/agent") ? mounted : std::string_view();
}

/// Checks that the copies for boxes are the only logins of agentbox that are mounted, and that no login file of the
/// host itself is.
AttackResult no_other_logins(const Expected&) {
  const FileText mounts("/proc/self/mountinfo");
  std::string_view rest = mounts.text();
  if (rest.empty()) {
    return attack_result(Verdict::inconclusive, "no mountinfo");
  }
  while (!rest.empty()) {
    const std::string_view mounted = next_in_home(rest);
    const bool is_kept = mounted.find("/agentbox/logins") != std::string_view::npos;
    const bool is_host = mounted.ends_with("/.claude") || mounted.ends_with("/.codex") ||
                         mounted.ends_with("/.claude/.credentials.json") || mounted.ends_with("/.codex/auth.json");
    if (is_kept ? !mounted.ends_with("/shared") : is_host) {
      return attack_result(Verdict::allowed, mounted);
    }
  }
  return attack_result(Verdict::stopped, "only those that the box was given");
}

/// Checks that everything mounted from `directory` belongs to one project, and that neither `directory` nor the
/// project's directory is mounted as a whole.
AttackResult one_project_of(std::string_view directory) {
  const FileText mounts("/proc/self/mountinfo");
  std::string_view rest = mounts.text();
  std::string_view project;
  if (rest.empty()) {
    return attack_result(Verdict::inconclusive, "no mountinfo");
  }
  while (!rest.empty()) {
    const std::string_view mounted = next_in_home(rest);
    const std::size_t at = mounted.find(directory);
    if (at == std::string_view::npos) {
      continue;
    }
    const std::string_view below = mounted.substr(at + directory.size());
    const std::size_t end = below.find('/');
    const std::string_view found = below.substr(0, end);
    if (found.empty() || end == std::string_view::npos || (!project.empty() && found != project)) {
      return attack_result(Verdict::allowed, mounted);
    }
    project = found;
  }
  return attack_result(Verdict::stopped, "one project's at most");
}

/// Tries to change files of Git and agentbox in the project, if they exist.
AttackResult project_is_protected(const Expected&) {
  for (const char* path : {"/workspace/.git/hooks", "/workspace/.git/config", "/workspace/.agentbox"}) {
    if (access(path, F_OK) == 0 && access(path, W_OK) == 0) {
      return attack_result(Verdict::allowed, path);
    }
  }
  return attack_result(Verdict::stopped, "read-only if they exist");
}

/// Makes an attempt that Landlock alone stops: without it, `attempt` would succeed.
template <typename Attempt>
AttackResult stopped_by_landlock(const Expected& expected, std::uint64_t version, int refusal, Attempt attempt) {
  return expected.landlock < version ? attack_result(Verdict::skipped, "not supported by this Landlock ABI")
                                     : refused_with(attempt(), {refusal});
}

/// Moves a file between directories, which Landlock controls with a separate right.
AttackResult move_a_file(const Expected&) {
  std::array<char, 32> from{"/tmp/agentbox-XXXXXX"};
  if (mkdtemp(from.data()) == nullptr) {
    return attack_result(Verdict::broken, errno_name(errno));
  }
  const std::string_view directory = from.data();
  std::array<char, 48> file{};
  std::array<char, 48> moved{};
  std::strcat(std::copy(directory.begin(), directory.end(), file.begin()), "/file");
  std::strcat(std::copy(directory.begin(), directory.end(), moved.begin()), ".moved");
  const int fd = open(file.data(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  const AttackResult result = must_work(fd < 0 ? -1 : rename(file.data(), moved.data()));
  unlink(file.data());
  unlink(moved.data());
  rmdir(from.data());
  return result;
}

AttackResult run_a_program(const Expected&) {
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", ":", nullptr); // NOLINT(*-vararg)
    _exit(127);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status == 0 ? attack_result(Verdict::works, "ok") : attack_result(Verdict::broken, "/bin/sh does not run");
}

constexpr const char* k_landlock = "Landlock";
constexpr std::array k_attacks = {
    Attack{"kernel-memory", "read the kernel's memory (/proc/kcore)", "masks",
           [](const Expected&) {
             return masked({"/proc/kcore", "/dev/mem", "/dev/kmem", "/dev/port"});
           },
           k_core},
    Attack{"kernel-keys", "list the kernel's keys and timers", "masks",
           [](const Expected&) {
             return masked({"/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats"});
           }},
    Attack{"firmware", "read the machine's firmware and devices", "masks",
           [](const Expected&) {
             return masked({"/sys/firmware", "/proc/acpi", "/proc/scsi", "/proc/asound"});
           }},
    Attack{"core-pattern", "make the kernel run a program on a crash", "masks",
           [](const Expected&) {
             return unwritable({"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
                                "/sys/kernel/uevent_helper", "/proc/sys/fs/binfmt_misc/register"});
           }},
    Attack{"sysrq", "trigger SysRq", "masks",
           [](const Expected&) {
             return unwritable({"/proc/sysrq-trigger", "/proc/irq/default_smp_affinity"});
           }},
    Attack{"cgroup-write", "lift its own limits (cgroup)", "mounts",
           [](const Expected&) {
             return unwritable({"/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cgroup.procs",
                                "/sys/fs/cgroup/release_agent"});
           }},
    Attack{"uid-map", "map more users", "capability sets",
           [](const Expected&) {
             const int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
             return fd < 0 ? refused_with(-1, {EACCES, EPERM, EROFS}) : refused_with(write(fd, "0 0 1", 5), {EPERM});
           }},
    Attack{"make-device", "create a disk's device", "capability sets", make_device},
    Attack{"devices", "find the host's devices", "devices", only_usual_devices},
    Attack{"system-directories", "change the box's own programs", "file modes",
           [](const Expected&) {
             return no_new_files({"/", "/etc", "/usr/bin", "/usr/local/bin", "/usr/lib", "/var/lib"});
           }},
    Attack{"entrypoint", "change the box's first program", "file modes",
           [](const Expected&) {
             return unwritable({protocol::k_entrypoint_program, "/etc/passwd", "/etc/hosts", "/etc/resolv.conf"});
           }},
    Attack{"shadow", "read /etc/shadow", "file modes",
           [](const Expected&) {
             return masked({"/etc/shadow", "/etc/gshadow"});
           }},
    Attack{"descriptors", "use descriptors that the launcher left open", "agent-entrypoint", no_inherited_descriptors},
    Attack{"processes", "see or signal the host's processes", "PID namespace", no_other_processes, k_core},
    Attack{"host-sockets", "reach Podman, Docker, D-Bus or a display", "mounts", no_host_sockets},
    Attack{"project-hooks", "plant a Git hook, change agentbox's policy", "mounts", project_is_protected, k_core},
    Attack{"firewall-policy", "read or change the firewall's policy and log", "mounts",
           [](const Expected&) {
             const AttackResult result =
                 masked({protocol::k_egress_path, protocol::k_audit_path, protocol::k_firewall_program});
             return result.verdict == Verdict::stopped ? only_the_box_files() : result;
           }},
    Attack{"logins", "find a login that the box was not given", "mounts", no_other_logins},
    Attack{"other-conversations", "read the conversations of another project", "mounts",
           [](const Expected&) { return one_project_of("/agentbox/history/"); }},
    Attack{"other-homes", "read the kept home of another project", "mounts",
           [](const Expected&) { return one_project_of("/agentbox/home/"); }},
    Attack{"box-file", "change what the agent is told about its box", "mounts",
           [](const Expected&) { // other formats have no such file
             return refused_with(open(protocol::k_box_file_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600),
                                 {EROFS, EACCES, ENOENT});
           }},
    Attack{"unnamed-file", "read a file that the policy does not list", k_landlock,
           [](const Expected& expected) {
             return stopped_by_landlock(expected, 2, EACCES,
                                        [] { return open("/run/.containerenv", O_RDONLY | O_CLOEXEC); });
           }},
    Attack{"first-process", "read the first process's variables", k_landlock,
           [](const Expected& expected) {
             return stopped_by_landlock(expected, 2, EACCES,
                                        [] { return open("/proc/1/environ", O_RDONLY | O_CLOEXEC); });
           }},
    Attack{"signal-outside", "send a signal to the first process", k_landlock,
           [](const Expected& expected) { return stopped_by_landlock(expected, 6, EPERM, [] { return kill(1, 0); }); }},
    Attack{"control-move", "move a file to another directory", "allowed", move_a_file},
    Attack{"control-run", "run a program of the image", "allowed", run_a_program},
    Attack{"control-read", "read the image's configuration", "allowed",
           [](const Expected&) { return must_work(open("/etc/passwd", O_RDONLY | O_CLOEXEC)); }},
    Attack{"control-list", "list directories", "allowed",
           [](const Expected&) { return must_work(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }},
    Attack{"control-temporary-file", "make a file in /tmp", "allowed",
           [](const Expected&) { return must_work(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)); }},
};

} // namespace

AttackFamily file_attacks() {
  return {"files", k_attacks};
}

} // namespace agentbox::attacks
