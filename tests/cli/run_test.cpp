// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <csignal>

#include "catch.hpp"
#include "project.hpp"

using namespace agentbox;
using namespace agentbox::cli_test;
using Catch::Matchers::Contains;
using nlohmann::json;
using List = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

/// Returns what fake_podman.py prints as the pod's id, with the newline.
std::string pod_id() {
  std::string text;
  for (int i = 0; i < 32; ++i) {
    text += "9d";
  }
  return text + "\n";
}

bool left_over(const Project& project) {
  return fs::exists(project.sessions()) &&
         std::any_of(fs::directory_iterator(project.sessions()), fs::directory_iterator(),
                     [](const auto& entry) { return entry.is_directory(); });
}

List argv_of(const json& call) {
  return call.at("argv").get<List>();
}

} // namespace

TEST_CASE("a run makes three calls, passes on the exit code and leaves nothing") {
  const Project project;
  project.behave({{"run", {{"code", 42}}}});
  const auto result = project.agentbox({"run", "--", "true"});
  CHECK(result.status.code == 42);
  CHECK(result.err.empty());
  CHECK(project.verbs() == List{"pod create", "run", "pod rm"});
  CHECK_FALSE(left_over(project));
  project.agentbox({"run", "--", "true"});
  CHECK(project.calls("info").size() == 1);
}

TEST_CASE("stdin and stdout pass through") {
  const Project project;
  project.behave({{"run", {{"cat", true}}}});
  const auto result = project.agentbox({"--", "cat"}, "one\ntwo\n");
  CHECK(result.out == "one\ntwo\n");
}

TEST_CASE("a hostile caller's environment reaches none of the calls, and no descriptor but the leash does") {
  const Project project;
  project.agentbox({"run", "--", "true"}, {},
                   {{"CONTAINERS_CONF", "/tmp/evil"},
                    {"CONTAINER_HOST", "tcp://evil"},
                    {"STORAGE_DRIVER", "vfs"},
                    {"API_KEY", "s3cr3t"},
                    {"LD_LIBRARY_PATH", "/tmp/evil"},
                    {"https_proxy", "http://evil"},
                    {"LANG", "C"}});
  REQUIRE(project.calls().size() == 4);
  for (const json& call : project.calls()) {
    const auto env = call.at("env").get<std::map<std::string, std::string>>();
    CHECK(env.at("PATH") == "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin");
    CHECK(env.at("LANG") == "C");
    for (const auto& [name, value] : env) {
      CHECK((name == "PATH" || name == "HOME" || name == "USER" || name == "XDG_RUNTIME_DIR" || name == "LANG" ||
             name == "LC_CTYPE"));
    }
    const bool leash = call.at("argv").dump().find("--preserve-fds=1") != std::string::npos;
    CHECK(call.at("fds").size() <= (leash ? 2 : 1)); // one is the listing's own
  }
}

TEST_CASE("--env reaches the box by no file and no argv") {
  const Project project;
  project.agentbox({"run", "--env", "API_KEY", "--", "true"}, {}, {{"API_KEY", "s3cr3t-value"}});
  for (const json& call : project.calls()) {
    CHECK(call.at("argv").dump().find("s3cr3t") == std::string::npos);
    CHECK(call.at("env").dump().find("s3cr3t") == std::string::npos);
  }
  const json files = project.calls("run").at(0).at("files");
  CHECK(files.dump().find("s3cr3t") == std::string::npos);
  CHECK_THAT(files.at("agent.json").get<std::string>(), Contains("API_KEY=(not shown)"));
}

TEST_CASE("--dry-run shows what is done, and does nothing") {
  const Project project;
  const auto dry = project.agentbox({"run", "--dry-run", "--json", "--allow", "x.example", "--", "true"});
  REQUIRE(dry.status.code == 0);
  CHECK(project.verbs().empty());
  CHECK_FALSE(left_over(project));
  const json plan = json::parse(dry.out);

  project.behave({{"run", {{"seconds", 0.5}}}}); // otherwise the removal would not have to wait
  project.agentbox({"run", "--allow", "x.example", "--", "true"});
  // What differs from call to call by design: the nonce, process id and time.
  const auto stable = [](std::string text) {
    for (std::size_t at = text.find("--nonce "); at != std::string::npos; at = text.find("--nonce ", at + 1)) {
      text.replace(at + 8, 32, 32, 'N');
    }
    return text;
  };
  List shown;
  json shown_files;
  for (const char* part : {"steps", "teardown"}) {
    for (const json& step : plan.at(part)) {
      const auto show = [&](const json& command) {
        const List argv = command.at("argv");
        shown.push_back(stable(json(List(argv.begin() + 1, argv.end())).dump()));
      };
      // The waiting removal has done the work of the teardown.
      if (step.contains("argv") && step.value("what", "") != plan.at("steps").back().at("standby").at("what")) {
        show(step);
      }
      if (step.contains("standby")) {
        show(step.at("standby"));
      }
      if (step.at("do") == "write") {
        shown_files[fs::path(step.at("path").get<std::string>()).filename().string()] = step.at("content");
      }
    }
  }
  List done;
  for (const json& call : project.calls()) {
    if (call.at("verb") != "info") {
      done.push_back(stable(call.at("argv").dump()));
    }
  }
  CHECK(shown == done);
  CHECK(plan.at("steps").back().at("standby").at("input_of") == "create the pod");
  CHECK(project.calls("pod rm").at(0).at("input") == pod_id());
  const json files = project.calls("run").at(0).at("files");
  CHECK(shown_files.at("egress.json") == files.at("egress.json"));
  CHECK(shown_files.at("agentbox.json") == files.at("hooks/agentbox.json"));
  CHECK(shown_files.at("hosts") == files.at("hosts"));
  CHECK_THAT(shown_files.at("egress.json").get<std::string>(), Contains("\"x.example\""));
  for (const char* name : {"agent.json", "firewall.json"}) {
    json expected = json::parse(shown_files.at(name).get<std::string>());
    json actual = json::parse(files.at(name).get<std::string>());
    for (json* config : {&expected, &actual}) { // the nonce is in them
      config->at("process").erase("env");
      config->at("process").erase("args");
    }
    CHECK(expected == actual);
  }
}

