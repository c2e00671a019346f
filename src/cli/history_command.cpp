// SPDX-License-Identifier: Apache-2.0
// history: the conversations that agents had in the boxes of a project.
#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "cli/subcommands.hpp"
#include "config/workspace.hpp"
#include "conversations/messages.hpp"
#include "conversations/store.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/local_time.hpp"
#include "support/table.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using conversations::Conversation;
using support::Error;
using support::ExitCode;

struct ConversationOptions {
  std::string project = ".";
  std::string id;
  std::optional<std::string> only; ///< of rm
  bool all = false;
  bool json = false;
};

std::filesystem::path workspace_of(const ConversationOptions& options) {
  return config::choose_workspace(options.project, support::home_directory()).path;
}

/// Returns the conversation whose ID begins with `start`.
Conversation find_conversation(const std::vector<Conversation>& list, const std::string& start) {
  const Conversation* chosen = nullptr;
  for (const Conversation& one : list) {
    if (one.id.starts_with(start) && chosen != nullptr) {
      throw Error(ExitCode::usage, "several conversations have an ID that begins with " + support::in_quotes(start),
                  "give more of the ID; agentbox history list shows all");
    }
    chosen = one.id.starts_with(start) ? &one : chosen;
  }
  if (start.empty() || chosen == nullptr) {
    throw Error(ExitCode::not_found, "this project has no conversation " + support::in_quotes(start),
                "agentbox history list shows all");
  }
  return *chosen;
}

/// Returns the conversation whose ID begins with `start`. Throws Error(failed) for a database.
Conversation find_readable(const std::filesystem::path& project, const std::string& start) {
  Conversation one = find_conversation(conversations::find(project), start);
  if (one.is_database()) {
    throw Error(ExitCode::failed, one.agent + " keeps its conversations in a database, which agentbox does not read",
                "agentbox " + one.agent + " --continue");
  }
  return one;
}

/// Maximum of bytes to read for the titles of a list: a box can leave more files than a user would wait for.
constexpr std::size_t k_max_for_titles = 64U << 20U;

/// Returns the start of what the user asked first, on one line; of a long file, what its first MiB has. Subtracts the
/// bytes that it reads from `left`; reads nothing when that is 0.
std::string title_of(const std::filesystem::path& project, const Conversation& one, std::size_t& left) {
  constexpr std::size_t k_max_title = 60;
  constexpr std::size_t k_max_read = 1U << 20U;
  if (one.is_database()) {
    return "(all conversations, which only the agent can show)";
  }
  std::string text;
  try {
    text = conversations::read_start(project, one, std::min(k_max_read, left));
  } catch (const Error&) { // a box changed its mode or replaced it; `show` says so
    return "(cannot be read)";
  }
  left -= text.size();
  const auto first = conversations::messages(text, 1);
  std::string title;
  if (!first.empty()) {
    for (const std::string_view word : support::words(std::string_view(first.front().text).substr(0, 500))) {
      title += (title.empty() ? "" : " ") + std::string(word);
    }
  }
  return support::escape_untrusted(title, k_max_title);
}

void list_as_json(const std::filesystem::path& project, const std::vector<Conversation>& list) {
  nlohmann::json document = nlohmann::json::array();
  std::size_t left = k_max_for_titles;
  for (const Conversation& one : list) {
    document.push_back({{"agent", one.agent},
                        {"id", one.id},
                        {"file", (project / one.file).string()},
                        {"modified", one.modified},
                        {"bytes", one.bytes},
                        {"title", title_of(project, one, left)}});
  }
  fmt::print("{}\n", document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace));
}

