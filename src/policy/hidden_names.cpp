// SPDX-License-Identifier: Apache-2.0
#include "policy/hidden_names.hpp"

#include <algorithm>
#include <array>

#include "git/layout.hpp"
#include "policy/path_rules.hpp"
#include "support/ascii.hpp"
#include "support/lines.hpp"

namespace agentbox::policy {
namespace {

using support::lower;

/// The marks that a credential follows in a file. Empty marks: the file contains only credentials.
struct TokenFile {
  std::string_view name;
  std::array<std::string_view, 4> marks;
};

constexpr std::array<TokenFile, 20> k_token_files = {{
    {".npmrc", {"_authtoken", "_auth", "_password", "://"}},
    {".yarnrc", {"_authtoken", "_auth", "_password", "://"}},
    {".yarnrc.yml", {"npmauthtoken", "npmauthident", "://", "://"}},
    {"bunfig.toml", {"token", "password", "://", "://"}},
    {".pypirc", {"password", "token", "://", "://"}},
    {"pip.conf", {"password", "://", "://", "://"}},
    {".netrc", {"password", "password", "password", "password"}},
    {"_netrc", {"password", "password", "password", "password"}},
    {".git-credentials", {}},
    {".pgpass", {}},
    {".dockercfg", {"auth", "auth", "auth", "auth"}},
    {"auth.json", {"http-basic", "oauth", "token", "bearer"}},
    {".my.cnf", {"password", "password", "password", "password"}},
    {".s3cfg", {"secret_key", "secret_key", "secret_key", "secret_key"}},
    {".boto", {"secret", "refresh_token", "secret", "secret"}},
    {".vault-token", {}},
    {"id_rsa", {}},
    {"id_dsa", {}},
    {"id_ecdsa", {}},
    {"id_ed25519", {}},
}};

// Called for every name in a project, so it makes no lower-case copy.
const TokenFile* token_file(std::string_view name) {
  const auto same = [](char a, char b) { return a == support::to_lower(b); };
  const auto* const found = std::find_if(k_token_files.begin(), k_token_files.end(), [&](const TokenFile& one) {
    return one.name.size() == name.size() && std::equal(one.name.begin(), one.name.end(), name.begin(), same);
  });
  return found == k_token_files.end() ? nullptr : found;
}

/// Returns whether `name`, in lower case, which begins with ".env", is an example without secrets.
bool is_example(std::string_view name) {
  constexpr std::array<std::string_view, 10> k_examples = {"default", "defaults", "dist",     "example", "examples",
                                                           "sample",  "samples",  "template", "tmpl",    "tpl"};
  return std::find(k_examples.begin(), k_examples.end(), name.substr(name.find_last_of(".-_") + 1)) != k_examples.end();
}

/// Returns whether `text`, which follows "://", begins with a user and a password.
bool is_login(std::string_view text) {
  const auto end = text.find_first_of("/ \t\"'?#");
  const std::string_view host = text.substr(0, end);
  const auto at = host.rfind('@');
  return at != std::string_view::npos && host.substr(0, at).find(':') != std::string_view::npos &&
         host.substr(0, at).find("${") == std::string_view::npos;
}

/// Returns whether `text`, which follows a mark, begins with a value: not with a variable's name or an empty table.
bool is_value(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n=:\"'{[");
  return start != 0 && start != std::string_view::npos && text[start] != '$' && text[start] != '}';
}

bool has_credential(std::string_view text, std::string_view mark) {
  for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
    const std::string_view rest = text.substr(at + mark.size());
    if (mark == "://" ? is_login(rest) : is_value(rest)) {
      return true;
    }
  }
  return false;
}

} // namespace

bool is_hidden_name(std::string_view name) {
  constexpr std::string_view k_env = ".env";
  constexpr std::string_view k_after = ".-_~";
  if (name.size() < k_env.size() || name.front() != '.') {
    return false; // nearly all
  }
  const std::string lowered = lower(name);
  return lowered.starts_with(k_env) &&
         (lowered.size() == k_env.size() ||
          (k_after.find(lowered[k_env.size()]) != std::string_view::npos && !is_example(lowered)));
}

bool may_hold_token(std::string_view name) {
  return token_file(name) != nullptr;
}

bool holds_token(std::string_view name, std::string_view text) {
  const TokenFile* file = token_file(name);
  if (file == nullptr || support::trim(text).empty()) {
    return false;
  }
  const std::string lowered = lower(text);
  std::string kept; // without comments
  for (const std::string_view line : support::lines(lowered)) {
    if (const std::string_view words = support::trim(line); !words.starts_with('#') && !words.starts_with(';')) {
      kept.append(words).append("\n");
    }
  }
  return file->marks.front().empty() ? !kept.empty()
                                     : std::any_of(file->marks.begin(), file->marks.end(),
                                                   [&](std::string_view mark) { return has_credential(kept, mark); });
}

bool may_be_hidden(std::string_view path) {
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  return path == git::k_own_config || is_hidden_name(name) || may_hold_token(name);
}

bool is_shown(std::string_view path, const std::vector<std::string>& except) {
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  return std::any_of(except.begin(), except.end(), [&](const std::string& one) {
    return contains_path(one, path) || (one.find('/') == std::string::npos && one == name);
  });
}

} // namespace agentbox::policy
