// SPDX-License-Identifier: Apache-2.0
// verify: attacks a box from inside with agentbox-probe and shows the results.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agents/agent_data.hpp"
#include "box/executor.hpp"
#include "box/launch.hpp"
#include "boxes/registry.hpp"
#include "boxes/select.hpp"
#include "cli/box_options.hpp"
#include "cli/box_streams.hpp"
#include "cli/images.hpp"
#include "cli/subcommands.hpp"
#include "cli/version.hpp"
#include "logins/login_store.hpp"
#include "podman/installation.hpp"
#include "podman/landlock.hpp"
#include "podman/podman_info.hpp"
#include "protocol/protocol.hpp"
#include "selinux/host_selinux.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/pidfd.hpp"
#include "support/signals.hpp"
#include "support/terminal.hpp"
#include "support/text.hpp"
#include "verify/outside.hpp"
#include "verify/probe_arguments.hpp"
#include "verify/report.hpp"

namespace agentbox::cli {
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;
using Clock = std::chrono::steady_clock;

constexpr std::size_t k_probe_bytes = 16U << 20U;
constexpr std::size_t k_report_bytes = 256U << 10U;
constexpr std::size_t k_config_bytes = 4U << 20U;
constexpr std::size_t k_least_attempts = 150; ///< of the probe's table; a report with fewer was tampered with
constexpr std::chrono::seconds k_patience{60};

struct VerifyOptions {
  std::optional<std::string> name;
  BoxOptions box;
  bool json = false;
  bool all = false;
};

std::filesystem::path probe_program() {
  return podman::find_installation().libexec / "agentbox-probe";
}

std::vector<std::string> probe_argv(const protocol::Expected& expected) {
  std::vector<std::string> words = {protocol::k_entrypoint_program, "probe"};
  const std::vector<std::string> arguments = verify::probe_arguments(expected);
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

std::string text_of(const Fd& file) {
  std::string text(k_report_bytes, '\0');
  const ssize_t count = pread(file.get(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

verify::VerifyReport new_report(const std::string& box, bool fresh, const podman::PodmanInfo& facts,
                                const std::string& program) {
  verify::VerifyReport report;
  report.box = box;
  report.fresh = fresh;
  utsname kernel{};
  uname(&kernel);
  report.versions = {{"agentbox", k_version},
                     {"podman", facts.podman.text()},
                     {"kernel", support::escape_untrusted(static_cast<const char*>(kernel.release))}};
  report.digests = {{"probe", support::sha256_hex(program)}};
  return report;
}

/// Starts a new box for the current directory, with the probe as its command.
verify::VerifyReport verify_fresh(const BoxOptions& options, const Context& context) {
  boxes::require_runtime_directory();
  Context probe_context = context;
  const podman::Podman podman = podman::Podman::find();
  const podman::PodmanInfo facts = podman::podman_info(podman);
  const config::Loaded loaded = load_box(options, probe_context);
  const policy::Limits& limits = loaded.fields.limits;
  const bool filtered = loaded.fields.egress.mode != policy::NetworkMode::full;
  probe_context.command = probe_argv({filtered, limits.pids, limits.memory_bytes.value_or(0), limits.shm_bytes,
                                      limits.tmp_bytes, static_cast<std::uint64_t>(podman::landlock_abi(facts))});
  const auto [policy, workspace, preferences, notices, sets] = open_box(options, probe_context, MayAsk::no);
  box::Identities checked = box::identities_of_sources(policy.fields());
  checked[policy.fields().workspace.source] = {workspace.device, workspace.inode, true}; // from the earlier check
  const std::filesystem::path program = probe_program();
  verify::VerifyReport report =
      new_report(policy.fields().name, true, facts, support::read_file(program, k_probe_bytes));
  report.digests["policy"] = support::sha256_hex(policy::to_json(policy));
  const support::Signals signals; // from here on there is something to clean up
  box::sweep(podman, policy.fields().name);
  const box::Images images = ensure_images(policy.fields(), preferences, podman, facts, false);
  report.digests["agent_image"] = images.agent;
  report.digests["firewall_image"] = images.firewall;
  const Fd in(open(program.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd out(memfd_create("report", MFD_CLOEXEC));
  const auto start = Clock::now();
  box::RunOutcome outcome;
  {
    spdlog::set_level(spdlog::level::warn); // denials of the probe are expected
    const BoxStreams streams(in.get(), out.get());
    outcome = box::launch(policy, podman, facts, images, {box::DryRun::off, checked, true, preferences, false});
  }
  spdlog::set_level(spdlog::level::info);
  report.duration = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  support::throw_if_interrupted();
  if (outcome.signal != 0) {
    throw support::Interrupted(outcome.signal);
  }
  if (!outcome.started) {
    throw Error(ExitCode::failed, "Podman could not start the box; see its message above",
                "agentbox doctor checks this host");
  }
  report.rows = verify::parse_rows(text_of(out), k_least_attempts);
  return report;
}

void add_digest(verify::VerifyReport& report, const char* name, const std::filesystem::path& file) {
  if (const auto text = support::read_file_if_exists(file, k_probe_bytes)) {
    report.digests[name] = support::sha256_hex(*text);
  }
}

/// Returns the contexts that the box must have; nothing unless SELinux is enforcing.
std::optional<selinux::BoxContexts> labels_of(const boxes::SessionRecord& record, const std::string& config) {
  const auto host = selinux::host_selinux();
  if (!host || !host->enforcing) {
    return std::nullopt;
  }
  auto contexts = selinux::box_contexts(host->contexts, host->levels, geteuid(), record.workspace);
  if (const auto own = selinux::parse_context(verify::process_label_of(config)); own && host->levels) {
    contexts.agent.level = contexts.agent_files.level = own->level; // includes the levels of its logins
  }
  return contexts;
}

/// Returns where logins are on this host.
verify::LoginPaths login_paths() {
  verify::LoginPaths paths;
  for (const agents::AgentData& agent : agents::agent_data()) {
    for (const std::string& file : agent.auth) { // without a [login], --auth mounts the host's file
      if (!agent.login) {
        const std::filesystem::path path = support::home_directory() / file;
        paths.given[path] = agent.name;
        paths.closed.push_back(path.parent_path());
      }
    }
  }
  for (const logins::LoginKind& kind : logins::login_kinds()) {
    for (const logins::LoginOrigin origin : {logins::LoginOrigin::own, logins::LoginOrigin::host}) {
      const logins::LoginPlace place = logins::place_of(kind, origin);
      paths.given[place.shared()] = kind.agent;
      paths.closed.push_back(place.file);
    }
  }
  paths.closed.push_back(logins::logins_directory());
  return paths;
}

/// Verifies a running box: the probe goes in through `podman exec` as bytes on its stdin, and the host's /proc is asked
/// as well.
verify::VerifyReport verify_running(const std::string& name) {
  const boxes::FoundSession box = boxes::select_running(name, std::filesystem::current_path());
  const podman::Podman podman = podman::Podman::find();
  const std::string program = support::read_file(probe_program(), k_probe_bytes);
  const std::string config = support::read_file(box.paths.agent_config(), k_config_bytes);
  verify::VerifyReport report = new_report(box.name, false, podman::podman_info(podman), program);
  add_digest(report, "agent.json", box.paths.agent_config());
  add_digest(report, "firewall.json", box.paths.firewall_config());
  add_digest(report, "egress.json", box.paths.egress());
  report.digests["agent_image"] = box.record->agent_image;
  report.digests["firewall_image"] = box.record->firewall_image;
  const auto start = Clock::now();
  const pid_t agent = support::read_pid(box.paths.agent_pid()).value_or(0);
  const pid_t firewall = support::read_pid(box.paths.firewall_pid()).value_or(0);
  // Held so that a reused process ID is noticed at the end.
  const std::array<Fd, 2> processes = {support::open_pidfd(agent), support::open_pidfd(firewall)};
  report.rows = verify::inspect_from_host(agent, firewall, podman::find_installation().entrypoint(), login_paths(),
                                          labels_of(*box.record, config));
  if (std::any_of(processes.begin(), processes.end(),
                  [](const Fd& process) { return !process || support::has_ended(process); })) {
    throw Error(ExitCode::failed, "the box \"" + box.name + "\" ended while it was verified",
                "agentbox ps lists the boxes");
  }
  std::vector<std::string> words = {"exec", "-i", "--user", "1000:1000", boxes::agent_container(box.name)};
  const std::vector<std::string> argv = probe_argv(verify::expectations_of(config));
  words.insert(words.end(), argv.begin(), argv.end());
  const support::Captured result = support::capture(podman.command(words), program, {k_report_bytes, k_patience});
  report.duration = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  if (result.out.empty()) {
    throw podman::explain("cannot attack the box from inside", result);
  }
  const std::vector<verify::Row> rows = verify::parse_rows(result.out, k_least_attempts);
  report.rows.insert(report.rows.end(), rows.begin(), rows.end());
  return report;
}

} // namespace

void add_verify(const CommandSpec& app, Context& context) {
  const CommandSpec command = app.command("verify", "Attack a box from inside and show what stopped each attack");
  auto options = std::make_shared<VerifyOptions>();
  command.positional("NAME", options->name, "Running box to attack (default: create one for this directory)");
  command.flag("--all", options->all, "Show every attack, including those that were stopped");
  command.flag("--json", options->json, "Print one JSON object with every attack, versions and digests");
  command.flag("--full-network", options->box.overrides.full_network,
               "Attack a new box without a firewall, to check that the attacks themselves work");
  options->box.any_workspace = true; // no agent runs
  command.flag("--trust-project", options->box.trust_project, "Trust the project's configuration, for this run only");
  command.action([options, &context] {
    podman::refuse_root();
    const verify::VerifyReport report =
        options->name ? verify_running(*options->name) : verify_fresh(options->box, context);
    fmt::print("{}", options->json ? verify::to_json(report)
                                   : verify::to_text(report, options->all, support::wants_colour()));
    context.exit_code = verify::passed(report) ? 0 : 1;
  });
}

} // namespace agentbox::cli
