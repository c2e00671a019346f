// SPDX-License-Identifier: Apache-2.0
// Each mistake: one clear error with the next step, the contract's exit code, and no call of podman.
#include "catch.hpp"
#include "project.hpp"

using namespace agentbox;
using namespace agentbox::cli_test;
using Catch::Matchers::Contains;
using nlohmann::json;
using List = std::vector<std::string>;

namespace {

void check_refused(const Project& project, const List& args, int code, const std::string& says) {
  const auto result = project.agentbox(args);
  INFO(result.err);
  CHECK(result.status.code == code);
  CHECK_THAT(result.err, Contains(says) && Catch::Matchers::StartsWith("agentbox: "));
  CHECK(result.out.empty());
  CHECK(project.verbs().empty());
}

} // namespace

TEST_CASE("bad command lines") {
  const Project project;
  check_refused(project, {"cladue"}, 127, "did you mean \"claude\"");
  check_refused(project, {"polcy"}, 127, "agentbox policy");
  check_refused(project, {"run", "--no-such-option"}, 2, "--no-such-option");
  check_refused(project, {"ps", "--jsn"}, 2, "unknown option \"--jsn\", did you mean \"--json\"?");
  check_refused(project, {"policy"}, 2, "hint: agentbox policy --help");
  check_refused(project, {"policy", "shows"}, 2, "unknown subcommand \"shows\", did you mean \"show\"?");
  check_refused(project, {"rm"}, 2, "hint: agentbox rm --help");
  check_refused(project, {"network", "log", "--since"}, 2, "hint: agentbox network log --help");
  check_refused(project, {"completion", "ksh"}, 2, "\"ksh\" is not one of bash, zsh, fish");
  check_refused(project, {"allow", "1.2.3.4"}, 2, "hint: start a box with: agentbox run --allow 1.2.3.4:PORT");
  check_refused(project, {"allow", "fd00::1"}, 2, "agentbox run --allow [fd00::1]:PORT");
  check_refused(project, {"allow", "10.0.0.5:5432"}, 2, "agentbox run --allow 10.0.0.5:5432");
  check_refused(project, {"network", "log", "--since", "yesterday"}, 2, "--since: \"yesterday\" is not a valid time");
  check_refused(project, {"run", "--"}, 2, "there is no command after --");
  check_refused(project, {"ps", "--", "true"}, 2, "takes no command");
  check_refused(project, {"run", "--json"}, 2, "--dry-run");
  check_refused(project, {"run", "--fresh", "--resume"}, 2, "--fresh cannot be combined with --continue or --resume");
  check_refused(project, {"run", "--fresh", "--home", "keep"}, 2, "--fresh and --home keep cannot be combined");
  check_refused(project, {"run", "--allow", "*.com", "--", "true"}, 2, "--allow");
  check_refused(project, {"run", "--allow", "1.2.3.4", "--", "true"}, 2, "--allow");
  check_refused(project, {"run", "--env", "UNSET_KEY", "--", "true"}, 2, "UNSET_KEY");
  check_refused(project, {"run", "--mount", "/no/such:/x", "--", "true"}, 2, "/no/such");
  check_refused(project, {"run", "--memory", "lots", "--", "true"}, 2, "--memory");
}

TEST_CASE("policy show escapes the values of a project's configuration") {
  const Project project;
  project.write("project/.agentbox/config.toml",
                "[protect]\npaths = [\"p\\u001b[2J\"]\n[mask]\npaths = [\"m\\u009b2J\\u202e\"]\n");
  const auto shown = project.agentbox({"policy", "show"});
  INFO(shown.err);
  CHECK(shown.out.find("p\\x1b[2J") != std::string::npos);
  for (const char* raw : {"\x1b", "\xc2\x9b", "\xe2\x80\xae"}) {
    CHECK(shown.out.find(raw) == std::string::npos);
  }
}

TEST_CASE("the usage lines of --help show what can be typed") {
  const Project project;
  const auto help = [&](List words) {
    words.emplace_back("--help");
    return project.agentbox(words).out;
  };
  CHECK_THAT(help({}), Contains("agentbox [run] [AGENT] [OPTIONS] [-- COMMAND...]"));
  CHECK_THAT(help({"run"}), Contains("agentbox run [OPTIONS] [AGENT] [-- COMMAND...]\n"));
  CHECK_THAT(help({"exec"}), Contains("[NAME] -- COMMAND...\n"));
  CHECK_THAT(help({"allow"}), Contains("--save project|user"));
  CHECK_THAT(help({"completion"}), Contains("SHELL bash|zsh|fish"));
  for (const List& words : {List{"rm"}, List{"run"}, List{"allow"}, List{"completion"}, List{"network", "backtest"}}) {
    CHECK_THAT(help(words), !Contains("TEXT:") && !Contains("REQUIRED") && !Contains("NAME TEXT"));
  }
}

TEST_CASE("all mistakes of a configuration are reported together") {
  const Project project;
  project.write(".config/agentbox/config.toml", "[network]\nallow_hosts = [\"a b\"]\n[limits]\npids = -1\n");
  check_refused(project, {"run", "--", "true"}, 2, "config.toml:2");
  check_refused(project, {"run", "--", "true"}, 2, "config.toml:4");
}

TEST_CASE("a damaged lock file is an error, and does not stop agentbox update") {
  const Project project;
  project.write(".local/state/agentbox/agents.lock.json", "{");
  const auto result = project.agentbox({"update"}, {}, {{"npm_config_registry", "http://127.0.0.1:1"}});
  CHECK(result.status.code == 125);
  CHECK_THAT(result.err, Contains("agents.lock.json: not a version 1 lock file of agents") &&
                             Contains("cannot download http://127.0.0.1:1/@anthropic-ai/claude-code/latest"));
}

TEST_CASE("a Podman that cannot be used") {
  const Project project;
  json info = json::parse(R"({"version": {"Version": "3.4.4"}})");
  SECTION("too old") {
    project.write("info.json", info.dump());
    check_refused(project, {"run", "--", "true"}, 126, "Podman 3.4.4 is too old");
  }
  SECTION("it does not answer") {
    project.write("info.json", "Error");
    check_refused(project, {"run", "--", "true"}, 126, "podman info");
  }
  SECTION("it fails") {
    project.behave({{"info", {{"code", 125}, {"stderr", "Error: database graph driver \"vfs\" does not match"}}}});
    check_refused(project, {"run", "--", "true"}, 126, "another storage driver");
  }
}

TEST_CASE("a missing runtime directory") {
  const Project project;
  const auto result = support::capture(project.command({"run", "--", "true"}));
  CHECK(result.status.code == 0);
  support::Command command = project.command({"run", "--", "true"});
  command.env["XDG_RUNTIME_DIR"] = "/no/such/directory";
  const auto refused = support::capture(command);
  CHECK(refused.status.code == 126);
  CHECK_THAT(refused.err, Contains("XDG_RUNTIME_DIR"));
}
