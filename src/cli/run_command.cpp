// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box/before_step.hpp"
#include "box/executor.hpp"
#include "box/launch.hpp"
#include "box/own_mount.hpp"
#include "boxes/registry.hpp"
#include "cli/box_options.hpp"
#include "cli/images.hpp"
#include "cli/subcommands.hpp"
#include "config/host_sets.hpp"
#include "config/last_agent.hpp"
#include "conversations/store.hpp"
#include "homes/kept_home.hpp"
#include "network/totals.hpp"
#include "podman/idle_container.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "policy/vendor_hosts.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/signals.hpp"
#include "support/terminal.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

struct RunOptions {
  BoxOptions box;
  bool fresh = false;
  bool rebuild = false;
  bool dry_run = false;
  bool json = false;
  bool verbose = false;
  bool share_workspace = false;
};

box::DryRun dry_run_of(const RunOptions& options) {
  if (options.json && !options.dry_run) {
    throw support::Error(support::ExitCode::usage, "--json requires --dry-run", "agentbox run --dry-run --json");
  }
  if (!options.dry_run) {
    return box::DryRun::off;
  }
  return options.json ? box::DryRun::json : box::DryRun::text;
}

/// Refuses a box whose agent cannot reach its vendor: agents retry for minutes before they report it.
void refuse_without_vendor(const policy::PolicyFields& fields) {
  if (fields.run.kind == policy::Run::Kind::agent && !support::own_terminal().interactive()) {
    return; // a shell will be started
  }
  const policy::VendorGap gap = policy::vendor_gap(fields);
  if (gap.hosts.empty()) {
    return;
  }
  const std::string hosts = support::join(gap.hosts, " or ");
  if (gap.hopeless) {
    throw support::Error(
        support::ExitCode::refused,
        fmt::format("{} cannot reach its vendor: {} is not on this box's list of hosts", fields.agent.name, hosts),
        "agentbox policy show lists the hosts; remove the missing host from block_hosts, or if it is not blocked: "
        "--allow HOST");
  }
  spdlog::warn("{} is not on this box's list of hosts: {} works only {}", hosts, fields.agent.name,
               gap.hosts.front() == "chatgpt.com" ? "with an API key" : "with a ChatGPT account");
}

bool wants_conversation(const config::Overrides& overrides) {
  return overrides.continue_last || overrides.resume;
}

/// Refuses options that contradict each other.
void check_options(const RunOptions& options) {
  const config::Overrides& overrides = options.box.overrides;
  if (overrides.continue_last && overrides.resume) {
    throw support::Error(support::ExitCode::usage, "--continue and --resume cannot be combined", "omit one of them");
  }
  if (options.fresh && wants_conversation(overrides)) {
    throw support::Error(support::ExitCode::usage, "--fresh cannot be combined with --continue or --resume",
                         "omit one of them");
  }
  if (options.fresh && overrides.home == "keep") {
    throw support::Error(support::ExitCode::usage, "--fresh and --home keep cannot be combined", "omit one of them");
  }
}

/// Creates the directories and files of kept conversations. Throws Error when the one to continue was not kept.
void prepare_conversations(const policy::PolicyFields& fields, const config::Overrides& overrides) {
  bool kept = false;
  for (const policy::Mount& mount : fields.mounts) {
    if (mount.reason == conversations::k_reason) {
      conversations::make_place(mount.source, fields.workspace.source);
      kept = true;
    }
  }
  if (!wants_conversation(overrides)) {
    return;
  }
  if (!kept) {
    throw support::Error(support::ExitCode::usage, fmt::format("no conversations with {} are kept", fields.agent.name),
                         "agentbox-config(5) describes agent.history and agents.NAME.history");
  }
  const std::string id = overrides.resume.value_or("");
  const auto all = conversations::find(conversations::project_directory(fields.workspace.source));
  const auto found = std::find_if(all.begin(), all.end(), [&](const conversations::Conversation& one) {
    return one.agent == fields.agent.name && (id.empty() || one.id == id || one.is_database());
  });
  if (found == all.end()) {
    throw support::Error(support::ExitCode::not_found,
                         fmt::format("this project has no such conversation with {}", fields.agent.name),
                         "agentbox history list shows all");
  }
  if (overrides.resume && found->is_database() && (id.empty() || id == found->id)) {
    throw support::Error(support::ExitCode::usage, fmt::format("{} needs the ID of a conversation", fields.agent.name),
                         "--continue continues the last one");
  }
}

