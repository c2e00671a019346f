// SPDX-License-Identifier: Apache-2.0
#include "config/save_host.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <variant>

#include "config/config_files.hpp"
#include "config/load.hpp"
#include "config/merge.hpp"
#include "config/read_layers.hpp"
#include "policy/public_suffix.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;
using support::Fd;

template <typename Item>
Item value_or_throw(const std::variant<Item, policy::EntryProblem>& parsed) {
  if (const auto* problem = std::get_if<policy::EntryProblem>(&parsed)) {
    throw Error(ExitCode::usage, problem->message, problem->hint);
  }
  return std::get<Item>(parsed);
}

template <typename Item>
bool contains(const std::vector<Located<Item>>& list, const Item& wanted) {
  return std::any_of(list.begin(), list.end(), [&](const Located<Item>& item) { return item.value == wanted; });
}

/// Returns the line to add, or nothing when `layer` has the host already.
std::optional<std::string> line_for(const std::vector<ConfigLayer>& layers, const ConfigLayer* layer, bool allow,
                                    const std::string& host) {
  if (!allow) {
    const auto pattern = value_or_throw(policy::parse_block_pattern(host));
    const bool known = layer != nullptr && contains(layer->block, pattern);
    return known ? std::nullopt : std::optional("deny " + pattern.text() + "\n");
  }
  const auto entry = value_or_throw(policy::parse_listed_host(host));
  if (const auto problem = block_over(entry, layers)) {
    throw Error(ExitCode::refused, problem->message, problem->hint);
  }
  const bool known = layer != nullptr && contains(layer->allow, policy::AllowEntry(entry));
  return known ? std::nullopt : std::optional("allow " + entry.text() + "\n");
}

/// Opens the directory of the file. In a workspace it must not be a link: the repository may contain one.
Fd open_directory(const fs::path& directory, LayerKind kind) {
  if (mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
    throw support::system_error(ExitCode::failed, "cannot create " + directory.string(), errno);
  }
  const int no_follow = kind == LayerKind::project ? O_NOFOLLOW : 0;
  Fd opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | no_follow));
  if (!opened) {
    throw support::system_error(ExitCode::refused, "cannot open the directory " + directory.string(), errno);
  }
  return opened;
}

} // namespace

HostEdit prepare_edit(const Sources& sources, LayerKind kind, bool allow, const std::vector<std::string>& hosts) {
  policy::Diagnostics diagnostics;
  LayersRead read = read_layers(sources, diagnostics);
  if (!diagnostics.empty()) {
    throw Error(ExitCode::usage, "not saved; the configuration has errors:\n" + describe(diagnostics));
  }
  const auto layer =
      std::find_if(read.layers.begin(), read.layers.end(), [&](const ConfigLayer& one) { return one.kind == kind; });
  HostEdit edit;
  edit.file = saved_hosts_file(sources, kind);
  edit.kind = kind;
  ProjectTexts texts = read.project.value_or(ProjectTexts{});
  edit.digest_before = read.project ? texts.digest() : "";
  edit.before = kind == LayerKind::project ? texts.saved_hosts : read.user_saved_hosts;
  edit.after = edit.before;
  for (const std::string& host : hosts) {
    if (const auto line = line_for(read.layers, layer == read.layers.end() ? nullptr : &*layer, allow, host)) {
      edit.after += (edit.after.empty() || edit.after.ends_with('\n') ? "" : "\n") + *line;
    }
  }
  if (kind == LayerKind::project) {
    texts.saved_hosts = edit.after;
    edit.digest_after = texts.digest();
    edit.text_after = texts.shown();
  }
  return edit;
}

void write_edit(const Sources& sources, const HostEdit& edit) {
  if (edit.before == edit.after) {
    return;
  }
  const bool in_project = edit.kind == LayerKind::project;
  std::error_code error;
  if (!in_project) {
    fs::create_directories(edit.file.parent_path(), error);
  }
  const fs::path target = in_project ? edit.file : fs::canonical(edit.file, error); // people link to their dotfiles
  const fs::path file = error ? edit.file : target;
  const Fd directory = open_directory(file.parent_path(), edit.kind);
  const fs::path beneath = "/proc/self/fd/" + std::to_string(directory.get());
  policy::Diagnostics ignored;
  ConfigLayer layer;
  layer.kind = edit.kind;
  if (add_saved_hosts(layer, sources, ignored) != edit.before) {
    throw Error(ExitCode::failed, edit.file.string() + " changed while it was being updated; nothing was saved",
                "check the file and try again");
  }
  support::write_file(beneath / file.filename(), edit.after, in_project ? 0644 : 0600);
}

} // namespace agentbox::config
