// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>

#include "box/before_step.hpp"
#include "box/executor.hpp"
#include "box/launch.hpp"
#include "boxes/registry.hpp"
#include "cli/box_options.hpp"
#include "cli/images.hpp"
#include "cli/subcommands.hpp"
#include "config/last_agent.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "policy/vendor_hosts.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/signals.hpp"
#include "support/terminal.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

struct RunOptions {
  BoxOptions box;
  bool rebuild = false;
  bool dry_run = false;
  bool json = false;
  bool verbose = false;
  bool share_workspace = false;
};

box::DryRun dry_run_of(const RunOptions& options) {
  if (options.json && !options.dry_run) {
    throw support::Error(support::ExitCode::usage, "--json belongs to --dry-run", "agentbox run --dry-run --json");
  }
  if (!options.dry_run) {
    return box::DryRun::off;
  }
  return options.json ? box::DryRun::json : box::DryRun::text;
}

/// Agents try for minutes before they say that their vendor does not answer, so this warns before they start.
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
        "agentbox policy show lists the hosts; take it out of block_hosts, or --allow it");
  }
  spdlog::warn("{} is not on this box's list of hosts: {} works {} only", hosts, fields.agent.name,
               gap.hosts.front() == "chatgpt.com" ? "with an API key" : "with a ChatGPT account");
}

int run_once(const RunOptions& options, const Context& context) {
  const box::DryRun dry_run = dry_run_of(options);
  const auto [policy, workspace, preferences] =
      open_box(options.box, context, dry_run == box::DryRun::off ? MayAsk::yes : MayAsk::no);
  const policy::PolicyFields& fields = policy.fields();
  box::before_step(box::Phase::launch, 1);
  box::LaunchOptions launch{dry_run, box::identities_of_sources(fields), options.share_workspace, preferences};
  launch.checked[fields.workspace.source] = {workspace.device, workspace.inode, true}; // of an earlier look
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
    config::write_last_agent(support::state_folder(), fields.agent.name);
  }
  const box::RunOutcome outcome = box::launch(policy, podman, facts, images, launch);
  box::before_step(box::Phase::launch, 10);
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
  podman::refuse_root();
  boxes::require_runtime_folder();
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
  command.flag("--rebuild", options->rebuild, "Rebuild the image from the newest base image and packages");
  command.flag("--dry-run", options->dry_run, "Print the commands and configuration, and run nothing");
  command.flag("--json", options->json, "With --dry-run: print JSON");
  command.flag("--share-workspace", options->share_workspace, "Start even if another box runs in this directory");
  command.flag("-v,--verbose", options->verbose, "Print the Podman commands as they run");
  command.footer("agentbox [AGENT] is short for agentbox run [AGENT].");
  command.action([options, &context] { context.exit_code = run(*options, context); });
}

} // namespace agentbox::cli
