// SPDX-License-Identifier: Apache-2.0
// Project files that host programs execute or follow as instructions: executes.toml, compiled in.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::executes {

/// The occasion on which a program reads the file.
enum class When : std::uint8_t { enter, editor, agent, vcs, call, service };

/// The way in which agentbox treats the file. If several rules apply, the first in this order decides.
enum class Treatment : std::uint8_t { protect, report, steers, project };

/// The text of an enumerator.
struct EnumWords {
  std::string_view word; ///< in executes.toml
  std::string_view text; ///< a description, for messages
};

inline constexpr std::array k_when_words = {
    EnumWords{"enter", "when a shell enters the directory"},
    EnumWords{"editor", "when an editor opens the directory"},
    EnumWords{"agent", "when a coding agent starts in the directory"},
    EnumWords{"vcs", "when Git (or another VCS) runs in the directory"},
    EnumWords{"call", "whenever the tool runs in the directory"},
    EnumWords{"service", "when a hosting or CI service processes the repository"},
};

inline constexpr std::array k_treatment_words = {
    EnumWords{"protect", "read-only, reported"},
    EnumWords{"report", "reported"},
    EnumWords{"steers", "instructions, reported"},
    EnumWords{"project", "build file"},
};

/// One name of executes.toml.
struct Rule {
  std::string_view name; ///< relative; "*" only in the last part, in which case it is a file
  bool top_only = false; ///< in the top directory only
  std::string_view by;
  When when = When::call;
  Treatment treatment = Treatment::protect;
  bool proven = false; ///< tests/proofs has seen the program act on it; otherwise according to its documentation
};

/// Returns all rules, sorted by name.
std::span<const Rule> rules();

/// Returns the number of rules whose files are protected or reported.
std::size_t count_kinds();

/// Returns the names that are protected, sorted.
const std::vector<std::string>& protected_names();

/// Returns all rules as text, one per line: the name, what agentbox does, which program reads it and when, and whether
/// the program itself was seen to do so.
std::string list_text();

} // namespace agentbox::executes