TEST_CASE("each link starts its agent") {
  const Project project;
  project.agentbox({}, {}, {}, "agentbox-claude");
  const List words = argv_of(project.calls("run").at(0));
  CHECK(std::find(words.begin(), words.end(), "--dangerously-skip-permissions") != words.end());
  project.agentbox({"codex"});
  const List codex = argv_of(project.calls("run").at(1));
  CHECK(std::find(codex.begin(), codex.end(), "--dangerously-bypass-approvals-and-sandbox") != codex.end());
}

TEST_CASE("--prompt") {
  const Project project;
  project.agentbox({"claude", "--prompt", "say 'hi'"});
  CHECK(argv_of(project.calls("run").at(0)).back() == "say 'hi'");
  CHECK(project.agentbox({"claude", "--prompt", "x", "--", "true"}).status.code == 2);
  project.write("project/task.txt", "do 'it'\n");
  project.agentbox({"claude", "--prompt-file", "task.txt", "--model", "opus", "--", "--verbose"});
  const List words = argv_of(project.calls("run").at(1));
  CHECK(List(words.end() - 5, words.end()) == List{"--model", "opus", "--verbose", "--", "do 'it'\n"});
  project.agentbox({"claude", "--prompt", "-"}, "from a pipe");
  CHECK(argv_of(project.calls("run").at(2)).back() == "from a pipe");
  CHECK(project.agentbox({"claude", "--prompt-file", "none.txt"}).status.code == 2);
  CHECK(project.agentbox({"claude", "--prompt-file", "task.txt", "--prompt", "x"}).status.code == 2);
}

TEST_CASE("a pod that cannot be made is one error, and is torn down") {
  const Project project;
  project.behave({{"pod create", {{"code", 125}, {"stderr", "Error: no subuid ranges found for user"}}}});
  const auto result = project.agentbox({"run", "--", "true"});
  CHECK(result.status.code == 126);
  CHECK_THAT(result.err, Contains("agentbox: cannot create the pod: you have no range of subordinate uids") &&
                             Contains("hint: sudo usermod"));
  CHECK(project.verbs() == List{"pod create", "pod rm"});
  CHECK_FALSE(left_over(project));
}

TEST_CASE("the hook's refusal is shown with its hint, exit 126") {
  const Project project;
  project.behave({{"run", {{"code", 126}, {"hook_error", "the firewall did not start: no rules\nsee the log\n"}}}});
  const auto result = project.agentbox({"run", "--", "true"});
  CHECK(result.status.code == 126);
  CHECK_THAT(result.err, Contains("agentbox: the firewall did not start: no rules\n  hint: see the log"));
}

TEST_CASE("a signal to the launcher reaches the box and ends it") {
  const int number = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const Project project;
  project.behave({{"run", {{"wait_for_signal", true}}}});
  const pid_t pid = support::spawn(project.command({"run", "--", "sleep", "100"}));
  project.wait_for("run");
  kill(pid, number);
  CHECK(support::wait(pid).code == 128 + number);
  CHECK(project.calls("run").back().at("signal") == number);
  CHECK(project.verbs().back() == "pod rm");
  CHECK_FALSE(left_over(project));
}

TEST_CASE("a launcher that was killed takes its pod with it, and the next call cleans up") {
  const Project project;
  project.behave({{"run", {{"wait_for_signal", true}}}, {"pod rm", {{"tells", true}}}});
  const pid_t pid = support::spawn(project.command({"run", "--name", "lost", "--", "sleep", "100"}));
  project.wait_for("stands by");
  kill(pid, SIGKILL);
  support::wait(pid);
  project.wait_for("pod rm");
  CHECK(project.calls("pod rm").at(0).at("input") == pod_id());
  CHECK(left_over(project));
  CHECK_THAT(project.agentbox({"ps"}).out, Contains("lost") && Contains("dead"));
  project.behave({});
  const auto result = project.agentbox({"run", "--", "true"});
  CHECK_THAT(result.err, Contains("removed the leftovers of box \"lost\""));
  CHECK(argv_of(project.calls("pod rm").at(1)).back() + "\n" == pod_id());
  CHECK_FALSE(left_over(project));
  kill(project.calls("run").at(0).at("pid").get<pid_t>(), SIGTERM); // the removal that the launcher started still waits
}
