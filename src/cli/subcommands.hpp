// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/command_spec.hpp"

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
void add_run(const CommandSpec& app, Context& context);
void add_exec(const CommandSpec& app, Context& context);
void add_shell(const CommandSpec& app, Context& context);
void add_ps(const CommandSpec& app, Context& context);
void add_stop(const CommandSpec& app, Context& context);
void add_rm(const CommandSpec& app, Context& context);
void add_logs(const CommandSpec& app, Context& context);
void add_allow(const CommandSpec& app, Context& context);
void add_deny(const CommandSpec& app, Context& context);
void add_network(const CommandSpec& app, Context& context);
void add_policy(const CommandSpec& app, Context& context);
void add_review(const CommandSpec& app, Context& context);
void add_init(const CommandSpec& app, Context& context);
void add_build(const CommandSpec& app, Context& context);
void add_update(const CommandSpec& app, Context& context);
void add_generate(const CommandSpec& app, Context& context);
void add_verify(const CommandSpec& app, Context& context);
void add_doctor(const CommandSpec& app, Context& context);
void add_completion(const CommandSpec& app, Context& context);

} // namespace agentbox::cli