const policy::Mount* kept_home(const policy::PolicyFields& fields) {
  const auto found = std::find_if(fields.mounts.begin(), fields.mounts.end(),
                                  [](const policy::Mount& mount) { return mount.reason == policy::k_home_reason; });
  return found == fields.mounts.end() ? nullptr : &*found;
}

/// Returns the kept home of the box, if it has one.
std::optional<homes::HeldHome> hold_home(const policy::PolicyFields& fields, const config::Preferences& preferences) {
  return kept_home(fields) == nullptr
             ? std::nullopt
             : std::optional<homes::HeldHome>(std::in_place, fields.workspace.source, preferences.home_limit);
}

/// Copies the image's home into a new one, and creates the mount points for the other mounts in it.
void prepare_home(const homes::HeldHome& held, const policy::PolicyFields& fields, const podman::Podman& podman,
                  const std::string& image) {
  held.fill([&](const std::filesystem::path& home) {
    const std::string name = "agentbox-home-" + home.parent_path().filename().string();
    const podman::IdleContainer container(podman, name, image);
    podman.capture({"cp", name + ":" + fields.user.home + "/.", home.string()});
  });
  held.remove_link(".codex/auth.json", "/dev/shm/"); // agent-entrypoint makes it for an API key
  std::vector<homes::MountPoint> points;
  for (const policy::Mount& mount : fields.mounts) {
    if (mount.destination.starts_with(fields.user.home + "/")) {
      points.push_back(
          {mount.destination.substr(fields.user.home.size() + 1), std::filesystem::is_directory(mount.source)});
    }
  }
  held.make_mount_points(points);
}

void report_size(const homes::HeldHome& held, const config::Preferences& preferences) {
  const std::uint64_t bytes = held.record_size();
  if (bytes > preferences.home_limit) {
    spdlog::warn(
        "the kept home takes {}, more than home.limit ({}): the next box will not start with it; agentbox home "
        "clear removes it",
        network::size_text(bytes), network::size_text(preferences.home_limit));
  }
}

