// SPDX-License-Identifier: Apache-2.0
#include "cli/command_spec.hpp"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::cli {

CommandSpec CommandSpec::command(const std::string& name, const std::string& description) const {
  return CommandSpec(*m_app->add_subcommand(name, description));
}

CommandSpec CommandSpec::group(const std::string& name, const std::string& description) const {
  return CommandSpec(*m_app->add_subcommand(name, description)->require_subcommand(1));
}

void CommandSpec::flag(const std::string& names, bool& to, const std::string& description) const {
  m_app->add_flag(names, to, description);
}

template <typename Value>
void CommandSpec::option(const std::string& names, Value& to, const char* value, const std::string& description) const {
  m_app->add_option(names, to, description)->type_name(value);
}
template void CommandSpec::option(const std::string&, std::string&, const char*, const std::string&) const;
template void CommandSpec::option(const std::string&, std::uint32_t&, const char*, const std::string&) const;
template void CommandSpec::option(const std::string&, std::size_t&, const char*, const std::string&) const;
template void CommandSpec::option(const std::string&, std::optional<std::string>&, const char*,
                                  const std::string&) const;
template void CommandSpec::option(const std::string&, std::optional<std::filesystem::path>&, const char*,
                                  const std::string&) const;

void CommandSpec::optional_value(const std::string& names, std::optional<std::string>& to, const char* value,
                                 const std::string& description) const {
  m_app
      ->add_option_function<std::vector<std::string>>(
          names, [&to](const std::vector<std::string>& words) { to = words.empty() ? "" : words.front(); }, description)
      ->type_name(value)
      ->expected(0, 1);
}

void CommandSpec::list(const std::string& names, std::vector<std::string>& to, const char* value,
                       const std::string& description) const {
  // Not a vector option: that would swallow the positional that follows, and lose earlier values.
  m_app
      ->add_option_function<std::string>(
          names, [&to](const std::string& one) { to.push_back(one); }, description)
      ->type_name(value)
      ->take_all()
      ->trigger_on_parse();
}

namespace {

/// Allows only `choices`. CLI11's own check has a message that reads like a set of numbers.
void restrict(CLI::Option& option, const std::vector<std::string>& choices) {
  const auto check = [choices](const std::string& word) {
    return support::contains(choices, word)
               ? std::string()
               : support::in_quotes(word) + " is not one of " + support::join(choices, ", ");
  };
  option.type_name("")->option_text(support::join(choices, "|"));
  option.check(CLI::Validator(check, "{" + support::join(choices, ",") + "}")); // completions read this
}

} // namespace

void CommandSpec::choice(const std::string& names, std::optional<std::string>& to,
                         const std::vector<std::string>& choices, const std::string& description) const {
  restrict(*m_app->add_option(names, to, description), choices);
}

void CommandSpec::positional(const std::string& name, std::optional<std::string>& to,
                             const std::string& description) const {
  m_app->add_option(name, to, description)->type_name("");
}

void CommandSpec::required(const std::string& name, std::string& to, const std::string& description,
                           const std::vector<std::string>& choices) const {
  CLI::Option* option = m_app->add_option(name, to, description)->required()->type_name("");
  if (!choices.empty()) {
    restrict(*option, choices);
  }
}

void CommandSpec::footer(const std::string& text) const {
  m_app->footer(text);
}

void CommandSpec::before_action(std::function<void()> prepare) const {
  m_app->parse_complete_callback(std::move(prepare));
}

void CommandSpec::action(std::function<void()> run) const {
  m_app->callback(std::move(run));
}

} // namespace agentbox::cli
