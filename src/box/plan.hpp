// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <variant>
#include <vector>

#include "box/labels.hpp"
#include "boxes/session_paths.hpp"
#include "boxes/session_record.hpp"
#include "oci/host_facts.hpp"
#include "podman/installation.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "policy/policy.hpp"
#include "support/command.hpp"

namespace agentbox::box {

/// Makes a directory with mode 0700.
struct MakeDirectory {
  std::filesystem::path path;
  /// Makes missing parents too, and accepts an existing directory. Not in a session, which must be the claimed one.
  bool parents = false;
};

/// Writes a file atomically.
struct WriteFile {
  std::filesystem::path path;
  std::string content;
  mode_t mode = 0600;
};

/// Makes a FIFO with mode 0600 and writes `content` to the process that opens it for reading, once and in the
/// background, so that it is never in a file, and is gone when the launcher dies.
struct ServeFifo {
  std::filesystem::path fifo;
  std::string content;
};

/// Starts a command in the background and captures its output.
struct Start {
  std::string what; ///< "create the pod": its name for a Gate and in messages
  support::Command command;
};

/// Makes a FIFO with mode 0600.
struct MakeFifo {
  std::filesystem::path path;
};

/// Ties the box to this process (box/leash).
struct HoldLeash {
  std::filesystem::path fifo;
};

/// Makes an attached command wait for a Start: when that has succeeded, `text` is written to `fifo`, which the attached
/// command reads. Its failure ends the run. This way the second Podman has already started up when the first is done.
struct Gate {
  std::string after; ///< the Start's `what`
  std::filesystem::path fifo;
  std::string text;
};

/// A command that is started early and waits for the end of its input, which comes with the teardown's Remove of the
/// same `what`, or when the launcher dies. Its input is what the Start named `after` printed (the pod's id: names are
/// reused). So a `kill -9` of the launcher leaves no pod, and the teardown waits for no program to start.
struct Standby {
  std::string what;
  support::Command command;
  std::string after;
};

/// Runs a command on our standard streams and supervises it. Its exit code is the run's.
struct Attach {
  support::Command command;
  bool terminal = false; ///< the command makes a terminal for the agent
  std::optional<Gate> gate = std::nullopt;
  std::optional<Standby> standby = std::nullopt; ///< started after the agent: earlier it would slow Podman down
  bool leash = false; ///< the command gets the box's end of the leash, as descriptor protocol::k_leash_fd
};

/// Gives paths the SELinux labels that a container's processes need (box/labels).
struct LabelPaths {
  std::vector<selinux::Relabelling> paths;
  selinux::Context process = {}; ///< of the processes
  bool announce = false;         ///< they are the user's: report what was changed
};

using Step = std::variant<MakeDirectory, MakeFifo, WriteFile, Start, Attach, ServeFifo, HoldLeash, LabelPaths>;

/// Sends the firewall's process SIGTERM, and SIGKILL 300 ms later: `podman pod rm` would give it ten seconds.
struct StopFirewall {
  std::filesystem::path pid_file;
};

/// Lets the Standby of the same `what` do its work; without one, or when it fails, runs `command`. Failure is reported,
/// and the teardown continues.
struct Remove {
  std::string what;
  support::Command command;
  std::filesystem::path id_file = {}; ///< the ID in it replaces the last argument, a name
};

/// Removes the session directory.
struct RemoveDirectory {
  boxes::SessionPaths paths;
};

using TeardownStep = std::variant<StopFirewall, Remove, RemoveDirectory>;

/// All that a run does, as data: --dry-run shows it, tests compare it, the executor runs it.
struct Plan {
  std::string name;
  boxes::SessionPaths paths;
  std::vector<Step> steps;
  std::vector<TeardownStep> teardown;    ///< every step is executed, even after a failure
  std::string host_address = "10.0.2.2"; ///< of the host's loopback in the box; slirp4netns's if it is known only there
};

/// The images of a box, by id.
struct Images {
  std::string agent;
  std::string firewall;
};

/// Facts that a plan is made from besides the policy: plain values.
struct Host {
  podman::Podman podman;
  podman::PodmanInfo facts;
  podman::Installation installation;
  oci::HostFacts oci; ///< with the session's paths
  boxes::SessionPaths paths;
  std::filesystem::path audit;
  Images images;
  std::int64_t started = 0;
  pid_t launcher = 0;
  std::string name_servers; ///< the host's, for the firewall's start; empty: those that Podman writes
  std::optional<BoxLabels> labels = std::nullopt; ///< where SELinux is enabled
  std::string ca_bundle = {};                     ///< the text of oci.ca_copy
};

/// Returns the OCI hooks 1.0.0 file (oci-hooks(5)) that runs our hook for each container of one Podman call.
std::string hook_file(const podman::Installation& installation, const boxes::SessionPaths& paths);

/// Returns the plan of `agentbox run`. Pure. Throws support::Error(refused) like the renderers.
Plan make_plan(const policy::Policy& policy, const Host& host);

/// Returns the teardown of box `name`, for `rm` and for what dead launchers left.
std::vector<TeardownStep> make_teardown(const std::string& name, const boxes::SessionPaths& paths,
                                        const podman::Podman& podman);

} // namespace agentbox::box
