// SPDX-License-Identifier: Apache-2.0
// exec and shell: another process in a running box, as confined as the first one.
#include <filesystem>
#include <memory>
#include <optional>

#include "box/podman_argv.hpp"
#include "box/supervisor.hpp"
#include "box/terminal_guard.hpp"
#include "boxes/select.hpp"
#include "cli/subcommands.hpp"
#include "podman/podman.hpp"
#include "support/error.hpp"
#include "support/signals.hpp"
#include "support/terminal.hpp"

namespace agentbox::cli {
namespace {

int run_in_box(const std::optional<std::string>& name, const std::vector<std::string>& command) {
  const boxes::FoundSession box = boxes::select_running(name, std::filesystem::current_path());
  const podman::Podman podman = podman::Podman::find();
  box::TerminalGuard terminal;
  const support::Signals signals;
  support::Command exec = podman.command(box::exec_arguments(box.name, command, support::own_terminal().interactive()));
  box::OutputRelay relay(exec);
  const pid_t pid = support::spawn(exec);
  relay.command_started();
  box::RunOutcome outcome;
  try {
    terminal.lend_to(pid);
    box::Watch watch;
    watch.relay = &relay;
    outcome = box::supervise(pid, watch);
  } catch (...) {
    support::wait_or_kill(pid, std::chrono::milliseconds(0)); // otherwise it would compete with the shell for input
    terminal.take_back();
    throw;
  }
  if (outcome.reason != box::RunOutcome::Reason::ended) {
    // The process in the box ends with its Podman, or with the box.
    support::wait_or_kill(pid, std::chrono::milliseconds(0));
  }
  terminal.take_back();
  support::throw_if_interrupted();
  return outcome.exit_code;
}

} // namespace

void add_exec(const CommandSpec& app, Context& context) {
  const CommandSpec command = app.command("exec", "Run a command in a running box");
  auto name = std::make_shared<std::optional<std::string>>();
  command.positional("NAME", *name, k_box_help);
  command.action([name, &context] {
    if (!context.command || context.command->empty()) {
      throw support::Error(support::ExitCode::usage, "no command to run", "agentbox exec [NAME] -- COMMAND...");
    }
    context.exit_code = run_in_box(*name, *context.command);
  });
}

void add_shell(const CommandSpec& app, Context& context) {
  const CommandSpec command = app.command("shell", "Open a shell in a running box");
  auto name = std::make_shared<std::optional<std::string>>();
  command.positional("NAME", *name, k_box_help);
  command.action([name, &context] { context.exit_code = run_in_box(*name, {"/bin/bash"}); });
}

} // namespace agentbox::cli
