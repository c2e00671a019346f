// SPDX-License-Identifier: Apache-2.0
// login, logout: logins for agents that agentbox keeps, and boxes get with --auth.
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "box/executor.hpp"
#include "box/launch.hpp"
#include "boxes/registry.hpp"
#include "boxes/scratch_directory.hpp"
#include "cli/box_options.hpp"
#include "cli/images.hpp"
#include "cli/subcommands.hpp"
#include "config/load.hpp"
#include "config/locked.hpp"
#include "logins/login_store.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "policy/agents.hpp"
#include "policy/allow_entry.hpp"
#include "policy/public_suffix.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/local_time.hpp"
#include "support/signals.hpp"
#include "support/sorted.hpp"
#include "support/table.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

namespace fs = std::filesystem;
using logins::LoginKind;
using logins::LoginOrigin;
using support::Error;
using support::ExitCode;

struct LoginOptions {
  std::optional<std::string> agent;
  bool browser = false;
  bool status = false;
  bool json = false;
};

const LoginKind& kind_of(const std::string& agent) {
  if (const LoginKind* kind = logins::find_login_kind(agent)) {
    return *kind;
  }
  std::vector<std::string> names;
  for (const LoginKind& kind : logins::login_kinds()) {
    names.push_back(kind.agent);
  }
  throw Error(ExitCode::not_found,
              "agentbox cannot sign in to " + support::in_quotes(agent) +
                  support::did_you_mean(agent.substr(0, 64), names),
              "it can sign in to " + support::join(names, ", ") + "; for others: --auth, --mount or --env");
}

/// A directory for one sign-in, with an empty project and a directory for the login.
class SignInDirectory {
public:
  SignInDirectory() {
    for (const char* name : {k_workspace, k_login}) {
      support::make_private_directory(m_scratch.path() / name);
    }
  }

  fs::path workspace() const { return m_scratch.path() / k_workspace; }
  fs::path login() const { return m_scratch.path() / k_login; }

private:
  static constexpr const char* k_workspace = "workspace";
  static constexpr const char* k_login = "login";
  boxes::ScratchDirectory m_scratch{"sign-in"};
};

/// Returns the user's configuration for a box that can reach only the hosts of the sign-in, and sees only the place for
/// the login.
config::Loaded load_sign_in(const LoginKind& kind, const SignInDirectory& directory, bool browser) {
  config::Overrides overrides;
  overrides.agent = kind.agent;
  overrides.run.kind = policy::Run::Kind::command;
  const auto port = static_cast<std::uint16_t>(kind.callback_port);
  overrides.run.command = kind.sign_in;
  if (browser) {
    overrides.run.command = {protocol::k_entrypoint_program, "relay", std::to_string(port)};
    overrides.run.command.insert(overrides.run.command.end(), kind.browser_sign_in.begin(), kind.browser_sign_in.end());
  }
  const config::Sources sources = config::standard_sources(directory.workspace());
  config::LoadResult result = config::load(sources, overrides);
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&result)) {
    throw Error(ExitCode::usage, config::describe(*mistakes));
  }
  auto loaded = std::get<config::Loaded>(std::move(result));
  policy::PolicyFields& fields = loaded.fields;
  const std::vector<policy::HostEntry> listed = std::move(fields.egress.allow);
  fields.egress.allow.clear();
  fields.egress.allow_addresses.clear();
  fields.egress.host_ports.clear();
  for (const std::string& host : kind.sign_in_hosts) {
    policy::add_entry(std::get<policy::AllowEntry>(policy::parse_listed_entry(host)), fields.egress);
  }
  support::sort_unique(fields.egress.allow);
  for (const policy::HostEntry& entry : fields.egress.allow) {
    if (!support::contains(listed, entry)) {
      config::require_unlocked_hosts(sources);
    }
  }
  const std::string inside = fields.user.home + "/" + protocol::k_login_directory + "/" + kind.agent;
  fields.mounts = {{directory.login(), inside, false, "agentbox login"}};
  fields.env = {{kind.sign_in_variable, inside}};
  fields.ports.clear();
  if (browser) {
    fields.ports = {{"127.0.0.1", port, port}};
  }
  std::vector<std::string> taken;
  for (const boxes::FoundSession& box : boxes::find_sessions()) {
    taken.push_back(box.name);
  }
  fields.name = free_name("login-" + kind.agent, taken);
  return loaded;
}

