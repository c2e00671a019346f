// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "support/fd.hpp"

namespace agentbox::conversations {

/// policy::Mount::reason of the directories in which an agent's conversations are kept.
inline constexpr const char* k_reason = "agent.history";

inline constexpr const char* k_database_id = "database"; ///< Conversation::id of a database

/// One conversation: a JSON Lines file that an agent of a box wrote. Everything about it is untrusted.
struct Conversation {
  std::string agent;
  std::string id;             ///< a UUID: at the end of the name of the file, or of the directory of an events.jsonl;
                              ///< for Gemini CLI, in the file's first line; for a database, k_database_id
  std::filesystem::path file; ///< relative to the project's directory
  std::time_t modified = 0;   ///< seconds since the epoch; a box can set it
  std::time_t changed = 0;    ///< of the inode: a box cannot set it
  std::uintmax_t bytes = 0;   ///< of all its files
  std::vector<std::filesystem::path> more = {}; ///< its other, smaller files

  /// Returns whether this is a database with all conversations of an agent (opencode's), which agentbox does not read.
  bool is_database() const { return id == k_database_id; }
};

/// Returns $XDG_STATE_HOME/agentbox/history, without symbolic links.
std::filesystem::path directory();

/// Returns the directory of a workspace's conversations: directory()/HASH. Creates nothing.
std::filesystem::path project_directory(const std::filesystem::path& workspace);

/// Returns whether `path`, of an agent's history, is a file: it ends in ".jsonl". Agents append the user's prompts to
/// such files. All other paths are directories.
bool is_prompt_file(const std::filesystem::path& path);

/// Returns where `path` of agent `agent` is kept in the directory of a project. Boxes see nothing above it.
std::filesystem::path kept_path(const std::filesystem::path& project, const std::string& agent,
                                const std::filesystem::path& path);

/// Creates the directory or prompt file `mounted` of a project, with mode 0700 or 0600, and records the workspace's
/// path. If a prompt file exceeds 1 MiB, only its last lines are kept, at most 256 KiB.
/// Throws Error(failed), including for a symbolic link and for a directory above it that others can write.
void make_place(const std::filesystem::path& mounted, const std::filesystem::path& workspace);

/// Returns the conversations in a project's directory, newest first, to a depth of 8. Follows no symbolic link, because
/// boxes wrote there. Throws Error(failed) when a directory cannot be read, or for more than 200,000 names.
std::vector<Conversation> find(const std::filesystem::path& project);

/// Opens a conversation for reading. Throws Error(failed), including for anything but a regular file.
support::Fd open(const std::filesystem::path& project, const Conversation& conversation);

/// Returns the first `max_bytes` of a conversation. Throws like open().
std::string read_start(const std::filesystem::path& project, const Conversation& conversation, std::size_t max_bytes);

/// Removes a conversation, what its agent stored under the same ID beside it, and its prompts: the lines of the agent's
/// prompt files that contain the ID, or all lines for a database. Throws Error(failed).
void remove(const std::filesystem::path& project, const Conversation& conversation);

/// Removes every file that boxes left in a project's directory, of any name, depth and mode. Throws Error(failed).
void remove_project(const std::filesystem::path& project);

/// Removes conversations of all projects that were last changed more than `days` days before `now`, and all files of
/// projects in which nothing changed since then. If a project fails, continues with the others and then throws its
/// Error(failed).
void prune(std::time_t now, std::uint32_t days);

} // namespace agentbox::conversations
