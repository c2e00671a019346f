// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace agentbox::cli {

/// What a subcommand's callback gets besides its own options, and what it gives back.
struct Context {
  int exit_code = 0; ///< of the whole program; a callback sets it
  /// The words after the first bare "--". CLI11 never sees them. Only subcommands of the list in app.cpp that say so
  /// accept them.
  std::optional<std::vector<std::string>> command;
  std::vector<std::string> subcommands; ///< every subcommand's name
};

// One function per subcommand, each in a file of its own (src/cli/NAME.cpp). It adds the subcommand, its options (kept
// in a shared_ptr that the callback captures) and a callback that does the work. Errors are thrown as support::Error;
// main prints them.
void add_run(CLI::App& app, Context& context);
void add_exec(CLI::App& app, Context& context);
void add_shell(CLI::App& app, Context& context);
void add_ps(CLI::App& app, Context& context);
void add_stop(CLI::App& app, Context& context);
void add_rm(CLI::App& app, Context& context);
void add_logs(CLI::App& app, Context& context);
void add_allow(CLI::App& app, Context& context);
void add_deny(CLI::App& app, Context& context);
void add_network(CLI::App& app, Context& context);
void add_policy(CLI::App& app, Context& context);
void add_review(CLI::App& app, Context& context);
void add_init(CLI::App& app, Context& context);
void add_build(CLI::App& app, Context& context);
void add_update(CLI::App& app, Context& context);
void add_generate(CLI::App& app, Context& context);
void add_verify(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);

} // namespace agentbox::cli
