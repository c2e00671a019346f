// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI { // NOLINT(readability-identifier-naming): the library's
class App;
} // namespace CLI

namespace agentbox::cli {

/// A command, its options and its action. Including CLI11 costs seconds of compile time, so only command_spec.cpp,
/// app.cpp and command_tree.cpp do. Every variable that an option fills must outlive the parse.
class CommandSpec {
public:
  explicit CommandSpec(CLI::App& app) : m_app(&app) {}

  /// Adds a subcommand.
  CommandSpec command(const std::string& name, const std::string& description) const;
  /// Adds a subcommand that does nothing by itself: one of its own subcommands must follow.
  CommandSpec group(const std::string& name, const std::string& description) const;

  /// Adds a flag with `names` as in "-v,--verbose".
  void flag(const std::string& names, bool& to, const std::string& description) const;

  /// Adds an option with a value, which --help calls `value`. `Value` is std::string, std::uint32_t, std::size_t, or
  /// std::optional of std::string or of std::filesystem::path.
  template <typename Value>
  void option(const std::string& names, Value& to, const char* value, const std::string& description) const;

  /// Adds an option whose value may be left out, in which case `to` is empty.
  void optional_value(const std::string& names, std::optional<std::string>& to, const char* value,
                      const std::string& description) const;

  /// Adds an option that may be repeated, with one value each time.
  void list(const std::string& names, std::vector<std::string>& to, const char* value,
            const std::string& description) const;

  /// Adds an option with one of the values `choices`.
  void choice(const std::string& names, std::optional<std::string>& to, const std::vector<std::string>& choices,
              const std::string& description) const;

  void positional(const std::string& name, std::optional<std::string>& to, const std::string& description) const;
  /// Adds a positional that must be given, one of `choices` if there are any.
  void required(const std::string& name, std::string& to, const std::string& description,
                const std::vector<std::string>& choices = {}) const;

  /// Adds a sentence below the options of --help.
  void footer(const std::string& text) const;
  /// Sets a function that is called before the action.
  void before_action(std::function<void()> prepare) const;
  /// Sets the function that is called after the command line is parsed.
  void action(std::function<void()> run) const;

  const CLI::App& app() const noexcept { return *m_app; }

private:
  CLI::App* m_app;
};

} // namespace agentbox::cli