// With a prompt, an agent would wait for the end of a pipe that is never closed. Without a terminal, a shell reads the
// input, which few expect.
void prepare_input(const policy::Run& run) {
  struct stat info {};
  const bool piped = fstat(STDIN_FILENO, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
  if (run.kind == policy::Run::Kind::prompt && piped) {
    const support::Fd null_device(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null_device || dup2(null_device.get(), STDIN_FILENO) < 0) {
      throw support::system_error(support::ExitCode::failed, "cannot open /dev/null", errno);
    }
  } else if (run.kind == policy::Run::Kind::agent && !support::own_terminal().interactive()) {
    spdlog::info("no terminal: bash reads standard input; to give the text to an agent: --prompt -");
  }
}

/// Reports what the user must know about the sets of hosts of this box, and which of them an update has extended.
void report_sets(const std::vector<config::HostSet>& sets) {
  for (const config::HostSet& set : sets) {
    if (!set.note.empty()) {
      spdlog::info("@{}: {}", set.name, set.note);
    }
  }
  for (const std::string& host : config::hosts_since_last_use(sets, support::state_directory() / "host-sets.json")) {
    spdlog::warn("a set of hosts has grown since you last used it: {}", host);
  }
}

int run_once(const RunOptions& options, const Context& context) {
  const box::DryRun dry_run = dry_run_of(options);
  const auto [policy, workspace, preferences, notices, sets] =
      open_box(options.box, context, dry_run == box::DryRun::off ? MayAsk::yes : MayAsk::no);
  const policy::PolicyFields& fields = policy.fields();
  std::optional<homes::HeldHome> home;
  if (dry_run == box::DryRun::off) {
    report_sets(sets);
    for (const std::string& notice : notices) {
      spdlog::warn("{}", notice);
    }
    prepare_conversations(fields, options.box.overrides);
    for (logins::Synchronizer& login : box::synchronizers_of(fields)) {
      login.start();
    }
    prepare_input(fields.run);
    home = hold_home(fields, preferences); // before its identity is recorded
  }
  box::before_step(box::Phase::launch, 1);
  box::LaunchOptions launch{dry_run, box::identities_of_sources(fields), options.share_workspace, preferences};
  launch.checked[fields.workspace.source] = {workspace.device, workspace.inode, true}; // from the earlier check
  const podman::Podman podman = podman::Podman::find();
  const podman::PodmanInfo facts = podman::podman_info(podman);
  if (dry_run != box::DryRun::off) {
    return box::launch(policy, podman, facts, known_images(fields), launch).exit_code;
  }
  refuse_without_vendor(fields);
  box::before_step(box::Phase::launch, 2);
  const support::Signals signals; // from here on there is something to clean up
  box::before_step(box::Phase::launch, 3);
  box::sweep(podman, fields.name);
  box::before_step(box::Phase::launch, 4);
  const box::Images images = ensure_images(fields, preferences, podman, facts, options.rebuild);
  if (options.box.overrides.agent) {
    config::write_last_agent(support::state_directory(), fields.agent.name);
  }
  if (home) {
    prepare_home(*home, fields, podman, images.agent);
  }
  const box::RunOutcome outcome = box::launch(policy, podman, facts, images, launch);
  box::before_step(box::Phase::launch, 10);
  if (home && outcome.started) {
    report_size(*home, preferences);
  }
  support::throw_if_interrupted();
  if (!outcome.started && outcome.signal == 0) {
    throw support::Error(support::ExitCode::failed, "Podman could not start the box; see its message above",
                         "agentbox doctor checks this host");
  }
  return outcome.exit_code;
}

int run(const RunOptions& options, const Context& context) {
  constexpr int k_max_tries = 20;
  if (options.verbose) {
    spdlog::set_level(spdlog::level::debug);
  }
  check_options(options);
  podman::refuse_root();
  boxes::require_runtime_directory();
  for (int tries = 1;; ++tries) {
    try {
      return run_once(options, context);
    } catch (const boxes::NameTaken&) { // by a box that started at the same moment; there are more names
      if (options.box.overrides.name || tries == k_max_tries) {
        throw;
      }
    }
  }
}

} // namespace

void add_run(const CommandSpec& app, Context& context) {
  const CommandSpec command = app.command("run", "Run an agent, or the command after --, in a new box");
  auto options = std::make_shared<RunOptions>();
  add_box_options(command, options->box);
  config::Overrides& overrides = options->box.overrides;
  command.flag("--continue", overrides.continue_last, "Continue the agent's last conversation in this directory");
  command.optional_value("--resume", overrides.resume, "[ID]",
                         "Resume a conversation (agentbox history list); without ID, the agent asks which");
  command.flag("--fresh", options->fresh,
               "Start with neither an earlier conversation nor a kept home, and keep nothing");
  command.flag("--instructions", overrides.instructions,
               "Give the agent read-only copies of your own instructions: CLAUDE.md, skills, AGENTS.md, prompts");
  command.choice("--home", overrides.home, {"keep", "fresh"},
                 "keep: reuse the box home that is kept for this project, with caches and tools; fresh: start with the "
                 "image's home");
  command.flag("--rebuild", options->rebuild, "Rebuild the image from the newest base image and packages");
  command.flag("--dry-run", options->dry_run, "Print the commands and configuration, and run nothing");
  command.flag("--json", options->json, "With --dry-run: print JSON");
  command.flag("--share-workspace", options->share_workspace, "Start even if another box runs in this directory");
  command.flag("-v,--verbose", options->verbose, "Print the Podman commands as they run");
  command.footer("agentbox [AGENT] is short for agentbox run [AGENT].\n"
                 "Words after -- that begin with '-' are arguments of the agent: agentbox claude -- --verbose");
  command.action([options, &context] {
    options->box.overrides.conversations = !options->fresh;
    options->box.overrides.has_session = true;
    context.exit_code = run(*options, context);
  });
}

} // namespace agentbox::cli
