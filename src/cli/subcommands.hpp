// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/command_spec.hpp"

namespace agentbox::cli {

/// Input and result of a subcommand, without its own options.
struct Context {
  int exit_code = 0; ///< of the program; set by the action
  /// The arguments after the first "--", for the subcommands that accept them (app.cpp).
  std::optional<std::vector<std::string>> command;
  std::vector<std::string> subcommands; ///< names of all subcommands
};

/// The help of NAME and --box, as boxes::select_running() finds the box.
inline constexpr const char* k_box_help = "Name of the box (default: this directory's, else the only running box)";

// One function per subcommand, in src/cli/*_command.cpp. It adds the subcommand, its options (in a shared_ptr that
// the action captures) and its action. Errors are thrown as support::Error; main prints them.
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
void add_login(const CommandSpec& app, Context& context);
void add_logout(const CommandSpec& app, Context& context);
void add_history(const CommandSpec& app, Context& context);
void add_home(const CommandSpec& app, Context& context);
void add_policy(const CommandSpec& app, Context& context);
void add_review(const CommandSpec& app, Context& context);
void add_init(const CommandSpec& app, Context& context);
void add_build(const CommandSpec& app, Context& context);
void add_images(const CommandSpec& app, Context& context);
void add_update(const CommandSpec& app, Context& context);
void add_generate(const CommandSpec& app, Context& context);
void add_verify(const CommandSpec& app, Context& context);
void add_doctor(const CommandSpec& app, Context& context);
void add_completion(const CommandSpec& app, Context& context);

} // namespace agentbox::cli
