// SPDX-License-Identifier: Apache-2.0
#include "policy/env_names.hpp"
#include "support/ascii.hpp"
#include "support/sorted.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace agentbox::policy {
namespace {

bool is_name_start(char c) {
  return support::is_letter(c) || c == '_';
}

constexpr std::array<std::string_view, 6> k_loader = {"GCONV_PATH", "GLIBC_TUNABLES", "GETCONF_DIR",
                                                      "LOCPATH",    "NLSPATH",        "RES_OPTIONS"};
constexpr std::array<std::string_view, 2> k_shell_start = {"BASH_ENV", "ENV"};
constexpr std::array<std::string_view, 5> k_identity = {"HOME", "USER", "LOGNAME", "HOSTNAME", "container"};

constexpr std::array<std::string_view, 7> k_secret_words = {"TOKEN",      "SECRET",     "PASSWORD", "PASSWD",
                                                            "PASSPHRASE", "CREDENTIAL", "APIKEY"};
constexpr std::array<std::string_view, 5> k_secret_ends = {"_KEY", "_PAT", "_AUTH", "_AUTH_CONTENT", "_COOKIE"};

} // namespace

bool is_env_name(std::string_view name) {
  return !name.empty() && is_name_start(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_name_start(c) || support::is_digit(c); });
}

std::string_view env_name_problem(std::string_view name) {
  if (!is_env_name(name)) {
    return "it is not a variable's name (letters, digits and '_', not starting with a digit)";
  }
  if (name.starts_with("LD_") || support::contains(k_loader, name)) {
    return "it controls the dynamic loader or the C library";
  }
  if (support::contains(k_shell_start, name)) {
    return "it makes shells run a startup file";
  }
  if (name.starts_with("AGENTBOX_") || support::contains(k_identity, name)) {
    return "agentbox sets this variable itself";
  }
  return {};
}

bool looks_like_secret(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return std::any_of(k_secret_words.begin(), k_secret_words.end(),
                     [&](std::string_view word) { return upper.find(word) != std::string::npos; }) ||
         std::any_of(k_secret_ends.begin(), k_secret_ends.end(),
                     [&](std::string_view end) { return upper.ends_with(end); });
}

} // namespace agentbox::policy
