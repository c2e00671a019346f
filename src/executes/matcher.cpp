// SPDX-License-Identifier: Apache-2.0
#include "executes/matcher.hpp"

#include <algorithm>

namespace agentbox::executes {
namespace {

std::string_view last_part(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1); // npos + 1 is 0
}

/// Returns whether `path` is `name` or ends with "/" and `name`.
bool ends_with_name(std::string_view path, std::string_view name, bool top_only) {
  return path == name ||
         (!top_only && path.size() > name.size() && path.ends_with(name) && path[path.size() - name.size() - 1] == '/');
}

std::size_t bucket_of(std::string_view name) {
  return name.empty() ? 0 : static_cast<unsigned char>(name.front());
}

} // namespace

bool in_packages(std::string_view path) {
  constexpr std::array<std::string_view, 5> k_packages = {"bower_components", "dist-packages", "node_modules",
                                                          "site-packages", "vendor"};
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (std::find(k_packages.begin(), k_packages.end(), part) != k_packages.end()) {
      return true;
    }
    path.remove_prefix(std::min(path.size(), part.size() + 1));
  }
  return false;
}

bool matches(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  std::size_t in = 0;
  std::size_t star = std::string_view::npos; // the last "*", which may match more
  std::size_t after = 0;
  while (in < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      after = in;
    } else if (at < pattern.size() && pattern[at] == name[in]) {
      ++at;
      ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++after;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

Matcher::Matcher(const std::vector<std::string>& further) {
  for (const Rule& rule : rules()) {
    add(rule);
  }
  for (const std::string& name : further) {
    m_names.push_back(name);
    m_further.push_back({m_names.back(), false, "", When::call, Treatment::protect});
    add(m_further.back());
  }
  std::sort(m_first_parts.begin(), m_first_parts.end());
  m_first_parts.erase(std::unique(m_first_parts.begin(), m_first_parts.end()), m_first_parts.end());
}

void Matcher::add(const Rule& rule) {
  if (const auto first = rule.name.substr(0, rule.name.find('/')); first.find('*') == std::string_view::npos) {
    m_first_parts.push_back(first);
  }
  const std::string_view last = last_part(rule.name);
  if (last.find('*') == std::string_view::npos) {
    m_literals[last].push_back(&rule);
  } else {
    m_globs.at(bucket_of(last)).push_back(&rule);
  }
  for (auto slash = rule.name.find('/'); slash != std::string_view::npos; slash = rule.name.find('/', slash + 1)) {
    const std::string_view start = rule.name.substr(0, slash);
    if (rule.treatment == Treatment::protect) {
      m_starts[last_part(start)].push_back(start);
    }
  }
}

/// Returns the rule whose name `path` ends with. `whole`: it is the path in question, not a directory above it.
const Rule* Matcher::at_end(std::string_view path, bool whole) const {
  const Rule* best = nullptr;
  const auto consider = [&](const Rule& rule, std::size_t length) {
    const std::string_view above = path.substr(0, path.size() - length);
    const bool counts = rule.treatment == Treatment::protect || !in_packages(above);
    if (counts && (best == nullptr || rule.treatment < best->treatment)) {
      best = &rule;
    }
  };
  const std::string_view last = last_part(path);
  if (const auto found = m_literals.find(last); found != m_literals.end()) {
    for (const Rule* rule : found->second) {
      if (ends_with_name(path, rule->name, rule->top_only)) {
        consider(*rule, rule->name.size());
      }
    }
  }
  if (!whole) {
    return best;
  }
  for (const std::size_t bucket : {bucket_of(last), bucket_of("*")}) {
    for (const Rule* rule : m_globs.at(bucket)) {
      const std::string_view pattern = last_part(rule->name);
      const std::string_view directory = rule->name.substr(0, rule->name.size() - pattern.size());
      const std::string_view above = path.substr(0, path.size() - last.size());
      if (matches(pattern, last) &&
          (directory.empty() ? !rule->top_only || above.empty() : ends_with_name(above, directory, rule->top_only))) {
        consider(*rule, directory.size() + last.size());
      }
    }
  }
  return best;
}

const Rule* Matcher::find(std::string_view path) const {
  const Rule* best = at_end(path, true);
  for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    const Rule* one = at_end(path.substr(0, slash), false);
    if (one != nullptr && (best == nullptr || one->treatment < best->treatment)) {
      best = one;
    }
  }
  return best;
}

bool Matcher::decides(std::string_view directory) const {
  const Rule* rule = find(directory);
  return (rule != nullptr && rule->treatment != Treatment::project) || starts_name(directory);
}

bool Matcher::starts_name(std::string_view path) const {
  const auto found = m_starts.find(last_part(path));
  return found != m_starts.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](std::string_view start) { return ends_with_name(path, start, false); });
}

} // namespace agentbox::executes
