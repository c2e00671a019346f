// SPDX-License-Identifier: Apache-2.0
// Signals at every moment of a launch. The program under test is built with tests/probes/faults.cpp.
#include <algorithm>
#include <csignal>
#include <thread>

#include "box/before_step.hpp"
#include "catch.hpp"
#include "project.hpp"

using namespace agentbox;
using namespace agentbox::cli_test;
using Catch::Matchers::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

void check_nothing_left(const Project& project) {
  if (fs::exists(project.sessions())) {
    for (const auto& entry : fs::directory_iterator(project.sessions())) {
      CHECK_FALSE(entry.is_directory());
    }
  }
}

void check_interrupted(const Project& project, const std::string& fault, int number) {
  INFO(fault);
  const auto result = project.agentbox({"run", "--env", "A=b", "--", "true"}, {}, {{"AGENTBOX_FAULT", fault}});
  CHECK(result.status.code == 128 + number);
  CHECK_THAT(result.err, !Contains("could not start") && !Contains("error"));
  check_nothing_left(project);
}

} // namespace

TEST_CASE("a signal before each step ends the launch with 128+N and leaves nothing") {
  const auto [name, number] = GENERATE(table<std::string, int>({{"INT", SIGINT}, {"TERM", SIGTERM}, {"HUP", SIGHUP}}));
  const Project project;
  const json plan = json::parse(project.agentbox({"run", "--dry-run", "--json", "--env", "A=b", "--", "true"}).out);
  const auto at_each = [&, &signal_name = name, &signal_number = number](const std::string& phase, std::size_t count) {
    for (std::size_t step = 0; step < count; ++step) {
      check_interrupted(project, phase + ":" + std::to_string(step) + ":" + signal_name, signal_number);
    }
  };
  at_each("launch", box::k_launch_moments);
  at_each("steps", plan.at("steps").size());
  CHECK(project.calls("run").size() == 4); // where the signal came after the run
  at_each("teardown", plan.at("teardown").size());
}

TEST_CASE("a signal while Podman waits for the lock of its store ends the launch") {
  const int number = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const std::string verb = GENERATE("info", "pod create");
  const Project project;
  project.behave({{verb, {{"waits_for_lock", true}}}});
  const pid_t pid = support::spawn(project.command({"run", "--", "true"}));
  project.wait_for("waits for lock");
  const auto start = std::chrono::steady_clock::now();
  kill(pid, number);
  CHECK(support::wait(pid).code == 128 + number);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
  check_nothing_left(project);
  CHECK(project.calls("run").size() <= 1);
}

TEST_CASE("a teardown that waits for the lock is given up 10 s after a signal") {
  const Project project;
  project.behave({{"pod rm", {{"waits_for_lock", true}}}});
  const pid_t pid = support::spawn(project.command({"run", "--", "true"}));
  project.wait_for("waits for lock");
  kill(pid, SIGTERM);
  CHECK(support::wait(pid).code == 128 + SIGTERM);
}
