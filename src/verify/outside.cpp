// SPDX-License-Identifier: Apache-2.0
#include "verify/outside.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <optional>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol/protocol.hpp"
#include "selinux/host_selinux.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/numbers.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::verify {
namespace {

namespace fs = std::filesystem;
using support::Fd;

constexpr const char* k_family = "outside";
constexpr std::size_t k_status_bytes = 65536;
constexpr std::size_t k_program_bytes = 16U << 20U;

/// Returns the first word of the value in line "NAME:\tVALUE"; empty if there is no such line.
std::string_view field(std::string_view status, std::string_view name) {
  for (const std::string_view line : support::lines(status)) {
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      const auto words = support::words(line.substr(name.size() + 1));
      return words.empty() ? "" : words.front();
    }
  }
  return {};
}

Row row(const char* name, const char* tried, const char* defence, bool holds, std::string detail) {
  return {name, k_family, tried, defence, holds ? Verdict::stopped : Verdict::allowed, std::move(detail)};
}

/// Returns the first process for which `holds` is false, as text; empty if there is none.
template <typename Holds>
std::string first_without(const std::vector<SeenProcess>& processes, Holds holds) {
  for (const SeenProcess& process : processes) {
    if (!holds(process.status)) {
      return fmt::format("process {}", process.pid);
    }
  }
  return {};
}

std::optional<struct stat> namespace_of(const std::string& pid, const char* name) {
  struct stat info {};
  const std::string path = "/proc/" + pid + "/ns/" + name;
  return stat(path.c_str(), &info) == 0 ? std::optional(info) : std::nullopt;
}

bool same_namespace(const std::string& a, const std::string& b, const char* name) {
  const auto first = namespace_of(a, name);
  const auto second = namespace_of(b, name);
  return first && second && first->st_dev == second->st_dev && first->st_ino == second->st_ino;
}

std::vector<SeenProcess> processes_with(pid_t agent) {
  std::vector<SeenProcess> processes;
  const std::string wanted = std::to_string(agent);
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    const auto pid = support::parse_number<pid_t>(name);
    if (!pid || !same_namespace(name, wanted, "pid")) {
      continue;
    }
    try {
      if (const auto status = support::read_file_if_exists(entry.path() / "status", k_status_bytes)) {
        processes.push_back({*pid, *status, selinux::context_of(*pid)});
      }
    } catch (const support::Error&) {
      if (same_namespace(name, wanted, "pid")) {
        throw;
      } // else it ended while we looked (ESRCH)
    }
  }
  return processes;
}

/// Opens a file of the box, looked up as the box itself would, without following its links out of it.
Fd open_inside(pid_t agent, const char* path, std::uint64_t flags) {
  const std::string root = fmt::format("/proc/{}/root", agent);
  const Fd top(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return Fd(static_cast<int>(syscall(SYS_openat2, top.get(), path, &how, sizeof how)));
}

/// Returns the path in a field of mountinfo, where blanks and backslashes are \ooo (proc_pid_mountinfo(5)).
std::string unescaped(std::string_view field) {
  constexpr std::size_t k_escape = 4;
  std::string path;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const auto code = field[i] == '\\' ? support::parse_number<unsigned>(field.substr(i + 1, 3), 8) : std::nullopt;
    path += code ? static_cast<char>(*code) : field[i];
    i += code ? k_escape - 1 : 0;
  }
  return path;
}

/// Returns what is mounted in a box: a mount that another one covers cannot be reached, and is not among them.
std::vector<FileKey> mounted_in(pid_t agent) {
  constexpr std::size_t k_mount_point = 4; // the field
  constexpr std::size_t k_max_table = 16U << 20U;
  std::vector<FileKey> mounted;
  const std::string table = support::read_file(fmt::format("/proc/{}/mountinfo", agent), k_max_table);
  for (const std::string_view line : support::lines(table)) {
    const auto words = support::words(line);
    const Fd file = words.size() > k_mount_point
                        ? open_inside(agent, unescaped(words[k_mount_point]).c_str(), O_PATH | O_NOFOLLOW)
                        : Fd();
    struct stat info {};
    if (file && fstat(file.get(), &info) == 0) {
      mounted.emplace_back(info.st_dev, info.st_ino);
    }
  }
  return mounted;
}

std::optional<FileKey> key_of(const fs::path& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? std::optional(FileKey(info.st_dev, info.st_ino)) : std::nullopt;
}

/// Returns the SHA-256 of a file of the box.
std::string digest_inside(pid_t agent, const char* path) {
  const Fd file = open_inside(agent, path, O_RDONLY | O_NONBLOCK);
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return {};
  }
  support::Sha256 digest;
  std::string buffer(1U << 20U, '\0');
  for (std::size_t total = 0; total < k_program_bytes;) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count <= 0) {
      return count == 0 ? digest.hex() : std::string();
    }
    digest.update({buffer.data(), static_cast<std::size_t>(count)});
    total += static_cast<std::size_t>(count);
  }
  return {};
}

} // namespace

