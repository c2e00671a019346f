// SPDX-License-Identifier: Apache-2.0
// probe_faults: agentbox itself, with a fault at one step of its plan, which AGENTBOX_FAULT selects:
//   PHASE:NUMBER:kill      the launcher is killed before that step
//   PHASE:NUMBER:SIGNAL    the launcher gets signal INT, TERM, HUP or QUIT before that step
//   PHASE:NUMBER:fail      the step fails
//   PHASE:NUMBER:COMMAND   /bin/sh runs COMMAND before it
// PHASE is launch, steps or teardown. Past the last step nothing happens.
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "box/before_step.hpp"
#include "support/error.hpp"

namespace agentbox::box {
namespace {

void run(const std::string& command) {
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr); // NOLINT(*-vararg)
    _exit(127);
  }
  waitpid(child, nullptr, 0);
}

} // namespace

void before_step(Phase phase, std::size_t number) {
  const char* const fault = std::getenv("AGENTBOX_FAULT");
  const std::map<Phase, std::string> names = {
      {Phase::launch, "launch:"}, {Phase::steps, "steps:"}, {Phase::teardown, "teardown:"}};
  const std::map<std::string, int> signals = {
      {"kill", SIGKILL}, {"INT", SIGINT}, {"TERM", SIGTERM}, {"HUP", SIGHUP}, {"QUIT", SIGQUIT}};
  const std::string here = names.at(phase) + std::to_string(number) + ":";
  const std::string wanted = fault == nullptr ? "" : fault;
  if (!wanted.starts_with(here)) {
    return;
  }
  const std::string what = wanted.substr(here.size());
  if (const auto signal = signals.find(what); signal != signals.end()) {
    kill(getpid(), signal->second);
    return;
  }
  if (what == "fail") {
    throw support::Error(support::ExitCode::failed, "the step was made to fail");
  }
  run(what);
}

} // namespace agentbox::box
