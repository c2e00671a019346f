// SPDX-License-Identifier: Apache-2.0
// --env and --env-file.
#include <string_view>
#include <variant>

#include "cli/box_options.hpp"
#include "config/values.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using support::Error;
using support::ExitCode;
using Variables = std::map<std::string, std::string>;

/// Adds variable `text`. One that the caller has not exported is an error: otherwise a missing key would show up as a
/// failed login inside the box.
void add(Variables& variables, std::string_view text, const std::string& where, const Variables& caller) {
  const auto parsed = config::parse_env(text);
  if (const auto* problem = std::get_if<config::ValueProblem>(&parsed)) {
    throw Error(ExitCode::usage, where + ": " + problem->message, problem->hint);
  }
  const auto& [name, value] = std::get<config::EnvText>(parsed);
  const auto found = caller.find(name);
  if (!value && found == caller.end()) {
    throw Error(ExitCode::usage, where + ": " + support::escape_untrusted(name) + " is not set in your environment",
                "export it, or set a value: " + name + "=...");
  }
  variables[name] = value ? *value : found->second;
}

void add_file(Variables& variables, const std::string& file, const Variables& caller) {
  constexpr std::size_t k_max = 1U << 20U;
  const std::string text = support::read_file(file, k_max);
  int number = 0;
  for (const std::string_view line : support::lines(text)) {
    ++number;
    std::string_view entry = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
    entry = entry.substr(0, entry.find_last_not_of('\r') + 1);
    if (!entry.empty() && entry.front() != '#') {
      add(variables, entry, file + ":" + std::to_string(number), caller);
    }
  }
}

} // namespace

Variables read_env(const std::vector<std::string>& env, const std::vector<std::string>& files,
                   const Variables& caller) {
  Variables variables;
  for (const std::string& file : files) {
    add_file(variables, file, caller);
  }
  for (const std::string& text : env) { // --env overrides --env-file
    add(variables, text, "--env", caller);
  }
  return variables;
}

} // namespace agentbox::cli
