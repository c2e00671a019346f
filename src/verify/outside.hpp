// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "selinux/context.hpp"
#include "verify/report.hpp"

namespace agentbox::verify {

/// One process of a box, as the host's /proc shows it.
struct SeenProcess {
  pid_t pid = 0;
  std::string status;       ///< /proc/PID/status
  std::string context = {}; ///< SELinux's; empty without SELinux
};

/// Returns the rows about `processes`, all processes of a box's agent container: uid, capabilities, no_new_privs,
/// seccomp. Pure.
std::vector<Row> judge_processes(const std::vector<SeenProcess>& processes);

/// Paths of the host by which a box could reach a login.
struct LoginPaths {
  std::map<std::filesystem::path, std::string> given; ///< what a box with a login mounts, and whose: "claude"
  std::vector<std::filesystem::path> closed;          ///< no box mounts one of these, or a directory above one
};

/// The device and inode numbers of a file.
using FileKey = std::pair<std::uint64_t, std::uint64_t>;

/// Returns the row about logins: it fails if any of `mounted`, the files and directories that a box mounts, is a closed
/// path or above one, and otherwise names the logins that the box was given. Reads only the identities of the paths.
Row judge_logins(const std::vector<FileKey>& mounted, const LoginPaths& paths);

/// Asks the policy whether a process of a context may read a file of another one.
using MayRead = std::function<bool(const selinux::Context& process, const std::string& file)>;

/// Returns the rows about SELinux: every process of the agent's container has type `agent.type` and the level of this
/// box, and the policy lets none read files of another box, the firewall's log or an SSH key. Pure.
std::vector<Row> judge_contexts(const std::vector<SeenProcess>& processes, const selinux::BoxContexts& expected,
                                const MayRead& may_read);

/// Inspects a running box from the host, where nothing in the box can forge the answer: every process in the PID
/// namespace of `agent`, their namespaces compared with ours and the firewall's, whether the box's agent-entrypoint
/// has the bytes of `entrypoint`, and which logins it can reach. `labels` are the box's contexts where SELinux is
/// enforcing. Throws support::Error(failed) when the box has ended.
std::vector<Row> inspect_from_host(pid_t agent, pid_t firewall, const std::filesystem::path& entrypoint,
                                   const LoginPaths& logins,
                                   const std::optional<selinux::BoxContexts>& labels = std::nullopt);

} // namespace agentbox::verify
