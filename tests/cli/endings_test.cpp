// SPDX-License-Identifier: Apache-2.0
// Exit codes and messages when something other than the command fails.
#include <csignal>

#include "catch.hpp"
#include "project.hpp"

using namespace agentbox;
using namespace agentbox::cli_test;
using Catch::Matchers::Contains;

namespace {

/// Runs `agentbox ARGS… REDIRECTIONS` as a shell runs it.
support::Captured redirected(const Project& project, const std::vector<std::string>& args,
                             const std::string& redirections) {
  support::Command command = project.command(args);
  command.argv[2] += " " + redirections;
  return support::capture(command);
}

} // namespace

TEST_CASE("closed standard streams are replaced by /dev/null") {
  const Project project;
  project.behave({{"run", {{"cat", true}, {"code", 5}}}});
  CHECK(redirected(project, {"run", "--", "cat"}, "<&-").status.code == 5);
  CHECK(redirected(project, {"run", "--", "cat"}, ">&-").status.code == 5);
  CHECK(redirected(project, {"run", "--", "cat"}, "2>&-").status.code == 5);
  CHECK(redirected(project, {"run", "--", "cat"}, "<&- >&- 2>&-").status.code == 5);
}

TEST_CASE("output that cannot be written is an error") {
  const Project project;
  const std::vector<std::vector<std::string>> calls = {
      {"ps"},     {"ps", "--json"}, {"policy", "show"}, {"run", "--dry-run"}, {"completion", "bash"},
      {"--help"}, {"--version"}};
  for (const auto& args : calls) {
    INFO(args.front());
    CHECK(redirected(project, args, ">/dev/null").status.code == 0);
    const auto full = redirected(project, args, ">/dev/full");
    CHECK(full.status.code == 125);
    CHECK_THAT(full.err, Contains("cannot write to") && !Contains("internal error"));
  }
}

TEST_CASE("a closed reader of stdout ends the run with 141 and no message") {
  const Project project;
  project.behave({{"run", {{"prints", 1000000}}}});
  support::Command command = project.command({"run", "--", "yes"});
  command.argv[2] = "set -o pipefail; (" + command.argv[2] + ") | head -c 4";
  const auto result = support::capture(command);
  CHECK(result.status.code == 128 + SIGPIPE);
  CHECK(result.out.size() == 4);
  CHECK(result.err.empty());
  CHECK(project.verbs().back() == "pod rm");
}

TEST_CASE("a failure after the run does not change its outcome") {
  const Project project;
  project.write(".local/state/agentbox/x", "");
  const std::string break_all = "rm -rf $HOME/.local/state/agentbox; : >$HOME/.local/state/agentbox";
  SECTION("the command's exit code") {
    project.behave({{"run", {{"code", 42}}}});
    const auto result = project.agentbox({"run", "--", "true"}, {}, {{"AGENTBOX_FAULT", "launch:8:" + break_all}});
    CHECK(result.status.code == 42);
    CHECK_THAT(result.err, Contains("agentbox: ") && Contains(".local/state/agentbox"));
  }
  SECTION("the reason of a refusal") {
    project.behave({{"run", {{"code", 126}, {"hook_error", "the firewall did not start: no rules\n"}}}});
    const auto result = project.agentbox({"run", "--", "true"}, {}, {{"AGENTBOX_FAULT", "launch:8:" + break_all}});
    CHECK(result.status.code == 126);
    CHECK_THAT(result.err, Contains("the firewall did not start: no rules"));
  }
  SECTION("the reason of a firewall that ended before Podman came to the hook of the agent's container") {
    project.behave({{"run", {{"code", 125}, {"never_starts", true}, {"shell", "echo 'no rules: denied' >failed"}}}});
    const auto result = project.agentbox({"run", "--", "true"});
    CHECK(result.status.code == 126);
    CHECK_THAT(result.err, Contains("the firewall did not start: no rules: denied"));
  }
  SECTION("a removal that fails") {
    project.behave({{"run", {{"code", 42}}}, {"pod rm", {{"code", 1}, {"stderr", "Error: stuck"}}}});
    const auto result = project.agentbox({"run", "--", "true"});
    CHECK(result.status.code == 42);
    CHECK_THAT(result.err, Contains("cannot remove the pod: stuck"));
  }
  SECTION("a run/failed that is a directory") {
    project.behave({{"run", {{"code", 42}}}});
    const auto result =
        project.agentbox({"run", "--name", "b", "--", "true"}, {},
                         {{"AGENTBOX_FAULT", "steps:6:mkdir -p $XDG_RUNTIME_DIR/agentbox/sessions/b/run/failed"}});
    CHECK(result.status.code == 42);
    CHECK(project.verbs().back() == "pod rm");
  }
}

TEST_CASE("a mount that is replaced while the image is built is refused") {
  const Project project;
  project.write("mounted/file", "");
  const std::string replace = "mv $HOME/mounted $HOME/other; mkdir $HOME/mounted";
  const std::vector<std::string> args = {"run", "--mount", project.home().string() + "/mounted:/mnt", "--", "true"};
  CHECK(project.agentbox(args).status.code == 0);
  const auto result = project.agentbox(args, {}, {{"AGENTBOX_FAULT", "launch:4:" + replace}});
  CHECK(result.status.code == 126);
  CHECK_THAT(result.err, Contains("mounted changed while the box was starting"));
  CHECK(project.calls("run").size() == 1);
}
