// SPDX-License-Identifier: Apache-2.0
// ps, exec, stop, rm, logs, policy, init.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "catch.hpp"
#include "project.hpp"
#include "support/file.hpp"

using namespace agentbox;
using namespace agentbox::cli_test;
using Catch::Matchers::Contains;
using nlohmann::json;
using List = std::vector<std::string>;

namespace {

/// A box that runs while the object exists.
class Box {
public:
  explicit Box(const Project& project, const std::string& name) : m_project(project) {
    project.behave({{"run", {{"wait_for_signal", true}}}});
    m_pid = support::spawn(project.command({"run", "--name", name, "--", "sleep", "100"}));
    project.wait_for("run");
  }
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;
  Box(Box&&) = delete;
  Box& operator=(Box&&) = delete;
  ~Box() {
    if (m_pid > 0) {
      ::kill(m_pid, SIGTERM);
      support::wait(m_pid);
    }
  }
  void kill() {
    ::kill(m_pid, SIGKILL);
    support::wait(std::exchange(m_pid, -1));
  }
  support::ExitStatus wait() { return support::wait(std::exchange(m_pid, -1)); }

private:
  const Project& m_project;
  pid_t m_pid = -1;
};

} // namespace

TEST_CASE("a box is listed, joined and stopped") {
  const Project project;
  Box box(project, "mine");
  const json listed = json::parse(project.agentbox({"ps", "--json"}).out);
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].at("name") == "mine");
  CHECK(listed[0].at("running") == true);
  CHECK(listed[0].at("workspace") == project.directory().string());

  CHECK(project.agentbox({"exec", "--", "ls", "-l"}).status.code == 0);
  const List argv = project.calls("exec").at(0).at("argv");
  CHECK(argv == List{"exec", "-i", "--detach-keys", "", "--user", "1000:1000", "agentbox-mine-agent",
                     "/usr/local/bin/agent-entrypoint", "join", "ls", "-l"});
  CHECK(project.agentbox({"exec", "mine"}).status.code == 2);
  CHECK(project.agentbox({"rm", "mine"}).status.code == 2);

  CHECK(project.agentbox({"stop", "mine"}).status.code == 0);
  CHECK(box.wait().code == 128 + SIGTERM);
  CHECK(project.agentbox({"ps", "--json"}).out == "[]\n");
  CHECK_THAT(project.agentbox({"stop", "mine"}).err, Contains("no box named \"mine\" is running"));
}

TEST_CASE("a box that is removed with --force can be started again immediately") {
  const Project project;
  project.behave({{"run", {{"wait_for_signal", true}}}});
  const auto start = [&] { return support::spawn(project.command({"run", "--name", "x", "--", "sleep", "100"})); };
  const auto wait_for_runs = [&](std::ptrdiff_t count) {
    const auto runs = [&] {
      const auto calls = project.calls("run");
      return std::count_if(calls.begin(), calls.end(), [](const json& call) { return !call.contains("signal"); });
    };
    while (runs() < count) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  };
  pid_t launcher = start();
  for (std::ptrdiff_t round = 1; round <= 10; ++round) {
    wait_for_runs(round);
    REQUIRE(project.agentbox({"rm", "--force", "x"}).status.code == 0);
    const pid_t next = start();
    CHECK(support::wait(launcher).code == 128 + SIGTERM);
    launcher = next;
  }
  wait_for_runs(11);
  CHECK(project.agentbox({"stop", "x"}).status.code == 0);
  CHECK(support::wait(launcher).code == 128 + SIGTERM);
  CHECK(project.agentbox({"ps", "--json"}).out == "[]\n");
}

TEST_CASE("a box whose launcher was killed is removed by its pod's ID") {
  const Project project;
  {
    Box box(project, "x");
    box.kill();
  }
  project.behave({});
  const std::size_t before = project.calls("pod rm").size();
  CHECK(project.agentbox({"rm", "x"}).status.code == 0);
  CHECK(project.agentbox({"ps", "--json"}).out == "[]\n");
  const auto calls = project.calls("pod rm");
  REQUIRE(calls.size() > before);
  // Not always the last: the removal that waited while the launcher ran may record its call late.
  CHECK(std::any_of(calls.begin(), calls.end(),
                    [](const auto& call) { return call.at("argv").back().template get<std::string>().size() == 64; }));
}

TEST_CASE("the teardown ends in time, whatever a compromised firewall leaves in run/") {
  const Project project;
  for (const std::string made :
       {"mkdir -p failed/x; chmod 0 failed", "mkfifo failed", "ln -s /dev/zero failed", "ln -s /dev/tty failed",
        "truncate -s 9G failed", "rm -f resolv.conf; mkdir failed resolv.conf ready"}) {
    INFO(made);
    project.behave({{"run", {{"shell", made}, {"seconds", 0.1}}}});
    const auto result = project.agentbox({"run", "--", "true"});
    CHECK(result.status.code == 0);
    CHECK(project.verbs().back() == "pod rm");
    CHECK(project.agentbox({"ps", "--json"}).out == "[]\n");
  }
}

