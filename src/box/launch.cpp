// SPDX-License-Identifier: Apache-2.0
#include "box/launch.hpp"

#include <algorithm>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "agents/agent_data.hpp"
#include "box/announce.hpp"
#include "box/before_step.hpp"
#include "box/box_file.hpp"
#include "box/executor.hpp"
#include "box/host_resolver.hpp"
#include "box/own_mount.hpp"
#include "box/show_plan.hpp"
#include "boxes/registry.hpp"
#include "conversations/store.hpp"
#include "git/layout.hpp"
#include "guard/git_carried.hpp"
#include "guard/guard.hpp"
#include "network/denied_summary.hpp"
#include "network/history.hpp"
#include "network/live_notices.hpp"
#include "podman/landlock.hpp"
#include "review/review_report.hpp"
#include "review/scan.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace {

using support::Error;
using support::ExitCode;

/// The reason why the hook or the firewall refused the box.
struct Refusal {
  std::string message;
  std::string hint;
};

/// Reads `file`, which is below the session directory. In run/ a compromised firewall can create anything: links are
/// not followed and devices not read.
std::optional<Refusal> read_refusal(const boxes::SessionPaths& paths, const std::filesystem::path& file) {
  std::string text;
  try {
    text = support::read_file_beneath(paths.directory, file.lexically_relative(paths.directory), 8192).value_or("");
  } catch (const Error& error) {
    return Refusal{error.what(), {}};
  }
  if (text.empty()) {
    return std::nullopt;
  }
  const auto end = text.find('\n');
  const std::string rest = end == std::string::npos ? "" : text.substr(end + 1);
  return Refusal{support::escape_untrusted(text.substr(0, end), 1000),
                 support::escape_untrusted(rest.substr(0, rest.find('\n')), 1000)};
}

/// Removes old logs, so that they never fill the disk.
void prune_logs() {
  constexpr std::uintmax_t k_max_history = std::uintmax_t{512} << 20U;
  std::vector<std::string> running;
  for (const boxes::FoundSession& box : boxes::find_sessions()) {
    running.push_back(box.name);
  }
  network::prune_history(boxes::audit_directory(), k_max_history, running);
}

/// Throws the reason why the box was refused, or why it ended when the agent did not end by itself.
void throw_refusal(const RunOutcome& outcome, const std::optional<Refusal>& refused,
                   const std::optional<Refusal>& firewall) {
  if (refused) {
    throw Error(ExitCode::refused, refused->message, refused->hint);
  }
  if (!outcome.started && firewall) { // it ended before Podman reached the agent's container and its hook
    throw Error(ExitCode::refused, "the firewall did not start: " + firewall->message, firewall->hint);
  }
  if (outcome.reason == RunOutcome::Reason::firewall_died) {
    throw Error(ExitCode::failed,
                firewall ? "the firewall failed, so the box was stopped: " + firewall->message
                         : "the firewall was killed, so the box was stopped",
                "the network stayed closed; start the box again");
  }
}

/// Calls `act` after the run: a failure is logged, and never replaces the run's outcome.
void do_afterwards(const std::function<void()>& act) {
  try {
    act();
  } catch (const support::Interrupted&) { // reported by the exit code
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
  }
}

struct Setting {
  const policy::Policy& policy;
  const podman::Podman& podman;
  const podman::PodmanInfo& facts;
  const Images& images;
  const boxes::SessionPaths& paths;
  const support::Terminal& terminal;
  const Identities& checked;
  const config::Preferences& preferences;
};

/// Returns what the box cannot write or move: the guarded paths and the directories above them are mounts in it.
/// A tree's root is only one of them when it is itself a repository; what is in it is examined by name in any case.
review::MountedFiles mounted_files(const oci::HostFacts& facts) {
  review::MountedFiles mounted;
  for (const auto& [path, identity] : facts.sources) {
    const bool below = facts.sources.contains(path.parent_path()) || facts.sources.contains(path / git::k_hooks);
    if (below) {
      mounted.emplace(identity.device, identity.inode);
    }
  }
  return mounted;
}

std::vector<std::filesystem::path> writable_directories(const policy::PolicyFields& fields) {
  std::vector<std::filesystem::path> directories = {fields.workspace.source};
  for (const policy::Mount& mount : fields.mounts) {
    if (!mount.read_only && mount.reason != policy::k_home_reason && std::filesystem::is_directory(mount.source)) {
      directories.push_back(mount.source);
    }
  }
  return directories;
}

/// Returns the writable directories, and the paths in them that the Git configuration refers to: the box could create
/// those.
std::vector<review::ReviewedTree> trees_of(const policy::PolicyFields& fields, const oci::HostFacts& facts) {
  std::vector<review::ReviewedTree> trees;
  for (std::filesystem::path& directory : writable_directories(fields)) {
    const auto references = facts.git_references.find(directory);
    trees.push_back(references == facts.git_references.end()
                        ? review::ReviewedTree{std::move(directory), {}, {}}
                        : review::ReviewedTree{std::move(directory), references->second.referenced,
                                               references->second.command_files});
  }
  return trees;
}

