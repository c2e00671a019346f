// SPDX-License-Identifier: Apache-2.0
#include "guard/git_carried.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "git/layout.hpp"
#include "guard/git_base_paths.hpp"
#include "guard/git_directories.hpp"
#include "guard/workspace_walk.hpp"
#include "protocol/protocol.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_max_value = 1024;

// Sorted. "color.*" means every key of this section; "*" is allowed only at the end.
constexpr std::array k_carried = std::to_array<std::string_view>({
    "advice.*",
    "apply.ignorewhitespace",
    "apply.whitespace",
    "author.email",
    "author.name",
    "blame.coloring",
    "blame.date",
    "blame.showemail",
    "branch.autosetupmerge",
    "branch.autosetuprebase",
    "branch.sort",
    "color.*",
    "column.*",
    "commit.cleanup",
    "commit.status",
    "commit.verbose",
    "committer.email",
    "committer.name",
    "core.abbrev",
    "core.autocrlf",
    "core.commentchar",
    "core.commentstring",
    "core.eol",
    "core.quotepath",
    "core.safecrlf",
    "core.whitespace",
    "diff.algorithm",
    "diff.colormoved",
    "diff.colormovedws",
    "diff.context",
    "diff.indentheuristic",
    "diff.interhunkcontext",
    "diff.mnemonicprefix",
    "diff.noprefix",
    "diff.relative",
    "diff.renamelimit",
    "diff.renames",
    "diff.statgraphwidth",
    "diff.submodule",
    "diff.wordregex",
    "fetch.prune",
    "fetch.prunetags",
    "format.signoff",
    "grep.extendedregexp",
    "grep.linenumber",
    "grep.patterntype",
    "init.defaultbranch",
    "log.abbrevcommit",
    "log.date",
    "log.decorate",
    "log.follow",
    "log.showroot",
    "merge.autostash",
    "merge.conflictstyle",
    "merge.ff",
    "merge.log",
    "merge.renamelimit",
    "merge.stat",
    "pull.ff",
    "pull.rebase",
    "push.autosetupremote",
    "push.default",
    "push.followtags",
    "rebase.abbreviatecommands",
    "rebase.autosquash",
    "rebase.autostash",
    "rebase.missingcommitscheck",
    "rebase.stat",
    "rebase.updaterefs",
    "rerere.autoupdate",
    "rerere.enabled",
    "stash.showpatch",
    "status.*",
    "submodule.recurse",
    "tag.sort",
    "user.email",
    "user.name",
    "user.useconfigonly",
    "versionsort.suffix",
    "worktree.guessremote",
});

constexpr std::array k_signing =
    std::to_array<std::string_view>({"commit.gpgsign", "push.gpgsign", "tag.forcesignannotated", "tag.gpgsign"});

/// Returns `value` as a value of a configuration file; nothing for one that cannot be written or is too long.
std::optional<std::string> as_value(std::string_view value) {
  if (value.size() > k_max_value || !support::is_utf8(value)) {
    return std::nullopt;
  }
  std::string text = "\"";
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return std::nullopt;
    }
    text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  }
  return text + '"';
}

/// Returns the content of the file of patterns that a setting names, or of the default one in the user's configuration
/// directory. Throws what require_short() throws.
std::string content_of_named_file(const std::map<std::string, std::string>& values, const std::string& name,
                                  const SettingsFiles& where, const char* default_name) {
  const auto named = values.find(name);
  const auto path =
      named == values.end() ? where.config / default_name : path_of(where.home, named->second, where.home);
  std::error_code error;
  if (!path || !fs::is_regular_file(*path, error)) {
    return {};
  }
  require_short(*path, fs::file_size(*path, error));
  return support::read_file_if_exists(*path, k_max_settings).value_or("");
}

/// Adds the filters that the attributes in `text` name (filter=NAME).
void add_filters(std::string_view text, std::set<std::string>& names) {
  constexpr std::string_view k_key = "filter=";
  for (std::size_t at = 0; (at = text.find(k_key, at)) != std::string_view::npos;) {
    const bool starts = at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t';
    at += k_key.size();
    const std::size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    if (starts && end > at && end - at <= 64) {
      names.emplace(text.substr(at, end - at));
    }
  }
}

/// Returns the names of the filters that attributes assign to files: the attributes in the top directory's
/// .gitattributes, in the repository's info/attributes, and in `users`, the user's own.
std::set<std::string> filters_used(const Walk& walk, std::string_view users) {
  std::set<std::string> names;
  for (const std::string& path :
       {std::string(git::k_gitattributes), git::join(git::join(git::k_git, git::k_info), git::k_attributes)}) {
    if (walk.leads_to(path, S_IFREG)) {
      add_filters(walk.read(path, k_max_settings).value_or(""), names);
    }
  }
  add_filters(users, names);
  return names;
}

