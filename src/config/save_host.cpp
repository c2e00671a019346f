// SPDX-License-Identifier: Apache-2.0
#include "config/save_host.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <variant>

#include "config/config_files.hpp"
#include "config/load.hpp"
#include "config/merge.hpp"
#include "config/read_layers.hpp"
#include "config/toml_edit.hpp"
#include "policy/public_suffix.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;
using support::Fd;

std::string read_now(const Sources& sources, SaveTo to, const fs::path& file) {
  const auto text = to == SaveTo::project ? support::read_file_beneath(sources.workspace, k_project_file, k_max_config)
                                          : support::read_file_if_exists(file, k_max_config);
  return text.value_or("");
}

/// Refuses an allow that a block would take away again.
void refuse_blocked(const std::vector<Layer>& layers, const policy::HostEntry& entry) {
  for (const Layer& layer : layers) {
    for (const auto& block : layer.block) {
      if (block.value.covers(entry.pattern)) {
        throw Error(ExitCode::refused,
                    support::in_quotes(entry.text()) + " is blocked by " + support::in_quotes(block.value.text()) +
                        " in " + block.where,
                    "a block always wins; take it out of block_hosts");
      }
    }
  }
}

template <typename Item>
bool holds(const std::vector<Located<Item>>& list, const Item& wanted) {
  return std::any_of(list.begin(), list.end(), [&](const Located<Item>& item) { return item.value == wanted; });
}

/// The host as it is written into the list; nothing when `layer` has it already.
std::optional<std::string> entry_for(const std::vector<Layer>& layers, const Layer* layer, bool allow,
                                     const std::string& host) {
  if (allow) {
    const auto parsed = policy::parse_listed_host(host);
    if (const auto* problem = std::get_if<policy::EntryProblem>(&parsed)) {
      throw Error(ExitCode::usage, problem->message, problem->hint);
    }
    const auto& entry = std::get<policy::HostEntry>(parsed);
    refuse_blocked(layers, entry);
    return layer != nullptr && holds(layer->allow, policy::AllowEntry(entry)) ? std::nullopt
                                                                              : std::optional(entry.text());
  }
  const auto parsed = policy::parse_block_pattern(host);
  if (const auto* problem = std::get_if<policy::EntryProblem>(&parsed)) {
    throw Error(ExitCode::usage, problem->message, problem->hint);
  }
  const auto& pattern = std::get<policy::HostPattern>(parsed);
  return layer != nullptr && holds(layer->block, pattern) ? std::nullopt : std::optional(pattern.text());
}

/// Writes `text` beside `name` in `folder` and renames it. Never through a link, and never into what lies there
/// already.
void replace_in(const Fd& folder, const std::string& name, const std::string& text, mode_t mode,
                const fs::path& shown) {
  const std::string aside = "." + name + ".agentbox-" + std::to_string(getpid());
  unlinkat(folder.get(), aside.c_str(), 0);
  const Fd file(openat(folder.get(), aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  const bool written = file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fchmod(file.get(), mode) == 0 && fsync(file.get()) == 0 &&
                       renameat(folder.get(), aside.c_str(), folder.get(), name.c_str()) == 0;
  if (!written) {
    const int error = errno;
    unlinkat(folder.get(), aside.c_str(), 0);
    throw support::system_error(ExitCode::failed, "cannot write " + shown.string(), error, "it is as it was");
  }
}

mode_t mode_of(const Fd& folder, const std::string& name, mode_t otherwise) {
  struct stat info {};
  return fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 ? info.st_mode & 0777U : otherwise;
}

} // namespace

HostEdit prepare_edit(const Sources& sources, SaveTo to, bool allow, const std::string& host) {
  HostEdit edit;
  edit.to = to;
  edit.file = to == SaveTo::project ? sources.workspace / k_project_file : sources.user_file.value();
  policy::Diagnostics diagnostics;
  const LayersRead read = read_layers(sources, diagnostics);
  if (!diagnostics.empty()) {
    throw Error(ExitCode::usage, "nothing is saved, because the configuration has mistakes:\n" + describe(diagnostics));
  }
  edit.before = read_now(sources, to, edit.file);
  const LayerKind kind = to == SaveTo::project ? LayerKind::project : LayerKind::user;
  const auto layer =
      std::find_if(read.layers.begin(), read.layers.end(), [&](const Layer& one) { return one.kind == kind; });
  const auto entry = entry_for(read.layers, layer == read.layers.end() ? nullptr : &*layer, allow, host);
  const std::string key = allow ? "allow_hosts" : "block_hosts";
  const auto after = entry ? add_to_list(edit.before, "network", key, *entry) : std::optional(edit.before);
  if (!after) {
    throw Error(ExitCode::usage, edit.file.string() + " is written in a form that agentbox cannot add a host to",
                "add it yourself: " + key + " = [..., " + quote_toml(*entry) + "] in [network]");
  }
  edit.after = *after;
  edit.digest_before = read.project_digest;
  if (to == SaveTo::project) {
    const bool same = read.project_digest.empty()
                          ? edit.before.empty()
                          : read.project_digest == project_digest(edit.before, read.project_allow_text);
    if (!same) {
      throw Error(ExitCode::failed, edit.file.string() + " is being changed by somebody else",
                  "look at it, and try again");
    }
    edit.digest_after = project_digest(edit.after, read.project_allow_text);
    edit.text_after = project_text(edit.after, read.project_allow_text);
  }
  return edit;
}

void write_edit(const Sources& sources, const HostEdit& edit) {
  if (edit.before == edit.after) {
    return;
  }
  if (read_now(sources, edit.to, edit.file) != edit.before) {
    throw Error(ExitCode::failed, edit.file.string() + " was changed by somebody else; it is left as it is",
                "look at it, and try again");
  }
  fs::path file = edit.file;
  if (edit.to == SaveTo::user) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    const fs::path target = fs::canonical(file, error); // people keep their configuration elsewhere, and link to it
    file = error ? file : target;
  } else if (mkdir(file.parent_path().c_str(), 0755) != 0 && errno != EEXIST) {
    throw support::system_error(ExitCode::failed, "cannot create " + file.parent_path().string(), errno);
  }
  const Fd folder(open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) {
    throw support::system_error(ExitCode::refused, file.parent_path().string() + " is no folder of its own", errno);
  }
  const std::string name = file.filename().string();
  replace_in(folder, name, edit.after, mode_of(folder, name, edit.to == SaveTo::project ? 0644 : 0600), edit.file);
}

} // namespace agentbox::config