struct Prepared {
  Plan plan;
  std::vector<review::ReviewedTree> trees; ///< to review when the box has ended
  review::Baseline baseline;
  std::vector<std::string> notices;
  std::optional<HostResolver> resolver;
};

/// Gives the box some of the user's Git settings as its system-wide configuration, which the box's own and the
/// repository's override.
void add_git_settings(const policy::PolicyFields& fields, oci::HostFacts& facts) {
  guard::CarriedSettings carried = guard::carried_settings(guard::standard_settings_files(), fields.workspace.source);
  for (std::string& notice : carried.notices) {
    facts.notices.push_back(std::move(notice));
  }
  if (carried.files.contains(protocol::k_git_config)) {
    facts.agent_env.emplace("GIT_CONFIG_SYSTEM", protocol::k_git_config_path);
  }
  facts.agent_env.merge(std::move(carried.environment));
  facts.box_files = std::move(carried.files);
}

Prepared plan_for(const Setting& setting, MissingPaths missing) {
  const std::int64_t labelled = setting.facts.selinux ? labelled_at(setting.policy.fields().workspace.source) : 0;
  oci::HostFacts facts = probe_host(setting.policy.fields(), setting.facts, setting.paths, setting.terminal, missing,
                                    setting.checked, labelled);
  facts.compare_inside = true;
  facts.leash = true;
  facts.landlock_abi = podman::landlock_abi(facts.seccomp_profile);
  const policy::PolicyFields& fields = setting.policy.fields();
  const std::optional<BoxLabels> labels = labels_for(fields, setting.facts, facts, setting.preferences.label);
  if (setting.preferences.git_host_settings) {
    add_git_settings(fields, facts);
  }
  std::string ca_bundle;
  if (labels) {
    facts.selinux = oci_labels(labels->contexts);
    if (fields.ca_bundle) { // its own label must not change
      facts.ca_copy = setting.paths.ca_bundle();
      ca_bundle = support::read_file(*fields.ca_bundle, k_max_ca_bundle);
    }
  }
  Prepared prepared;
  prepared.notices = protection_notices(facts.git_references[fields.workspace.source], fields.workspace);
  prepared.notices.insert(prepared.notices.end(), facts.notices.begin(), facts.notices.end());
  prepared.trees = trees_of(fields, facts);
  prepared.baseline = review::record_baseline(prepared.trees, mounted_files(facts));
  prepared.resolver.emplace(setting.paths.host_resolv_conf(), loopback_resolver(setting.facts));
  const Host host{setting.podman,
                  setting.facts,
                  podman::find_installation(),
                  std::move(facts),
                  setting.paths,
                  boxes::audit_directory(),
                  setting.images,
                  std::time(nullptr),
                  getpid(),
                  prepared.resolver->at_start(),
                  labels,
                  std::move(ca_bundle)};
  prepared.plan = make_plan(setting.policy, host);
  return prepared;
}

void announce(const policy::PolicyFields& fields, const support::Terminal& terminal,
              const std::vector<std::string>& notices) {
  for (const std::string& line : announcement(fields, terminal, support::home_directory().string())) {
    spdlog::info("{}", line);
  }
  for (const std::string& line : notices) {
    spdlog::info("{}", line);
  }
  if (const auto elsewhere = guard::repository_elsewhere(fields)) {
    spdlog::info("{}", *elsewhere);
  }
}

/// Returns the workspace as the registry identifies it.
boxes::WorkspaceClaim claim_of(const policy::Workspace& workspace, const LaunchOptions& options) {
  const oci::FileIdentity& identity = options.checked.at(workspace.source);
  return {identity.device, identity.inode, options.share_workspace};
}

protocol::FileId id_of(const std::filesystem::path& source, const LaunchOptions& options) {
  const oci::FileIdentity& identity = options.checked.at(source);
  return {identity.device, identity.inode};
}

std::vector<protocol::FileId> mounts_of(const policy::PolicyFields& fields, const LaunchOptions& options) {
  std::vector<protocol::FileId> mounts;
  for (const std::filesystem::path& directory : writable_directories(fields)) {
    mounts.push_back(id_of(directory, options));
  }
  return mounts;
}

/// Removes what guard made in the workspace and the writable mounts, except in directories that another box uses.
void clean_workspace(const policy::PolicyFields& fields, const boxes::Claim& claim, const LaunchOptions& options) {
  for (const std::filesystem::path& directory : writable_directories(fields)) {
    boxes::when_alone_in(claim, id_of(directory, options), [&] { guard::remove_made(directory); });
  }
}

