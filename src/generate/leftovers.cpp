// SPDX-License-Identifier: Apache-2.0
#include "generate/leftovers.hpp"

#include <algorithm>
#include <exception>
#include <system_error>

#include "generate/output_record.hpp"
#include "support/text.hpp"

namespace agentbox::generate {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_max_lines = 10; // a box may have filled the project with such names

/// What speaks against the removal of `aside`, which nobody holds; nothing when it is certain to be rubbish.
std::string doubt(const Aside& aside, const fs::path& output) {
  const std::vector<std::string> parts = aside.parts();
  const auto foreign = std::find_if(parts.begin(), parts.end(), [](const std::string& part) {
    return part != k_new_set && part != k_exchanged && part != k_rubbish;
  });
  if (foreign != parts.end()) {
    return "it holds " + support::in_quotes(*foreign) + ", which is none of agentbox's";
  }
  const std::string machine = aside.machine();
  if (machine.empty() && !parts.empty()) {
    return std::string(k_mark) + " in it is empty";
  }
  if (!machine.empty() && machine != machine_name()) {
    return "it was made on another machine, " + support::in_quotes(machine.substr(0, machine.find('\n')));
  }
  const fs::path exchanged = aside.exchanged();
  if (std::find(parts.begin(), parts.end(), k_exchanged) != parts.end() &&
      !(fs::is_directory(fs::symlink_status(exchanged)) && (fs::is_empty(exchanged) || is_untouched_set(exchanged)))) {
    return std::string(k_exchanged) + " in it may hold what was in " + output.string() +
           " before; take from it what you miss, then remove it";
  }
  return {};
}

/// Why `name` beside `output` stays, if it does and that is worth a word.
std::string remove_leftover(const fs::path& output, const std::string& name, const RemoveTree& remove_tree) {
  try {
    std::string why;
    if (const std::optional<Aside> aside = Aside::take(output, name, why)) {
      why = doubt(*aside, output);
      if (why.empty()) {
        aside->remove(remove_tree);
      }
    }
    return why;
  } catch (const std::exception& error) {
    return support::escape_untrusted(error.what());
  }
}

} // namespace

std::vector<std::string> remove_leftovers(const fs::path& output, const RemoveTree& remove_tree) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(output.parent_path(), error), end; !error && entry != end; entry.increment(error)) {
    if (is_aside_name(output, entry->path().filename().string())) {
      names.push_back(entry->path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    const std::string why = remove_leftover(output, name, remove_tree);
    if (!why.empty() && lines.size() < k_max_lines) {
      lines.push_back((output.parent_path() / name).string() +
                      " looks like what an agentbox generate that was killed left, and stays: " + why);
    }
  }
  return lines;
}

} // namespace agentbox::generate