std::vector<Row> judge_processes(const std::vector<SeenProcess>& processes) {
  const std::string count = fmt::format("{} processes", processes.size());
  const auto judged = [&](const char* name, const char* tried, const char* defence, const std::string& without) {
    return row(name, tried, defence, without.empty() && !processes.empty(), without.empty() ? count : without);
  };
  const auto no_capability = [](const std::string& status) {
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
      const std::string_view value = field(status, set);
      if (value.empty() || value.find_first_not_of('0') != std::string_view::npos) {
        return false;
      }
    }
    return true;
  };
  return {
      judged("outside-uid-0", "find a process of the box that is root on the host", "user namespace",
             first_without(processes,
                           [](const std::string& status) {
                             return field(status, "Uid") != "0" && !field(status, "Uid").empty();
                           })),
      judged("outside-capabilities", "find a process of the box with a capability", "capability sets",
             first_without(processes, no_capability)),
      judged("outside-no-new-privs", "find a process of the box without no_new_privs", "no_new_privs",
             first_without(processes, [](const std::string& status) { return field(status, "NoNewPrivs") == "1"; })),
      judged("outside-seccomp", "find a process of the box without the filter", "seccomp",
             first_without(processes, [](const std::string& status) { return field(status, "Seccomp") == "2"; })),
  };
}

Row judge_logins(const std::vector<FileKey>& mounted, const LoginPaths& paths) {
  std::vector<std::string> given;
  std::string reached;
  const auto is_mounted = [&](const fs::path& path) {
    const auto key = key_of(path);
    return key && support::contains(mounted, *key);
  };
  for (const auto& [path, name] : paths.given) {
    if (is_mounted(path)) {
      given.push_back(name);
    }
  }
  for (fs::path path : paths.closed) {
    for (; reached.empty() && path.has_relative_path(); path = path.parent_path()) {
      reached = is_mounted(path) ? support::escape_untrusted(path.native()) : "";
    }
  }
  const std::string detail = given.empty() ? "no login" : "only the login for " + support::join(given, ", ");
  return row("outside-logins", "find a login that the box was not given", "mounts", reached.empty() && !mounted.empty(),
             reached.empty() ? detail : reached);
}

std::vector<Row> judge_contexts(const std::vector<SeenProcess>& processes, const selinux::BoxContexts& expected,
                                const MayRead& may_read) {
  const std::string wrong = [&] {
    for (const SeenProcess& process : processes) {
      const auto context = selinux::parse_context(process.context);
      if (!context || !selinux::has_label(*context, selinux::label_of(expected.agent))) {
        return fmt::format("process {} is {}", process.pid, support::escape_untrusted(process.context));
      }
    }
    return std::string();
  }();
  const auto refused = [&](const char* name, const char* tried, const selinux::Context& file) {
    const bool readable = may_read(expected.agent, to_text(file));
    return row(name, tried, "SELinux", !readable, readable ? "allowed by the policy" : to_text(file));
  };
  std::vector<Row> rows = {row("outside-selinux-context", "find a process of the box without its SELinux context",
                               "SELinux", wrong.empty() && !processes.empty(),
                               wrong.empty() ? to_text(expected.agent) : wrong)};
  if (!expected.agent.level.empty()) {
    selinux::Context other = expected.agent_files;
    other.level = other.level == "s0:c1,c2" ? "s0:c3,c4" : "s0:c1,c2";
    rows.push_back(refused("outside-selinux-other-box", "read the files of another box", other));
    rows.push_back(refused("outside-selinux-firewall", "read the firewall's log", expected.firewall_files));
  }
  selinux::Context key = expected.agent_files;
  key.type = "ssh_home_t";
  rows.push_back(refused("outside-selinux-key", "read an SSH key of the host", key));
  const bool own = may_read(expected.agent, to_text(expected.agent_files));
  rows.push_back({"control-outside-selinux", k_family, "read its own files", "SELinux",
                  own ? Verdict::works : Verdict::broken, to_text(expected.agent_files)});
  return rows;
}

std::vector<Row> inspect_from_host(pid_t agent, pid_t firewall, const fs::path& entrypoint, const LoginPaths& logins,
                                   const std::optional<selinux::BoxContexts>& labels) {
  const std::string box = std::to_string(agent);
  if (!namespace_of(box, "pid")) {
    throw support::Error(support::ExitCode::failed, "the box has ended", "agentbox ps lists the running boxes");
  }
  const std::vector<SeenProcess> processes = processes_with(agent);
  std::vector<Row> rows = judge_processes(processes);
  if (labels) {
    const std::vector<Row> more =
        judge_contexts(processes, *labels, [](const selinux::Context& process, const std::string& file) {
          return selinux::is_allowed(process, file, false, selinux::Access::read);
        });
    rows.insert(rows.end(), more.begin(), more.end());
  }
  std::vector<std::string> shared;
  for (const char* name : {"user", "net", "mnt", "pid", "ipc", "uts", "cgroup"}) {
    if (same_namespace(box, "self", name)) {
      shared.emplace_back(name);
    }
  }
  rows.push_back(row("outside-namespaces", "namespaces are separate from the host's", "namespaces", shared.empty(),
                     shared.empty() ? "7 private namespaces" : support::join(shared, ", ")));
  const std::string other = std::to_string(firewall);
  rows.push_back(
      row("outside-firewall", "the network is the firewall's", "hook",
          same_namespace(box, other, "net") && same_namespace(box, other, "user") && !same_namespace(box, other, "pid"),
          "one network and user namespace"));
  rows.push_back(judge_logins(mounted_in(agent), logins));
  const std::string digest = digest_inside(agent, protocol::k_entrypoint_program);
  const bool ours = !digest.empty() && digest == support::sha256_hex(support::read_file(entrypoint, k_program_bytes));
  rows.push_back(row("outside-entrypoint", "PID 1 is agent-entrypoint", "image", ours,
                     ours ? "the installed one" : "another program, or one of another version of agentbox"));
  return rows;
}

} // namespace agentbox::verify