/// Logs what the box left that the host may run or trust, and keeps it for `agentbox review`.
void report(const policy::PolicyFields& fields, const Prepared& prepared, const review::Moment& start) {
  review::ReviewReport report;
  report.box = fields.name;
  report.workspace = fields.workspace.source;
  report.since = start.seconds();
  review::scan(prepared.trees, start.earliest(), fields.workspace.protect, prepared.baseline, review::ScanLimits{},
               report);
  for (const std::string& line : review::summary(report)) {
    spdlog::info("{}", line);
  }
  review::keep(review::review_directory(), report);
}

/// Executes the plan in a session that we have claimed.
RunOutcome run_plan(Prepared& prepared, const boxes::Claim& claim, const policy::PolicyFields& fields,
                    const support::Terminal& terminal, const LaunchOptions& options) {
  const boxes::SessionPaths& paths = prepared.plan.paths;
  const review::Moment start = review::Moment::now();
  std::optional<Refusal> refused;
  std::optional<Refusal> firewall;
  const bool interactive_agent = fields.run.kind == policy::Run::Kind::agent && terminal.interactive();
  const agents::AgentData* agent = interactive_agent ? agents::find_agent_data(fields.agent.name) : nullptr;
  network::LiveNotices notices(boxes::audit_directory(), fields.name, terminal, options.preferences.notify,
                               agent == nullptr ? network::KnownRequests()
                                                : network::KnownRequests(agent->known_requests));
  BoxFile box_file(paths.box_file(), fields);
  notices.on_record([&](const firewall::audit::AuditRecord& record) { box_file.update(record); });
  std::vector<logins::Synchronizer> logins = synchronizers_of(fields);
  const PeriodicTask task{[&] {
                            prepared.resolver->refresh();
                            for (logins::Synchronizer& login : logins) {
                              login.poll();
                            }
                            return notices.report_new();
                          },
                          network::LiveNotices::k_pace};
  RunOutcome outcome = execute(
      prepared.plan, claim,
      [&] {
        refused = read_refusal(paths, paths.hook_error());
        firewall = read_refusal(paths, paths.failed());
      },
      task);
  before_step(Phase::launch, 8);
  for (logins::Synchronizer& login : logins) { // after the teardown: no agent renews it any more
    do_afterwards([&] { login.finish(); });
  }
  do_afterwards([&] {
    for (const std::string& line : network::denied_summary(notices.denied(), notices.reported())) {
      spdlog::info("{}", line);
    }
  });
  if (outcome.started && options.review) { // after the teardown: nothing of the box can change the files any more
    do_afterwards([&] { report(fields, prepared, start); });
  }
  before_step(Phase::launch, 9);
  do_afterwards([&] {
    if (const auto line = resume_line(fields, start.seconds())) {
      spdlog::info("{}", *line);
    }
    conversations::prune(std::time(nullptr), options.preferences.history_days);
  });
  do_afterwards([&] {
    if (const auto made = guard::describe_made_worktrees(fields, start.seconds())) {
      spdlog::info("{}", *made);
    }
  });
  do_afterwards(prune_logs);
  throw_refusal(outcome, refused, firewall);
  return outcome;
}

} // namespace

RunOutcome launch(const policy::Policy& policy, const podman::Podman& podman, const podman::PodmanInfo& facts,
                  const Images& images, const LaunchOptions& options) {
  const policy::PolicyFields& fields = policy.fields();
  const support::Terminal terminal = support::own_terminal();
  const boxes::SessionPaths paths = boxes::session_paths(fields.name);
  const Setting setting{policy, podman, facts, images, paths, terminal, options.checked, options.preferences};
  if (options.dry_run != DryRun::off) {
    const Plan plan = plan_for(setting, MissingPaths::assume).plan;
    fmt::print("{}", options.dry_run == DryRun::json ? plan_json(plan, policy) : plan_text(plan, policy));
    return {};
  }
  const support::Signals signals; // a signal must not leave half a session behind
  before_step(Phase::launch, 5);
  const boxes::Claim claim =
      boxes::claim_session(fields.name, claim_of(fields.workspace, options), mounts_of(fields, options));
  RunOutcome outcome;
  std::exception_ptr failure;
  try {
    before_step(Phase::launch, 6);
    std::optional<Prepared> prepared;
    try {
      prepared = plan_for(setting, MissingPaths::create);
      announce(fields, terminal, prepared->notices); // examines the workspace, which may have been removed
      before_step(Phase::launch, 7);
      support::throw_if_interrupted();
    } catch (...) {
      const support::CleanUp clean_up;
      do_afterwards([&] { boxes::remove_session(claim); });
      throw;
    }
    outcome = run_plan(*prepared, claim, fields, terminal, options);
  } catch (...) {
    failure = std::current_exception();
  }
  {
    const support::CleanUp clean_up;
    do_afterwards([&] { clean_workspace(fields, claim, options); });
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
  return outcome;
}

} // namespace agentbox::box