TEST_CASE("two boxes in one directory have two names") {
  const Project project;
  project.behave({{"run", {{"wait_for_signal", true}}}});
  const pid_t first = support::spawn(project.command({"run", "--", "sleep", "100"}));
  project.wait_for("run");
  project.behave({});
  CHECK(project.agentbox({"run", "--", "true"}).status.code == 126); // one box per directory, unless the user asks
  CHECK(project.agentbox({"run", "--share-workspace", "--", "true"}).status.code == 0);
  const List second = project.calls("pod create").at(1).at("argv");
  const auto name = std::find(second.begin(), second.end(), "--name") + 1;
  CHECK(name->ends_with("-2"));
  kill(first, SIGTERM);
  support::wait(first);
}

TEST_CASE("logs of a box") {
  const Project project;
  project.write(
      ".local/state/agentbox/audit/b.jsonl",
      R"({"time":"2026-01-31T12:00:00.123Z","box":"b","kind":"dns","name":"evil.example","address":"","port":0,"protocol":"dns",)"
      R"("verdict":"deny","reason":"not-listed","text":"no entry","rule":"","bytes_up":0,"bytes_down":0,"duration_ms":0})"
      "\nbroken\n");
  CHECK_THAT(project.agentbox({"logs", "b"}).out, Contains("deny") && Contains("evil.example") && !Contains("broken"));
  CHECK(project.agentbox({"logs", "none"}).status.code == 2);
  CHECK(project.agentbox({"logs", "../audit/b"}).status.code == 2);
}

TEST_CASE("the records of a named box are found after it has ended") {
  const Project project;
  CHECK_THAT(project.agentbox({"logs"}).err, Contains("no box is running") && Contains("agentbox logs NAME"));
  REQUIRE(project.agentbox({"run", "--name", "mine", "--", "true"}).status.code == 0);
  project.write(
      ".local/state/agentbox/audit/mine.jsonl",
      R"({"time":"2026-01-31T12:00:00.123Z","box":"mine","kind":"dns","name":"new.example","address":"","port":0,"protocol":"dns",)"
      R"("verdict":"deny","reason":"not-listed","text":"no entry","rule":"","bytes_up":0,"bytes_down":0,"duration_ms":0})"
      "\n");
  project.write("other.toml", "[network]\nallow_hosts = [\"new.example\"]\n");
  CHECK_THAT(project.agentbox({"logs"}).out, Contains("new.example"));
  CHECK_THAT(project.agentbox({"policy", "suggest"}).out, Contains("\"new.example\""));
  CHECK_THAT(project.agentbox({"network", "backtest", (project.home() / "other.toml").string()}).out,
             Contains("passes-now") && Contains("new.example"));
}

TEST_CASE("the policy of this directory's box") {
  const Project project;
  const auto shown = project.agentbox({"policy", "show", "--allow", "x.example", "--env", "API_KEY=s3cr3t"});
  CHECK(shown.status.code == 0);
  CHECK_THAT(shown.out, Contains("x.example:443") && Contains("API_KEY") && !Contains("s3cr3t"));
  const auto data = project.agentbox({"policy", "show", "--json", "--env", "API_KEY=s3cr3t"});
  CHECK(json::parse(data.out).is_object());
  CHECK_THAT(data.out, !Contains("s3cr3t"));
  CHECK(project.agentbox({"policy", "diff"}).out.empty());
  CHECK_THAT(project.agentbox({"policy", "diff", "--allow", "x.example"}).out,
             Contains("broader") && Contains("x.example"));
  CHECK(project.agentbox({"policy", "check"}).status.code == 0);
  project.write("project/.agentbox/config.toml", "[network]\nallow_host = []\n");
  const auto checked = project.agentbox({"policy", "check"});
  CHECK(checked.status.code == 2);
  CHECK_THAT(checked.err, Contains("allow_hosts"));
}

