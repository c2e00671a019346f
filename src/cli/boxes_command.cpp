// SPDX-License-Identifier: Apache-2.0
// ps, stop and rm: the boxes that run, or that a dead launcher left.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "box/executor.hpp"
#include "boxes/registry.hpp"
#include "boxes/select.hpp"
#include "cli/subcommands.hpp"
#include "homes/kept_home.hpp"
#include "network/totals.hpp"
#include "podman/podman.hpp"
#include "support/error.hpp"
#include "support/pidfd.hpp"
#include "support/table.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using nlohmann::json;

json as_json(const boxes::FoundSession& box) {
  json entry = {{"name", box.name}, {"running", box.alive}};
  if (box.record) {
    entry.update(json::parse(boxes::to_json(*box.record)));
    if (!box.record->home.empty()) {
      entry["home_bytes"] = homes::size_of(box.record->home);
    }
  }
  return entry;
}

/// Returns how long ago `started` was: "2m", "3h".
std::string age(std::int64_t started) {
  const std::int64_t seconds = std::max<std::int64_t>(0, std::time(nullptr) - started);
  if (seconds < 60) {
    return fmt::format("{}s", seconds);
  }
  return seconds < 3600 ? fmt::format("{}m", seconds / 60) : fmt::format("{}h", seconds / 3600);
}

void print_table(const std::vector<boxes::FoundSession>& boxes) {
  std::vector<std::vector<std::string>> rows;
  for (const boxes::FoundSession& box : boxes) {
    const boxes::SessionRecord record = box.record.value_or(boxes::SessionRecord{});
    rows.push_back(
        {support::escape_untrusted(box.name), box.alive ? "running" : "dead", box.record ? age(record.started) : "?",
         support::escape_untrusted(record.command, 24),
         support::escape_untrusted(record.workspace) + (record.full_network ? "  (full network)" : "") +
             (record.home.empty() ? "" : "  (kept home: " + network::size_text(homes::size_of(record.home)) + ")")});
  }
  fmt::print("{}", support::table({{"NAME"}, {"STATE"}, {"AGE"}, {"RUNS"}, {"WORKSPACE"}}, rows));
}

void ps(bool as_data) {
  const std::vector<boxes::FoundSession> boxes = boxes::find_sessions();
  if (!as_data) {
    print_table(boxes);
    return;
  }
  json list = json::array();
  for (const boxes::FoundSession& box : boxes) {
    list.push_back(as_json(box));
  }
  fmt::print("{}\n", list.dump(2, ' ', true, json::error_handler_t::replace));
}

/// Removes what box `name` left if its launcher is dead, and what other dead launchers left. Waits for a process that
/// is already doing so.
void remove_leftovers(const std::string& name) {
  const std::vector<std::string> left = box::sweep(podman::Podman::find(), name);
  if (std::find(left.begin(), left.end(), name) != left.end()) {
    throw support::Error(support::ExitCode::failed, "the box \"" + name + "\" could not be removed",
                         "podman pod rm --force " + boxes::pod_name(name) + ", then again: agentbox rm " + name);
  }
}

/// Asks the launcher of a running box to end it, and returns when the launcher's process is gone, and with it the box
/// and its name. With `force`, kills a launcher that does not answer and removes the box.
void end_box(const std::string& name, bool force) {
  constexpr std::chrono::seconds k_patience{10}; // five of them are the agent's
  const auto is_running = [&] {
    const auto boxes = boxes::find_sessions();
    return std::any_of(boxes.begin(), boxes.end(), [&](const auto& box) { return box.name == name && box.alive; });
  };
  const support::Fd launcher = boxes::open_launcher(name);
  if (!launcher && is_running()) {
    throw support::Error(support::ExitCode::failed,
                         "the launcher of the box \"" + name + "\" runs in another PID namespace",
                         "run the command in the namespace where the box was started");
  }
  if (launcher) {
    support::send_signal(launcher, SIGTERM);
    const bool ended = support::ends_within(launcher, k_patience);
    if (!ended && !force) {
      throw support::Error(support::ExitCode::failed, "the box \"" + name + "\" did not end within 10 s",
                           "agentbox rm --force " + name);
    }
    if (!ended) {
      support::send_signal(launcher, SIGKILL);
      if (!support::ends_within(launcher, k_patience)) {
        throw support::Error(support::ExitCode::failed, "the launcher of the box \"" + name + "\" cannot be killed",
                             "it is in uninterruptible sleep, for example on an unresponsive file system; try again "
                             "when that is resolved");
      }
    }
  }
  const auto boxes = boxes::find_sessions();
  if (std::any_of(boxes.begin(), boxes.end(), [&](const auto& box) { return box.name == name && !box.alive; })) {
    remove_leftovers(name);
  }
}

void stop(const std::optional<std::string>& name) {
  end_box(boxes::select_running(name, std::filesystem::current_path()).name, false);
}

void rm(const std::string& name, bool force) {
  const auto boxes = boxes::find_sessions();
  const bool running =
      std::any_of(boxes.begin(), boxes.end(), [&](const auto& box) { return box.name == name && box.alive; });
  if (running && !force) {
    throw support::Error(support::ExitCode::usage, "the box \"" + name + "\" is running",
                         "agentbox stop " + name + ", or: agentbox rm --force " + name);
  }
  if (running) {
    end_box(name, true);
  } else {
    remove_leftovers(name);
  }
}

} // namespace

void add_ps(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec command = app.command("ps", "List running boxes and leftovers of boxes");
  auto as_data = std::make_shared<bool>(false);
  command.flag("--json", *as_data, "Print JSON");
  command.action([as_data] { ps(*as_data); });
}

void add_stop(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec command = app.command("stop", "Stop a box: send SIGTERM, and SIGKILL after five seconds");
  auto name = std::make_shared<std::optional<std::string>>();
  command.positional("NAME", *name, k_box_help);
  command.action([name] { stop(*name); });
}

void add_rm(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec command =
      app.command("rm", "Remove the leftovers of a box whose launcher died; with --force, also a "
                        "running box");
  auto name = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  command.required("NAME", *name, "Name of the box");
  command.flag("-f,--force", *force, "Stop the box first if it is running; kill it if that takes more than 10 seconds");
  command.action([name, force] { rm(*name, *force); });
}

} // namespace agentbox::cli
