// SPDX-License-Identifier: Apache-2.0
// allow and deny: change what a running box may reach.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <spdlog/spdlog.h>

#include "boxes/control_client.hpp"
#include "boxes/registry.hpp"
#include "boxes/select.hpp"
#include "cli/save.hpp"
#include "cli/subcommands.hpp"
#include "config/host_sets.hpp"
#include "config/locked.hpp"
#include "network/duration.hpp"
#include "policy/address.hpp"
#include "policy/public_suffix.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

namespace control = firewall::control;
using support::Error;
using support::ExitCode;

struct ChangeOptions {
  control::ControlRequest::Verb verb = control::ControlRequest::Verb::allow;
  std::string host; ///< or "@SET"
  std::optional<std::string> duration;
  std::optional<std::string> box;
  std::optional<std::string> save;
};

/// Refuses addresses, ports of this machine, and public suffixes (the firewall does not have their list).
void check_allowed(const std::string& entry) {
  const std::string_view host = std::string_view(entry).substr(0, entry.find(':'));
  const bool is_bare = policy::parse_address(entry).has_value();
  const bool is_address = is_bare || entry.starts_with('[') || policy::parse_address(host);
  if (is_address || policy::is_host_alias(host)) {
    const std::string bracketed = host.size() < entry.size() ? "[" + entry + "]" : entry;
    throw Error(ExitCode::usage,
                std::string(is_address ? "addresses" : "ports of this machine") + " cannot be allowed in a running box",
                "start a box with: agentbox run --allow " + (is_bare ? bracketed + ":PORT" : entry));
  }
  const policy::EntryResult parsed = policy::parse_listed_host(entry);
  if (const auto* problem = std::get_if<policy::EntryProblem>(&parsed)) {
    throw Error(ExitCode::usage, problem->message, problem->hint);
  }
}

/// Returns the hosts of HOST, which may name a set. A denial covers all ports of them.
std::vector<std::string> hosts_of(const std::string& given, bool allow, const config::Sources& sources) {
  if (!config::names_set(given)) {
    return {given};
  }
  std::vector<config::HostSet> sets;
  policy::Diagnostics mistakes;
  config::expand_sets({given}, "HOST", sources.sets, sets, mistakes);
  if (!mistakes.empty()) {
    throw Error(ExitCode::usage, mistakes.front().message, mistakes.front().hint);
  }
  if (allow && !sets.front().note.empty()) {
    spdlog::warn("{}: {}", given, sets.front().note);
  }
  std::set<std::string> hosts;
  for (const config::HostSet::Host& host : sets.front().hosts) {
    hosts.insert(allow ? host.entry.text() : host.entry.pattern.text());
  }
  return {hosts.begin(), hosts.end()};
}

std::uint32_t seconds_of(const std::optional<std::string>& text) {
  if (!text) {
    return 0;
  }
  const auto duration = network::parse_duration(*text);
  if (!duration || duration->count() > control::k_max_seconds) {
    throw Error(ExitCode::usage, support::in_quotes(*text) + " is not a valid duration of at most 30 days",
                "write for example 90s, 10m, 2h or 1h30m");
  }
  return static_cast<std::uint32_t>(duration->count());
}

/// Returns the selected box; nothing if none runs and the change is only saved.
std::optional<boxes::FoundSession> running_box(const ChangeOptions& options) {
  const auto boxes = boxes::find_sessions();
  const bool any = std::any_of(boxes.begin(), boxes.end(), [](const boxes::FoundSession& box) { return box.alive; });
  if (!any && options.save && !options.box) {
    return std::nullopt;
  }
  return boxes::select_running(options.box, std::filesystem::current_path());
}

void change_box(const boxes::FoundSession& box, const ChangeOptions& options, const std::string& host,
                std::uint32_t seconds) {
  if (box.record && box.record->full_network) {
    throw Error(ExitCode::usage, "the box \"" + box.name + "\" has no firewall: it was started with --full-network");
  }
  const control::ControlReply reply = boxes::ask_firewall(box.paths, {options.verb, host, seconds});
  const std::string message = support::escape_untrusted(reply.message, 1000);
  if (!reply.ok) {
    throw Error(ExitCode::refused, "box \"" + box.name + "\": " + message, support::escape_untrusted(reply.hint, 1000));
  }
  spdlog::info("box \"{}\": {}", box.name, message);
}

void change(const ChangeOptions& options) {
  const bool allow = options.verb == control::ControlRequest::Verb::allow;
  const config::Sources sources = config::standard_sources("/proc"); // no project: works in any directory
  const std::vector<std::string> hosts = hosts_of(options.host, allow, sources);
  if (allow) { // a denial only tightens
    std::for_each(hosts.begin(), hosts.end(), check_allowed);
    config::require_unlocked_hosts(sources);
  }
  const std::uint32_t seconds = seconds_of(options.duration);
  std::optional<Saving> saving;
  if (options.save) {
    saving.emplace(*options.save, allow, hosts); // fails before the box is changed
  }
  const auto box = running_box(options);
  if (box) {
    for (const std::string& host : hosts) {
      change_box(*box, options, host, seconds);
    }
  }
  if (saving) {
    saving->write();
  }
  if (!box) {
    spdlog::info("no box is running; the change applies from the next start");
  }
}

void add_change(const CommandSpec& app, const char* name, const char* description, control::ControlRequest::Verb verb) {
  const CommandSpec command = app.command(name, description);
  auto options = std::make_shared<ChangeOptions>();
  options->verb = verb;
  command.required(
      "HOST", options->host,
      verb == control::ControlRequest::Verb::allow
          ? "HOST[:PORT] (default port: 443), *.HOST for every name below HOST, or @SET (agentbox policy sets)"
          : "HOST[:PORT] (default: every port), *.HOST for every name below HOST, @SET, or host (this machine)");
  command.option(
      "--for", options->duration, "DURATION",
      "Undo the change after DURATION, e.g. 90s, 10m, 1h30m, 2d; at most 30 days (default: when the box ends)");
  command.option("--box", options->box, "NAME", k_box_help);
  command.choice("--save", options->save, {"project", "user"},
                 "Also save it for future boxes: project (this project) or user (all your boxes)");
  command.action([options] { change(*options); });
}

} // namespace

void add_allow(const CommandSpec& app, Context& /*context*/) {
  add_change(app, "allow", "Allow a running box to connect to a host", control::ControlRequest::Verb::allow);
}

void add_deny(const CommandSpec& app, Context& /*context*/) {
  add_change(app, "deny", "Deny a running box access to a host, and close open connections to it",
             control::ControlRequest::Verb::deny);
}

} // namespace agentbox::cli