void list_conversations(const ConversationOptions& options) {
  const std::filesystem::path workspace = workspace_of(options);
  const std::filesystem::path project = conversations::project_directory(workspace);
  const std::vector<Conversation> found = conversations::find(project);
  if (options.json) {
    list_as_json(project, found);
    return;
  }
  if (found.empty()) {
    spdlog::info("there are no conversations in {}", support::in_quotes(workspace.string(), 1000));
    return;
  }
  std::vector<std::vector<std::string>> rows;
  std::size_t left = k_max_for_titles;
  for (const Conversation& one : found) {
    constexpr std::uintmax_t k_kib = 1024;
    rows.push_back({support::local_time(one.modified, "%Y-%m-%d %H:%M"), support::escape_untrusted(one.agent), one.id,
                    fmt::format("{} KiB", (one.bytes + k_kib - 1) / k_kib), title_of(project, one, left)});
  }
  fmt::print("{}", support::table({{"LAST WRITTEN"}, {"AGENT"}, {"ID"}, {"SIZE", true}, {"FIRST MESSAGE"}}, rows));
}

void show_conversation(const ConversationOptions& options) {
  constexpr std::size_t k_max_messages = 100'000;
  constexpr std::size_t k_max_shown = 64U << 20U;
  constexpr std::size_t k_max_line = 100'000;
  const std::filesystem::path project = conversations::project_directory(workspace_of(options));
  const Conversation one = find_readable(project, options.id);
  if (one.bytes > k_max_shown) {
    spdlog::warn("only the first {} MiB are shown; all of it: agentbox history export {}", k_max_shown >> 20U, one.id);
  }
  for (const auto& message :
       conversations::messages(conversations::read_start(project, one, k_max_shown), k_max_messages)) {
    fmt::print("{}:\n", message.by_user ? "user" : support::escape_untrusted(one.agent));
    for (const std::string_view line : support::lines(message.text)) {
      fmt::print("  {}\n", support::escape_untrusted(line, k_max_line));
    }
  }
}

void export_one(const ConversationOptions& options) {
  const std::filesystem::path project = conversations::project_directory(workspace_of(options));
  const Conversation one = find_readable(project, options.id);
  if (isatty(STDOUT_FILENO) == 1) {
    throw Error(ExitCode::usage, "a conversation may contain control characters, which a terminal would interpret",
                "agentbox history export " + one.id + " >FILE; to read it: agentbox history show " + one.id);
  }
  const support::Fd file = conversations::open(project, one);
  std::array<char, 65536> part{};
  for (ssize_t count = 0; (count = ::read(file.get(), part.data(), part.size())) != 0;) {
    if (count > 0) {
      support::write_all(STDOUT_FILENO, {part.data(), static_cast<std::size_t>(count)}, "standard output");
    } else if (errno != EINTR) {
      throw support::system_error(ExitCode::failed, "cannot read the conversation " + one.id, errno);
    }
  }
}

void remove_conversations(const ConversationOptions& options) {
  if (options.all == options.only.has_value()) {
    throw Error(ExitCode::usage, "give the ID of one conversation, or --all", "agentbox history rm ID");
  }
  const std::filesystem::path project = conversations::project_directory(workspace_of(options));
  if (options.all) {
    conversations::remove_project(project);
  } else {
    conversations::remove(project, find_conversation(conversations::find(project), *options.only));
  }
}

/// Adds a subcommand with --project.
CommandSpec add_part(const CommandSpec& group, const std::string& name, const std::string& description,
                     const std::shared_ptr<ConversationOptions>& options, void (*act)(const ConversationOptions&)) {
  const CommandSpec command = group.command(name, description);
  command.option("--project", options->project, "DIR", "Directory of the project (default: the current one)");
  command.action([options, act] { act(*options); });
  return command;
}

} // namespace

void add_history(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec group = app.group("history", "List, show, export and remove the conversations of a project");
  const auto options = std::make_shared<ConversationOptions>();
  const char* const id = "ID of the conversation, or the start of it";
  add_part(group, "list", "List the conversations, newest first", options, list_conversations)
      .flag("--json", options->json, "Print JSON");
  add_part(group, "show", "Print what the user and the agent wrote", options, show_conversation)
      .required("ID", options->id, id);
  add_part(group, "export", "Write the agent's own file, JSON Lines, to standard output", options, export_one)
      .required("ID", options->id, id);
  const CommandSpec remove = add_part(group, "rm", "Remove a conversation", options, remove_conversations);
  remove.positional("ID", options->only, id);
  remove.flag("--all", options->all, "Remove all conversations of the project");
}

} // namespace agentbox::cli
