// SPDX-License-Identifier: Apache-2.0
#include "session/launch.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "network/history.hpp"
#include "session/announce.hpp"
#include "session/blocked.hpp"
#include "session/executor.hpp"
#include "session/live.hpp"
#include "session/probe.hpp"
#include "session/registry.hpp"
#include "session/show_plan.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::session {
namespace {

using support::Error;
using support::ExitCode;

/// What the hook or the firewall left for the user, when the box was refused.
struct Refusal {
  std::string message;
  std::string hint;
};

std::optional<Refusal> read_refusal(const std::filesystem::path& file) {
  const std::string text = support::read_file_if_exists(file, 8192).value_or("");
  if (text.empty()) {
    return std::nullopt;
  }
  const auto end = text.find('\n');
  const std::string rest = end == std::string::npos ? "" : text.substr(end + 1);
  return Refusal{support::escape_untrusted(text.substr(0, end), 1000),
                 support::escape_untrusted(rest.substr(0, rest.find('\n')), 1000)};
}

/// The folder of the audit logs is there, and the logs of boxes of long ago have not filled the disk.
void prepare_audit_folder() {
  constexpr std::uintmax_t k_most = std::uintmax_t{512} << 20U;
  support::make_private_folder(audit_folder());
  std::vector<std::string> running;
  for (const Found& box : find_sessions()) {
    running.push_back(box.name);
  }
  network::prune_history(audit_folder(), k_most, running);
}

/// Throws the reason for which the box did not start, or for which it ended, when it was not the agent's own end.
void throw_refusal(const Result& result, const std::optional<Refusal>& refused,
                   const std::optional<Refusal>& firewall) {
  if (refused) {
    throw Error(ExitCode::refused, refused->message, refused->hint);
  }
  if (result.outcome.reason == Outcome::Reason::firewall_died) {
    throw Error(ExitCode::failed,
                "the firewall ended, so the box was ended: " + (firewall ? firewall->message : "it was killed"),
                "the box's network stayed closed; start it again");
  }
}

} // namespace

Launched launch(const policy::Policy& policy, const podman::Podman& podman, const podman::HostFacts& facts,
                const Images& images, DryRun dry_run, const config::Preferences& preferences) {
  const policy::PolicyFields& fields = policy.fields();
  const Terminal terminal = own_terminal();
  const Paths paths = session_paths(fields.name);
  const Host host{podman,
                  facts,
                  podman::find_installation(),
                  probe_host(fields, facts, paths, terminal),
                  paths,
                  audit_folder(),
                  images,
                  std::time(nullptr),
                  getpid()};
  const Plan plan = make_plan(policy, host);
  if (dry_run != DryRun::off) {
    fmt::print("{}", dry_run == DryRun::json ? plan_json(plan, policy) : plan_text(plan, policy));
    return {};
  }
  for (const std::string& line : announcement(fields, terminal, support::home_folder().string())) {
    spdlog::info("{}", line);
  }
  const Signals signals; // before the first thing is made: a signal must not leave half of it
  const Claim claim = claim_session(fields.name);
  const std::string start = firewall::audit::format_time(std::chrono::system_clock::now());
  prepare_audit_folder();
  std::optional<Refusal> refused;
  std::optional<Refusal> firewall;
  const bool interactive_agent = fields.run.kind == policy::Run::Kind::agent && terminal.interactive();
  const KnownRequests known(interactive_agent ? policy::known_requests(fields.agent.name)
                                              : std::vector<policy::KnownRequest>());
  std::set<std::string> said;
  const Result result = [&] {
    LiveNotices notices(host.audit, fields.name, terminal, preferences.notify, known);
    const Aside aside{[&] { return notices.look(); }, LiveNotices::k_pace};
    Result done = execute(
        plan, signals,
        [&] {
          refused = read_refusal(paths.hook_error());
          firewall = read_refusal(paths.failed());
        },
        aside);
    said = notices.said();
    return done;
  }();
  for (const std::string& problem : result.problems) {
    spdlog::error("{}", problem);
  }
  for (const std::string& line :
       blocked_summary(without_known(network::read_history(host.audit, {fields.name, start}), known), said)) {
    spdlog::info("{}", line);
  }
  throw_refusal(result, refused, firewall);
  const int exit_code =
      result.problems.empty() ? result.exit_code : std::max(result.exit_code, static_cast<int>(ExitCode::failed));
  return {exit_code, result.started || result.outcome.status.signal != 0};
}

} // namespace agentbox::session
