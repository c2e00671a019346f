// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::review {

/// Why the host may execute or trust a file that a box made or changed. The order is that of the report.
enum class Kind {
  git_hook,       ///< Git runs it
  git_settings,   ///< a repository's configuration: new, changed, or moved elsewhere (commondir)
  git_link,       ///< a .git that leads to another repository
  git_attributes, ///< attributes that name filters, and .gitmodules
  tool_file,      ///< on the list of what other programs execute ([protect] paths)
  set_id,         ///< set-user-ID or set-group-ID
  program,        ///< executable, in a folder that is often in PATH
  link_out,       ///< a symbolic link that leads out of the tree
  special,        ///< a FIFO, socket or device, which hangs or misleads who opens it
};

inline constexpr std::array k_kinds = {Kind::git_hook,       Kind::git_settings, Kind::git_link,
                                       Kind::git_attributes, Kind::tool_file,    Kind::set_id,
                                       Kind::program,        Kind::link_out,     Kind::special};

/// "git-hook", …: the word in JSON.
std::string_view kind_word(Kind kind);

struct Finding {
  Kind kind = Kind::git_hook;
  std::string path;   ///< relative to the workspace, or absolute in another mount; as it is, not escaped
  std::string detail; ///< "core.fsmonitor", "-> /etc/passwd"; not escaped

  bool operator==(const Finding&) const = default;
};

/// What a box left.
struct Report {
  std::string box;
  std::filesystem::path workspace;
  std::int64_t since = 0;             ///< seconds since the epoch: when the box started
  std::vector<Finding> findings;      ///< sorted by kind, then path; at most k_max_findings of a kind
  std::map<Kind, std::size_t> counts; ///< of all, also of those that are not listed
  std::size_t looked_at = 0;
  std::string stopped; ///< why not everything was looked at; empty: everything was

  bool operator==(const Report&) const = default;
};

inline constexpr std::size_t k_max_findings = 200;

} // namespace agentbox::review