/// Runs the agent's own sign-in in a box. Returns what it left as its login.
std::string sign_in(const LoginKind& kind, bool browser) {
  const SignInDirectory directory;
  config::Loaded loaded = load_sign_in(kind, directory, browser);
  policy::PolicyResult built = policy::build_policy(std::move(loaded.fields));
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&built)) {
    throw Error(ExitCode::usage, config::describe(*mistakes));
  }
  const policy::Policy& policy = std::get<policy::Policy>(built);
  const podman::Podman podman = podman::Podman::find();
  const podman::PodmanInfo facts = podman::podman_info(podman);
  const box::Identities checked = box::identities_of_sources(policy.fields());
  const support::Signals signals; // from here on there is something to clean up
  box::sweep(podman, policy.fields().name);
  const box::Images images = ensure_images(policy.fields(), loaded.preferences, podman, facts, false);
  spdlog::info("signing in to {}; the box can reach {}", kind.agent,
               kind.sign_in_hosts.empty() ? "no host" : "only " + support::join(kind.sign_in_hosts, " and "));
  if (browser) {
    spdlog::info("until it ends, your browser's answer to http://localhost:{} goes to the box", kind.callback_port);
  }
  const box::RunOutcome outcome =
      box::launch(policy, podman, facts, images, {box::DryRun::off, checked, true, loaded.preferences, false});
  support::throw_if_interrupted();
  if (!outcome.started || outcome.exit_code != 0) {
    throw Error(ExitCode::failed,
                fmt::format("the sign-in of {} failed with exit status {}", kind.agent, outcome.exit_code),
                "try again: agentbox login " + kind.agent);
  }
  const support::Fd fd(open(directory.login().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  return logins::read_untrusted(fd.get(), kind.file).value_or("");
}

std::string state_text(const logins::LoginState& state) {
  if (!state.problem.empty()) {
    return state.problem;
  }
  const logins::LoginContent& login = *state.content;
  const auto time = [](std::time_t seconds) { return support::local_time(seconds, "%Y-%m-%d %H:%M"); };
  if (login.renewable) {
    return login.ends != 0 ? "renewed by the agent until " + time(login.ends) : "renewed by the agent";
  }
  return login.expires != 0 ? "valid until " + time(login.expires) : "does not expire";
}

void show_status(bool as_json) {
  const std::time_t now = std::time(nullptr);
  nlohmann::json document = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows;
  for (const LoginKind& kind : logins::login_kinds()) {
    const LoginOrigin used = logins::place_of(kind).origin;
    for (const LoginOrigin origin : {LoginOrigin::own, LoginOrigin::host}) {
      const logins::LoginPlace place = logins::place_of(kind, origin);
      const logins::LoginState state = logins::examine(place, now);
      if (!state.exists && origin != used) {
        continue;
      }
      const bool own = origin == LoginOrigin::own;
      rows.push_back({kind.agent, own ? "agentbox" : "host", origin == used ? "yes" : "no", state_text(state)});
      document.push_back({{"agent", kind.agent},
                          {"origin", own ? "agentbox" : "host"},
                          {"used", origin == used},
                          {"exists", state.exists},
                          {"file", place.file.string()},
                          {"usable", state.problem.empty()},
                          {"problem", state.problem},
                          {"renewable", state.content && state.content->renewable},
                          {"expires", state.content ? state.content->expires : 0}});
    }
  }
  if (as_json) {
    fmt::print("{}\n", document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{}", support::table({{"AGENT"}, {"KEPT BY"}, {"USED"}, {"STATE"}}, rows));
  }
}

void log_in(const LoginOptions& options) {
  if (options.json && !options.status) {
    throw Error(ExitCode::usage, "--json requires --status", "agentbox login --status --json");
  }
  if (options.status) {
    show_status(options.json);
    return;
  }
  if (!options.agent) {
    throw Error(ExitCode::usage, "name the agent to sign in to", "agentbox login claude, or: agentbox login codex");
  }
  const LoginKind& kind = kind_of(*options.agent);
  if (options.browser && kind.browser_sign_in.empty()) {
    throw Error(ExitCode::usage, kind.agent + " has no sign-in that a browser answers", "agentbox login " + kind.agent);
  }
  podman::refuse_root();
  boxes::require_runtime_directory();
  logins::keep_own(kind, sign_in(kind, options.browser), std::time(nullptr));
  spdlog::info("signed in; boxes get this login with --auth {0} (always: [agent] auth = [\"{0}\"] in your "
               "configuration; agentbox logout {0} removes it)",
               kind.agent);
}

} // namespace

void add_login(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec command = app.command("login", "Sign in to an agent's vendor, for boxes with --auth");
  const auto options = std::make_shared<LoginOptions>();
  command.positional("AGENT", options->agent, "Agent to sign in to: claude, codex, copilot, gemini or opencode");
  command.flag("--browser", options->browser,
               "Sign in with a browser on this machine instead of a code; for codex, which then listens on port 1455");
  command.flag("--status", options->status, "Show the logins of agentbox and of the host, and which one boxes get");
  command.flag("--json", options->json, "With --status: print JSON");
  command.action([options] { log_in(*options); });
}

void add_logout(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec command = app.command("logout", "Remove an agent's login that was made with agentbox login");
  const auto agent = std::make_shared<std::string>();
  command.required("AGENT", *agent, "Agent whose login to remove: claude, codex, copilot, gemini or opencode");
  command.action([agent] {
    const LoginKind& kind = kind_of(*agent);
    if (!logins::forget_own(kind)) {
      throw Error(ExitCode::not_found, "agentbox has no login for " + kind.agent, "agentbox login --status");
    }
    spdlog::info("removed the login for {}; the vendor accepts it until it expires. To revoke it now, sign out of all "
                 "sessions on the vendor's web page",
                 kind.agent);
  });
}

} // namespace agentbox::cli
