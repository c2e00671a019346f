// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <variant>
#include <vector>

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
struct MakeFolder {
  std::filesystem::path path;
  bool parents = false; ///< make missing parents as well, and accept that it exists: not in a session, which is claimed
};

/// Writes a file in one step.
struct WriteFile {
  std::filesystem::path path;
  std::string content;
  mode_t mode = 0600;
};

/// Makes a FIFO with mode 0600 and hands `content` to the one who opens it to read, once and in the background: it is
/// in no file, and gone with the launcher.
struct ServeFifo {
  std::filesystem::path fifo;
  std::string content;
};

/// Starts a command whose output is kept, and goes on at once.
struct Start {
  std::string what; ///< "create the pod"; names it for a Gate and for messages
  support::Command command;
};

/// Makes a FIFO with mode 0600.
struct MakeFifo {
  std::filesystem::path path;
};

/// Where an attached command waits for one that Start began: it reads `text` from `fifo` once that has succeeded; its
/// failure ends the run. So the second Podman is up when the first is done.
struct Gate {
  std::string after; ///< Start's `what`
  std::filesystem::path fifo;
  std::string text;
};

/// A command that stands by: it reads what Start's `after` printed (the pod's id: its name may come to mean another
/// pod), and then waits for the end of its input, which comes at the teardown's Remove of the same `what`, or when the
/// launcher dies. So nothing is left to do after a `kill -9` of the launcher, and the teardown waits for no program to
/// start.
struct Standby {
  std::string what;
  support::Command command;
  std::string after;
};

/// Runs a command on our own terminal and watches it. Its exit code is the run's.
struct Attach {
  support::Command command;
  bool terminal = false; ///< the command makes a terminal for the agent
  std::optional<Gate> gate = std::nullopt;
  std::optional<Standby> standby = std::nullopt; ///< started when the agent is, not to be in Podman's way before
};

using Step = std::variant<MakeFolder, MakeFifo, WriteFile, Start, Attach, ServeFifo>;

/// The firewall's process gets SIGTERM, and SIGKILL if it has not ended after a moment: `podman pod rm` would give it
/// ten seconds.
struct StopFirewall {
  std::filesystem::path pid_file;
};

/// Runs a command to its end, unless one that stood by has done the same. Its failure is reported and the teardown goes
/// on.
struct Remove {
  std::string what;
  support::Command command;
  std::filesystem::path id_file = {}; ///< the ID in it takes the place of the last argument, a name
};

/// Removes the session folder.
struct RemoveFolder {
  boxes::SessionPaths paths;
};

using TeardownStep = std::variant<StopFirewall, Remove, RemoveFolder>;

/// Everything that one run does, as data: --dry-run shows it, tests compare it, the executor runs it.
struct Plan {
  std::string name;
  boxes::SessionPaths paths;
  std::vector<Step> steps;
  std::vector<TeardownStep> teardown; ///< all of it, whatever happened before
};

/// The images of a box, by id.
struct Images {
  std::string agent;
  std::string firewall;
};

/// What a plan is made from besides the policy. Plain values.
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
  std::string name_servers; ///< the host's, as the firewall is told at its start; empty: as Podman writes them
};

/// The plan of `agentbox run`. Pure. Throws support::Error(refused) when the renderers do.
Plan make_plan(const policy::Policy& policy, const Host& host);

/// The teardown of box `name` alone, for what dead launchers left.
std::vector<TeardownStep> make_teardown(const std::string& name, const boxes::SessionPaths& paths,
                                        const podman::Podman& podman);

} // namespace agentbox::box