TEST_CASE("the policy of this directory's box lists everything that broadens it") {
  const Project project;
  project.write("ca.pem", "-----BEGIN CERTIFICATE-----\n");
  project.write(".config/agentbox/config.toml", R"([network]
allow_private = ["mirror.example"]
allow_ech = ["hidden.example"]
driver = "iptables"
[limits]
cpus = 1.5
open_files = 4096
[verify]
on_start = true
)");
  const std::vector<std::string> words = {"policy", "show", "--ca-bundle", (project.home() / "ca.pem").string()};
  const auto result = project.agentbox(words);
  CHECK(result.status.code == 0);
  const std::string& shown = result.out;
  for (const char* piece : {"mirror.example may have private", "hidden.example may hide its name", "iptables; names",
                            "certificates of", "ca.pem", "1.500", "4096", "on_start"}) {
    CHECK_THAT(shown, Contains(piece));
  }
  const std::string without = project.agentbox({"policy", "show"}, {}, {{"XDG_CONFIG_HOME", "/nowhere"}}).out;
  CHECK_THAT(without, Contains("nftables; names") && !Contains("private") && !Contains("hidden") &&
                          !Contains("certificates") && !Contains("on_start"));
  const auto data = json::parse(project.agentbox({"policy", "show", "--json"}).out);
  CHECK(data.at("network").at("allow_private") == json{"mirror.example"});
  CHECK(data.at("network").at("allow_ech") == json{"hidden.example"});
  CHECK(data.at("firewall_driver") == "iptables");
}

TEST_CASE("the policy of a box lists the hosts whose names the firewall does not check") {
  const Project project;
  const auto shown = [&](std::vector<std::string> hosts) {
    std::vector<std::string> words = {"policy", "show"};
    for (const std::string& host : hosts) {
      words.insert(words.end(), {"--allow", host});
    }
    return project.agentbox(words).out;
  };
  const std::string unchecked =
      shown({"git.example:22", "*.db.example:5432", "10.0.0.5:6379", "host:11434", "web.example:80", "web.example"});
  for (const char* piece :
       {"not checked  any protocol on", "git.example:22 other than TLS and HTTP", "*.db.example:5432 other than",
        "10.0.0.5:6379 (addresses have no name", "host:11434 (this machine)"}) {
    CHECK_THAT(unchecked, Contains(piece));
  }
  CHECK_THAT(unchecked, !Contains("web.example:80 other") && !Contains("web.example:443 other"));
  CHECK_THAT(shown({"web.example:80", "web.example"}), Contains("web.example:80") && !Contains("not checked"));
}

TEST_CASE("a project that broadens is refused with the difference, until the user agrees") {
  const Project project;
  project.write("project/.agentbox/config.toml", "[network]\nallow_hosts = [\"evil.example\"]\n");
  const auto refused = project.agentbox({"run", "--", "true"});
  CHECK(refused.status.code == 126);
  CHECK_THAT(refused.err, Contains("evil.example") && Contains("--trust-project"));
  CHECK(project.verbs().empty());
  CHECK(project.agentbox({"run", "--trust-project", "--", "true"}).status.code == 0);
  CHECK_THAT(project.agentbox({"policy", "diff"}).out, Contains("evil.example"));
}

TEST_CASE("init writes a file that is valid and already trusted") {
  const Project project;
  REQUIRE(project
              .agentbox({"init", "--allow", "x.example", "--allow", "y.example:22", "--agent", "claude", "--toolkit",
                         "python"})
              .status.code == 0);
  const std::string text = support::read_file(project.directory() / ".agentbox/config.toml", 10000);
  CHECK_THAT(text, Contains("allow_hosts = [\"x.example\", \"y.example:22\"]") && Contains("default = \"claude\"") &&
                       Contains("selected = [\"python\"]"));
  const auto shown = project.agentbox({"policy", "show"});
  CHECK(shown.status.code == 0);
  CHECK_THAT(shown.out, Contains("y.example:22"));
  CHECK(project.agentbox({"init"}).status.code == 2);
  CHECK(project.agentbox({"init", "--force"}).status.code == 0);
}

TEST_CASE("init does not trust hosts that others saved") {
  const Project project;
  project.write("project/.agentbox/saved-hosts.txt", "allow evil.example\n");
  const auto result = project.agentbox({"init", "--allow", "x.example"});
  CHECK(result.status.code == 0);
  CHECK_THAT(result.err, Contains("saved-hosts.txt") && Contains("agentbox policy trust"));
  CHECK(project.agentbox({"policy", "check"}).status.code == 126);
}

TEST_CASE("init writes nothing through a link, and nothing invalid") {
  const Project project;
  CHECK(project.agentbox({"init", "--allow", "no host"}).status.code == 2);
  CHECK_FALSE(std::filesystem::exists(project.directory() / ".agentbox/config.toml"));
  std::filesystem::remove_all(project.directory() / ".agentbox");
  std::filesystem::create_directories(project.home() / "elsewhere");
  std::filesystem::create_directory_symlink(project.home() / "elsewhere", project.directory() / ".agentbox");
  CHECK(project.agentbox({"init", "--agent", "codex"}).status.code == 126);
  CHECK(std::filesystem::is_empty(project.home() / "elsewhere"));
}
