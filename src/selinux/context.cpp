// SPDX-License-Identifier: Apache-2.0
#include "selinux/context.hpp"

#include <charconv>
#include <fmt/format.h>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "support/digest.hpp"
#include "support/lines.hpp"

namespace agentbox::selinux {
namespace {

/// Returns the text before the first ':' and removes both from `rest`.
std::string_view next_field(std::string_view& rest) {
  const auto end = rest.find(':');
  const std::string_view field = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return field;
}

/// Returns a category, 0 to 1023, from five hex digits of `digest`.
unsigned category(std::string_view digest, std::size_t at) {
  unsigned value = 0;
  std::from_chars(digest.data() + at, digest.data() + at + 5, value, 16);
  return value % 1024;
}

/// Returns two different categories derived from `name`, in ascending order, as the kernel writes them.
std::pair<unsigned, unsigned> categories(const std::string& name) {
  const std::string digest = support::sha256_hex(name);
  const unsigned one = category(digest, 0);
  const unsigned other = (one + 1 + category(digest, 5) % 1023) % 1024;
  return {std::min(one, other), std::max(one, other)};
}

std::pair<unsigned, unsigned> firewall_categories(unsigned uid) {
  return categories(fmt::format("agentbox firewall {}", uid));
}

/// Returns a level with `categories` as the kernel writes it: three or more in a row are "c1.c3".
std::string level_text(const std::set<unsigned>& categories) {
  std::string text = "s0";
  for (auto first = categories.begin(); first != categories.end();) {
    auto last = first;
    for (auto next = std::next(first); next != categories.end() && *next == *last + 1; ++next) {
      last = next;
    }
    text += fmt::format("{}c{}", first == categories.begin() ? ':' : ',', *first);
    if (*last != *first) {
      text += fmt::format("{}c{}", *last - *first > 1 ? '.' : ',', *last);
    }
    first = std::next(last);
  }
  return text;
}

std::string level_text(const std::pair<unsigned, unsigned>& pair) {
  return level_text(std::set<unsigned>{pair.first, pair.second});
}

std::pair<unsigned, unsigned> box_categories(unsigned uid, std::string_view workspace) {
  std::string name = fmt::format("agentbox box {} {}", uid, workspace);
  while (categories(name) == firewall_categories(uid)) { // a box must not read the log
    name += '+';
  }
  return categories(name);
}

/// Returns two categories that are not the firewall's: no box with a login may have both of those.
std::pair<unsigned, unsigned> login_categories(unsigned uid, std::string_view agent) {
  std::string name = fmt::format("agentbox login {} {}", uid, agent);
  const auto [first, second] = firewall_categories(uid);
  for (;; name += '+') {
    const auto pair = categories(name);
    if (pair.first != first && pair.first != second && pair.second != first && pair.second != second) {
      return pair;
    }
  }
}

} // namespace

std::optional<Context> parse_context(std::string_view text) {
  constexpr std::size_t k_max_context = 4096;
  Context context;
  std::string_view rest = text.substr(0, std::min(text.find('\0'), text.size())); // the kernel appends a NUL
  if (rest.size() > k_max_context || rest.find_first_of(" \t\r\n\"") != std::string_view::npos) {
    return std::nullopt;
  }
  context.user = next_field(rest);
  context.role = next_field(rest);
  context.type = next_field(rest);
  context.level = rest;
  const bool complete = !context.user.empty() && !context.role.empty() && !context.type.empty();
  return complete ? std::optional(context) : std::nullopt;
}

std::string to_text(const Context& context) {
  return fmt::format("{}:{}:{}{}{}", context.user, context.role, context.type, context.level.empty() ? "" : ":",
                     context.level);
}

std::string to_text(const Label& label) {
  return label.level.empty() ? label.type : label.type + ":" + label.level;
}

bool has_label(const Context& current, const Label& label) {
  return current.type == label.type && current.level == label.level;
}

std::optional<ContainerContexts> parse_container_contexts(std::string_view text) {
  std::map<std::string_view, Context> found;
  for (const std::string_view line : support::lines(text)) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || support::trim(line).starts_with('#')) {
      continue;
    }
    std::string_view value = support::trim(line.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (auto context = parse_context(value)) {
      found.insert_or_assign(support::trim(line.substr(0, equals)), *std::move(context));
    }
  }
  for (const char* key : {"process", "file", "ro_file"}) {
    if (!found.contains(key)) {
      return std::nullopt;
    }
  }
  return ContainerContexts{found.at("process"), found.at("file"), found.at("ro_file")};
}

std::string firewall_level(unsigned uid) {
  return level_text(firewall_categories(uid));
}

std::string box_level(unsigned uid, std::string_view workspace) {
  return level_text(box_categories(uid, workspace));
}

std::string login_level(unsigned uid, std::string_view agent) {
  return level_text(login_categories(uid, agent));
}

BoxContexts box_contexts(const ContainerContexts& contexts, bool levels, unsigned uid, std::string_view workspace,
                         const std::vector<std::string>& logins) {
  const auto at = [levels](Context context, const std::string& level) {
    context.level = levels ? level : "";
    return context;
  };
  const auto own = box_categories(uid, workspace);
  std::set<unsigned> all = {own.first, own.second};
  for (const std::string& agent : logins) {
    const auto pair = login_categories(uid, agent);
    all.insert({pair.first, pair.second});
  }
  const std::string agent = level_text(all);
  const std::string firewall = firewall_level(uid);
  return {at(contexts.process, agent),    at(contexts.file, agent),    at(contexts.file, level_text(own)),
          at(contexts.process, firewall), at(contexts.file, firewall), at(contexts.read_only_file, "s0")};
}

Label label_of(const Context& context) {
  return {context.type, context.level};
}

} // namespace agentbox::selinux
