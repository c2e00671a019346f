// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "box/executor.hpp"
#include "box/launch.hpp"
#include "boxes/registry.hpp"
#include "boxes/scratch_directory.hpp"
#include "cli/box_options.hpp"
#include "cli/box_streams.hpp"
#include "cli/images.hpp"
#include "cli/subcommands.hpp"
#include "config/load.hpp"
#include "doctor/check_result.hpp"
#include "doctor/read_host.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/signals.hpp"
#include "support/terminal.hpp"

namespace agentbox::cli {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

/// Returns the user's configuration for a box that runs `true`, without its mounts, variables or ports.
config::Loaded load_trial(const fs::path& project) {
  config::Overrides overrides;
  overrides.run.kind = policy::Run::Kind::command;
  overrides.run.command = {"true"};
  config::LoadResult result = config::load(config::standard_sources(project), overrides);
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&result)) {
    throw Error(ExitCode::usage, config::describe(*mistakes));
  }
  auto loaded = std::get<config::Loaded>(std::move(result));
  loaded.fields.mounts.clear();
  loaded.fields.env.clear();
  loaded.fields.ports.clear();
  std::vector<std::string> taken;
  for (const boxes::FoundSession& box : boxes::find_sessions()) {
    taken.push_back(box.name);
  }
  loaded.fields.name = free_name("doctor", taken);
  return loaded;
}

/// Starts a throw-away box and waits for its end. Builds nothing. Throws Error when it fails.
doctor::BoxTrial start_box() {
  const boxes::ScratchDirectory project("doctor");
  config::Loaded loaded = load_trial(project.path());
  policy::PolicyResult built = policy::build_policy(std::move(loaded.fields));
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&built)) {
    throw Error(ExitCode::usage, config::describe(*mistakes));
  }
  const policy::Policy& policy = std::get<policy::Policy>(built);
  const podman::Podman podman = podman::Podman::find();
  const box::Images images = known_images(policy.fields());
  if (!have_images(podman, images)) {
    return {doctor::BoxTrial::State::no_images};
  }
  const podman::PodmanInfo facts = podman::podman_info(podman);
  const box::Identities checked = box::identities_of_sources(policy.fields());
  const support::Signals signals; // from here on there is something to clean up
  box::sweep(podman, policy.fields().name);
  const support::Fd null_device(open("/dev/null", O_RDWR | O_CLOEXEC));
  const BoxStreams streams(null_device.get(), null_device.get());
  const auto start = std::chrono::steady_clock::now();
  const box::RunOutcome outcome =
      box::launch(policy, podman, facts, images, {box::DryRun::off, checked, true, loaded.preferences, false});
  const auto took = std::chrono::steady_clock::now() - start;
  support::throw_if_interrupted();
  if (!outcome.started) {
    throw Error(ExitCode::failed, "Podman could not start the box; see its message above");
  }
  if (outcome.exit_code != 0) {
    throw Error(ExitCode::failed, fmt::format("`true` ended with exit status {} in the box", outcome.exit_code));
  }
  return {doctor::BoxTrial::State::started, "", "",
          std::chrono::duration_cast<std::chrono::milliseconds>(took).count()};
}

doctor::BoxTrial try_box() {
  const auto level = spdlog::get_level();
  spdlog::set_level(spdlog::level::err);
  doctor::BoxTrial trial;
  try {
    trial = start_box();
  } catch (const support::Interrupted&) {
    throw;
  } catch (const Error& error) {
    trial = {doctor::BoxTrial::State::failed, error.what(), error.hint()};
  }
  spdlog::set_level(level);
  return trial;
}

} // namespace

void add_doctor(const CommandSpec& app, Context& context) {
  const CommandSpec command =
      app.command("doctor", "Check what this host can enforce, and print the commands that fix problems");
  struct Options {
    bool json = false;
    bool quick = false;
  };
  auto options = std::make_shared<Options>();
  command.flag("--json", options->json, "Print one JSON object");
  command.flag("--quick", options->quick, "Do not start a throw-away box, which takes a second or two");
  command.action([options, &context] {
    doctor::HostReport report = doctor::read_host();
    auto findings = doctor::examine(report);
    if (!options->quick && report.uid != 0 && doctor::enforceable(findings)) {
      report.box = try_box();
      findings = doctor::examine(report);
    }
    fmt::print("{}", options->json ? doctor::to_json(report, findings)
                                   : doctor::to_text(report, findings, support::wants_colour()));
    context.exit_code = doctor::enforceable(findings) ? 0 : 1;
  });
}

} // namespace agentbox::cli