/// Returns the variables that switch off the settings in `signing` that are on. Variables, because the repository's
/// configuration is read after ours and would override it.
std::map<std::string, std::string> environment_without_signing(const std::map<std::string, bool>& signing) {
  std::map<std::string, std::string> variables;
  std::size_t count = 0;
  for (const auto& [name, on] : signing) {
    if (on) {
      variables.emplace(fmt::format("GIT_CONFIG_KEY_{}", count), name);
      variables.emplace(fmt::format("GIT_CONFIG_VALUE_{}", count), "false");
      ++count;
    }
  }
  if (count > 0) {
    variables.emplace("GIT_CONFIG_COUNT", std::to_string(count));
  }
  return variables;
}

std::string config_text(const std::map<std::string, std::string>& values, const std::set<std::string>& required,
                        const std::map<std::string, std::string>& files) {
  std::string text = "# The user's settings on the host, without anything that runs a program.\n"
                     "[include]\n\tpath = /etc/gitconfig\n";
  for (const auto& [name, value] : values) {
    const auto dot = name.find('.');
    text += fmt::format("[{}]\n\t{} = {}\n", name.substr(0, dot), name.substr(dot + 1), value);
  }
  for (const auto& [key, file] :
       {std::pair("excludesFile", protocol::k_git_ignore), std::pair("attributesFile", protocol::k_git_attributes)}) {
    if (files.contains(file)) {
      text += fmt::format("[core]\n\t{} = {}/{}\n", key, protocol::k_run_path, file);
    }
  }
  for (const std::string& name : required) { // without a command, Git refuses files in any directory that need it
    text += fmt::format("[filter {}]\n\trequired = true\n", *as_value(name));
  }
  return text;
}

/// Returns whether a box gets a copy of the setting `name` ("user.email"): whether it is in the table.
bool is_carried(std::string_view name) {
  return std::any_of(k_carried.begin(), k_carried.end(), [&](std::string_view one) {
    const bool whole_section = one.ends_with('*');
    return whole_section ? name.starts_with(one.substr(0, one.size() - 1)) &&
                               name.find('.', one.size() - 1) == std::string_view::npos
                         : name == one;
  });
}

} // namespace

CarriedSettings carried_settings(const SettingsFiles& where, const fs::path& workspace) {
  const Walk walk(workspace);
  const GitRepository repository = repository_of(workspace);
  CarriedSettings carried;
  std::map<std::string, std::string> paths;
  std::set<std::string> filters;
  std::set<std::string> required;
  std::map<std::string, bool> signs;
  const auto note = [&](const git::Setting& setting) {
    const std::string name = full_name(setting);
    if (std::find(k_signing.begin(), k_signing.end(), name) != k_signing.end()) {
      signs[name] = git::is_true(setting);
    }
    if (setting.section == "filter" && setting.subsection) {
      const std::string filter(*setting.subsection);
      filters.insert(filter);
      if (setting.key == "required" && git::is_true(setting) && as_value(filter)) {
        required.insert(filter);
      }
    }
  };
  read_users_settings(where, repository, [&](const git::Setting& setting, const fs::path& file) {
    note(setting);
    const std::string name = full_name(setting);
    if (name == "core.excludesfile" || name == "core.attributesfile") {
      paths[name] = path_of(file.parent_path(), setting.value, where.home).value_or("").string();
    }
    if (!setting.subsection && is_carried(name)) {
      if (auto value = as_value(setting.has_value ? setting.value : "true")) {
        carried.values[name] = *std::move(value);
      }
    }
  });
  const auto users = std::exchange(signs, {});
  git::read_settings(repository.settings, note);
  carried.environment = environment_without_signing(signs);
  signs.insert(users.begin(), users.end());
  for (const auto& [name, default_name, file] :
       {std::tuple("core.excludesfile", "ignore", protocol::k_git_ignore),
        std::tuple("core.attributesfile", "attributes", protocol::k_git_attributes)}) {
    if (std::string text = content_of_named_file(paths, name, where, default_name); !text.empty()) {
      carried.files.emplace(file, std::move(text));
    }
  }
  const auto attributes = carried.files.find(protocol::k_git_attributes);
  std::set<std::string> missing = filters_used(walk, attributes == carried.files.end() ? "" : attributes->second);
  missing.erase(git::k_lfs); // the box has git-lfs
  std::erase_if(missing, [&](const std::string& name) { return !filters.contains(name); });
  for (const std::string& name : missing) {
    carried.notices.push_back(
        required.contains(name)
            ? fmt::format("Git's filter {} is not in the box: Git in the box refuses the files that need it",
                          support::in_quotes(name))
            : fmt::format("Git's filter {} is not in the box: files are committed there without it",
                          support::in_quotes(name)));
  }
  if (std::any_of(signs.begin(), signs.end(), [](const auto& one) { return one.second; })) {
    carried.notices.emplace_back("commits and tags that the box makes are not signed: your keys stay on the host");
  }
  if (!carried.values.empty() || !carried.files.empty() || !required.empty()) {
    carried.files.emplace(protocol::k_git_config, config_text(carried.values, required, carried.files));
  }
  return carried;
}

} // namespace agentbox::guard
