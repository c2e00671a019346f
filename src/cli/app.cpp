// SPDX-License-Identifier: Apache-2.0
#include "cli/app.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <exception>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <system_error>

#include "box/before_step.hpp"
#include "cli/subcommands.hpp"
#include "cli/version.hpp"
#include "support/error.hpp"
#include "support/signals.hpp"
#include "support/standard_streams.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

struct Subcommand {
  void (*add)(const CommandSpec&, Context&);
  bool takes_command; ///< words after "--"
};

/// Every subcommand, in the order of --help.
constexpr std::array k_subcommands{
    Subcommand{add_run, true},      Subcommand{add_exec, true},    Subcommand{add_shell, false},
    Subcommand{add_ps, false},      Subcommand{add_stop, false},   Subcommand{add_rm, false},
    Subcommand{add_logs, false},    Subcommand{add_allow, false},  Subcommand{add_deny, false},
    Subcommand{add_network, false}, Subcommand{add_review, false}, Subcommand{add_history, false},
    Subcommand{add_login, false},   Subcommand{add_logout, false}, Subcommand{add_home, false},
    Subcommand{add_policy, false},  Subcommand{add_init, false},   Subcommand{add_build, false},
    Subcommand{add_update, false},  Subcommand{add_images, false}, Subcommand{add_generate, true},
    Subcommand{add_verify, false},  Subcommand{add_doctor, false}, Subcommand{add_completion, true},
};

/// Help without CLI11's words for types, and with what follows "--" in the usage line.
class HelpText : public CLI::Formatter {
public:
  HelpText() { label("REQUIRED", ""); }

  std::string make_usage(const CLI::App* app, std::string name) const override {
    if (app->get_parent() == nullptr) {
      return "Usage: agentbox [run] [AGENT] [OPTIONS] [-- COMMAND...]\n       agentbox SUBCOMMAND [OPTIONS]\n";
    }
    std::string usage = CLI::Formatter::make_usage(app, std::move(name));
    const std::size_t end = usage.find_last_not_of('\n') + 1;
    return usage.insert(end, app->get_name() == "run"    ? " [-- COMMAND...]"
                             : app->get_name() == "exec" ? " -- COMMAND..."
                                                         : "");
  }
};

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(subcommand->get_name());
  }
  return names;
}

/// Adds every subcommand and returns the names of those that take words after "--".
std::vector<std::string> add_subcommands(CLI::App& app, Context& context) {
  std::vector<std::string> takes_command;
  const CommandSpec spec(app);
  for (const Subcommand& subcommand : k_subcommands) {
    const std::size_t before = names_of(app).size();
    subcommand.add(spec, context);
    if (subcommand.takes_command) {
      const std::vector<std::string> names = names_of(app);
      takes_command.insert(takes_command.end(), names.begin() + static_cast<std::ptrdiff_t>(before), names.end());
    }
  }
  return takes_command;
}

/// Returns `text` with each of its lines escaped. A safety net: a name must be escaped before it is put into a message,
/// because its newlines are kept here.
std::string escape_lines(std::string_view text) {
  std::string safe;
  for (std::size_t end = 0; end != std::string_view::npos; text.remove_prefix(end + 1)) {
    end = text.find('\n');
    safe += support::escape_untrusted(text.substr(0, end), std::string::npos);
    if (end == std::string_view::npos) {
      break;
    }
    safe += '\n';
  }
  return safe;
}

int report(const support::Error& error) {
  spdlog::error("{}", error.what());
  if (!error.hint().empty()) {
    fmt::print(stderr, "  hint: {}\n", escape_lines(error.hint()));
  }
  return static_cast<int>(error.code());
}

/// Returns a message with a suggestion for an unexpected argument or a missing subcommand, else CLI11's own.
std::string message_of(const CLI::App& command, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = command.remaining(true);
  const bool needs_subcommand = command.get_require_subcommand_min() > command.get_subcommands().size();
  if (unknown.empty() || (!needs_subcommand && dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr)) {
    return error.what();
  }
  const std::string word = unknown.front().substr(0, unknown.front().find('='));
  std::vector<std::string> known = names_of(command);
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      known.push_back("--" + name);
    }
  }
  return std::string(word.starts_with('-') ? "unknown option "
                     : needs_subcommand    ? "unknown subcommand "
                                           : "unexpected argument ") +
         support::in_quotes(word) + support::did_you_mean(word, known);
}

/// Prints CLI11's error in our form. Its own exit() would print help of many lines.
int report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) { // --help, --version
    return app.exit(error);
  }
  const CLI::App* command = &app;
  std::string name = app.get_name();
  while (!command->get_subcommands().empty()) { // those that were parsed
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  spdlog::error("{}", support::escape_untrusted(message_of(*command, error)));
  fmt::print(stderr, "  hint: {} --help\n", name);
  return static_cast<int>(support::ExitCode::usage);
}

/// Escapes every message: file names and error texts come from many sources, including the standard library.
class EscapingFormatter : public spdlog::formatter {
public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    const std::string text = escape_lines({message.payload.data(), message.payload.size()});
    fmt::format_to(std::back_inserter(line), "agentbox: {}\n", text);
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<EscapingFormatter>(); }
};

void set_up_messages() {
  auto logger = std::make_shared<spdlog::logger>("agentbox", std::make_shared<spdlog::sinks::stderr_sink_st>());
  logger->set_formatter(std::make_unique<EscapingFormatter>());
  spdlog::set_default_logger(std::move(logger));
}

void run(int argc, char** argv, CLI::App& app, Context& context) {
  const std::vector<std::string> takes_command = add_subcommands(app, context);
  // After the subcommands are added, because they would inherit it.
  app.footer("Examples:\n  agentbox claude --auth claude\n  agentbox run -- make test");
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  context.subcommands = names_of(app);
  CommandLine words = with_subcommand(argv[0], arguments, context.subcommands);
  if (words.has_command) {
    const std::string& name = words.options.front();
    if (std::find(takes_command.begin(), takes_command.end(), name) == takes_command.end()) {
      throw support::Error(support::ExitCode::usage,
                           "\"" + support::escape_untrusted(name) + "\" takes no command after --");
    }
    context.command = std::move(words.command);
  }
  std::reverse(words.options.begin(), words.options.end()); // CLI11 takes them last first
  app.parse(std::move(words.options));
}

int parse_and_run(int argc, char** argv) {
  CLI::App app(
      "Run a coding agent (claude, codex, copilot, gemini, opencode, qwen, or a configured one) in a firewalled "
      "rootless Podman pod.",
      "agentbox");
  app.formatter(std::make_shared<HelpText>());
  app.set_version_flag("--version", version_text);
  app.require_subcommand(1);
  Context context;
  box::before_step(box::Phase::launch, 0);
  try {
    run(argc, argv, app, context);
  } catch (const CLI::ParseError& error) {
    context.exit_code = report(app, error);
  }
  box::before_step(box::Phase::launch, box::k_launch_moments - 1);
  support::flush_stdout();
  return context.exit_code;
}

} // namespace

int main(int argc, char** argv) {
  set_up_messages();
  try {
    return parse_and_run(argc, argv);
  } catch (const support::Interrupted& interrupted) {
    return static_cast<int>(interrupted.code()); // no message: the sender of the signal knows
  } catch (const support::Error& error) {
    return report(error);
  } catch (const std::system_error& error) { // fmt::print()'s, for output that it cannot write
    spdlog::error("{}", error.what());
  } catch (const std::exception& error) {
    spdlog::error("internal error: {}", error.what());
  }
  return static_cast<int>(support::ExitCode::failed);
}

} // namespace agentbox::cli
