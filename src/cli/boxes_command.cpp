// SPDX-License-Identifier: Apache-2.0
// ps, stop and rm: the boxes that run, or that a dead launcher left.
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <spdlog/spdlog.h>

#include "box/executor.hpp"
#include "boxes/registry.hpp"
#include "boxes/select.hpp"
#include "cli/subcommands.hpp"
#include "podman/podman.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using nlohmann::json;

json as_json(const boxes::Found& box) {
  json entry = {{"name", box.name}, {"running", box.alive}};
  if (box.record) {
    entry.update(json::parse(boxes::to_json(*box.record)));
  }
  return entry;
}

/// "2m", "3h": how long ago `started` was.
std::string age(std::int64_t started) {
  const std::int64_t seconds = std::max<std::int64_t>(0, std::time(nullptr) - started);
  if (seconds < 60) {
    return fmt::format("{}s", seconds);
  }
  return seconds < 3600 ? fmt::format("{}m", seconds / 60) : fmt::format("{}h", seconds / 3600);
}

void print_table(const std::vector<boxes::Found>& boxes) {
  fmt::print("{:<24} {:<8} {:<6} {:<24} {}\n", "NAME", "STATE", "AGE", "RUNS", "WORKSPACE");
  for (const boxes::Found& box : boxes) {
    const boxes::SessionRecord record = box.record.value_or(boxes::SessionRecord{});
    fmt::print("{:<24} {:<8} {:<6} {:<24} {}{}\n", support::escape_untrusted(box.name), box.alive ? "running" : "dead",
               box.record ? age(record.started) : "?", support::escape_untrusted(record.command, 24),
               support::escape_untrusted(record.workspace), record.full_network ? "  (full network)" : "");
  }
}

void ps(bool as_data) {
  const std::vector<boxes::Found> boxes = boxes::find_sessions();
  if (!as_data) {
    print_table(boxes);
    return;
  }
  json list = json::array();
  for (const boxes::Found& box : boxes) {
    list.push_back(as_json(box));
  }
  fmt::print("{}\n", list.dump(2, ' ', true, json::error_handler_t::replace));
}

void stop(const std::optional<std::string>& name) {
  const boxes::Found box = boxes::select_running(name, std::filesystem::current_path());
  if (!boxes::ask_to_stop(box)) {
    throw support::Error(support::ExitCode::failed, "the box \"" + box.name + "\" did not end within 10 s",
                         "agentbox rm --force " + box.name);
  }
}

/// Ends the launcher without asking, and removes what is left.
void force_remove(const std::string& name, const podman::Podman& podman) {
  const boxes::Found box = boxes::select_running(name, {});
  const std::vector<std::string> problems =
      box::tear_down(box::make_teardown(box.name, box.paths, podman)); // its launcher sees the end and goes
  if (!problems.empty()) {
    throw support::Error(support::ExitCode::failed, support::join(problems, "; "),
                         "podman pod rm --force " + boxes::pod_name(name));
  }
}

bool is_running(const std::string& name) {
  const auto boxes = boxes::find_sessions();
  return std::any_of(boxes.begin(), boxes.end(), [&](const auto& box) { return box.name == name && box.alive; });
}

void rm(const std::string& name, bool force) {
  const podman::Podman podman = podman::Podman::find();
  if (!is_running(name)) {
    box::sweep(podman); // takes this one and every other that is dead
    return;
  }
  if (!force) {
    throw support::Error(support::ExitCode::usage, "the box \"" + name + "\" is running",
                         "agentbox stop " + name + ", or: agentbox rm --force " + name);
  }
  force_remove(name, podman);
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
  command.positional("NAME", *name, "Name of the box (default: the one running in this directory)");
  command.action([name] { stop(*name); });
}

void add_rm(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec command = app.command("rm", "Remove the leftovers of a box whose launcher died");
  auto name = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  command.required("NAME", *name, "Name of the box");
  command.flag("-f,--force", *force, "Stop the box first if it is running");
  command.action([name, force] { rm(*name, *force); });
}

} // namespace agentbox::cli
