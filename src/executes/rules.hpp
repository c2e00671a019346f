// SPDX-License-Identifier: Apache-2.0
// What programs of the host run or obey because it lies in a project: executes.toml, compiled in.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::executes {

/// When a program acts on the file.
enum class When : std::uint8_t { enter, editor, agent, vcs, call, service };

/// What agentbox does about the file. The first of several rules in this order decides.
enum class Treatment : std::uint8_t { protect, report, steers, project };

/// How an enumerator is written.
struct EnumWords {
  std::string_view word; ///< in executes.toml
  std::string_view text; ///< for people
};

inline constexpr std::array k_when_words = {
    EnumWords{"enter", "on entering the directory"}, EnumWords{"editor", "on opening it with an editor"},
    EnumWords{"agent", "on starting an agent"},      EnumWords{"vcs", "by version control"},
    EnumWords{"call", "on any call of the tool"},    EnumWords{"service", "by a service that reads the repository"},
};

inline constexpr std::array k_treatment_words = {
    EnumWords{"protect", "read-only, reported"},
    EnumWords{"report", "reported"},
    EnumWords{"steers", "instructions, reported"},
    EnumWords{"project", "the project itself"},
};

/// One name of executes.toml.
struct Rule {
  std::string_view name; ///< relative; "*" only in the last part, and then it is a file
  bool top_only = false; ///< in the top directory only
  std::string_view by;
  When when = When::call;
  Treatment treatment = Treatment::protect;
};

/// Returns all rules, sorted by name.
std::span<const Rule> rules();

/// Returns the number of rules whose files are protected or reported.
std::size_t count_kinds();

/// Returns the names that are protected, sorted.
const std::vector<std::string>& protected_names();

/// Returns all rules as text, one a line: the name, what agentbox does, who acts on it and when.
std::string list_text();

} // namespace agentbox::executes
