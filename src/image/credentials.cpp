// SPDX-License-Identifier: Apache-2.0
#include "image/credentials.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "support/ascii.hpp"
#include "support/lines.hpp"

namespace agentbox::image {
namespace {

constexpr std::string_view k_word = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr std::string_view k_alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
constexpr std::string_view k_base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
constexpr std::string_view k_upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A prefix that vendors give their keys, and the minimum number of characters after it.
struct KeyForm {
  std::string_view prefix;
  std::string_view alphabet;
  std::size_t min_length;
  std::string_view kind;
};

constexpr std::array k_forms = {
    KeyForm{"sk-", k_word, 20, "an API key (sk-...)"},     KeyForm{"ghp_", k_alnum, 36, "a GitHub token"},
    KeyForm{"gho_", k_alnum, 36, "a GitHub token"},        KeyForm{"ghu_", k_alnum, 36, "a GitHub token"},
    KeyForm{"ghs_", k_alnum, 36, "a GitHub token"},        KeyForm{"ghr_", k_alnum, 36, "a GitHub token"},
    KeyForm{"github_pat_", k_alnum, 22, "a GitHub token"}, KeyForm{"glpat-", k_word, 20, "a GitLab token"},
    KeyForm{"npm_", k_alnum, 36, "an npm token"},          KeyForm{"xoxb-", k_word, 20, "a Slack token"},
    KeyForm{"xoxp-", k_word, 20, "a Slack token"},         KeyForm{"AKIA", k_upper, 16, "an AWS access key"},
    KeyForm{"ASIA", k_upper, 16, "an AWS access key"},     KeyForm{"AIza", k_word, 35, k_google_api_key},
    KeyForm{"hf_", k_alnum, 34, "a Hugging Face token"},   KeyForm{"eyJhbGciOi", k_word, 20, "a signed token (JWT)"},
    KeyForm{":_authToken=", k_word, 8, "an npm token"},
};

bool holds(std::string_view text, const KeyForm& form) {
  for (std::size_t at = text.find(form.prefix); at != std::string_view::npos; at = text.find(form.prefix, at + 1)) {
    const bool starts_word =
        at == 0 || k_word.find(text[at - 1]) == std::string_view::npos || form.prefix.front() == ':';
    const std::string_view rest = text.substr(at + form.prefix.size());
    const std::string_view word = rest.substr(0, rest.find_first_not_of(form.alphabet));
    const bool published = word.ends_with("EXAMPLE") || word.starts_with("ssh-") || word.starts_with("ecdsa-");
    if (starts_word && word.size() >= form.min_length && !published) { // AWS's sample; sk-ssh-... is a type of key
      return true;
    }
  }
  return false;
}

/// Returns whether `text` has "-----BEGIN RSA PRIVATE KEY-----" or similar, followed by key material: programs contain
/// the line without a key.
bool holds_private_key(std::string_view text) {
  constexpr std::string_view k_begin = "-----BEGIN ";
  constexpr std::string_view k_end = "PRIVATE KEY-----";
  constexpr std::size_t k_min_material = 16;
  for (std::size_t at = text.find(k_begin); at != std::string_view::npos; at = text.find(k_begin, at + 1)) {
    constexpr std::size_t k_max_title = 40;
    const std::size_t end = text.substr(at, k_max_title).find(k_end);
    if (end == std::string_view::npos) {
      continue;
    }
    std::string_view rest = text.substr(at + end + k_end.size());
    while (rest.starts_with("\\n") || rest.starts_with("\\r")) { // in JSON
      rest.remove_prefix(2);
    }
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    const bool encrypted = rest.starts_with("Proc-Type:");
    if (encrypted || std::min(rest.find_first_not_of(k_base64), rest.size()) >= k_min_material) {
      return true;
    }
  }
  return false;
}

/// Returns whether `text` has scheme://user:password@host, or a token instead. A password that a program would fill in
/// (${PASSWORD}) is not one.
bool holds_password_in_address(std::string_view text) {
  constexpr std::size_t k_min_token = 20;
  for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 1)) {
    const std::string_view rest = text.substr(at + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?# \t\r\n\"'<>"));
    const std::size_t mark = authority.rfind('@');
    if (mark == std::string_view::npos) {
      continue;
    }
    const std::string_view user = authority.substr(0, mark);
    const std::size_t colon = user.find(':');
    const bool token = user.size() >= k_min_token && user.find_first_not_of(k_word) == std::string_view::npos;
    if (token || (colon != std::string_view::npos && colon + 1 < user.size() && user[colon + 1] != '$')) {
      return true;
    }
  }
  return false;
}

/// Returns whether `text` has "Authorization: Basic ...", as in Git's http.extraHeader.
bool holds_authorization(std::string_view text) {
  constexpr std::size_t k_min_value = 8;
  const std::string lower = support::lower(text);
  constexpr std::string_view k_header = "authorization:";
  for (std::size_t at = lower.find(k_header); at != std::string::npos; at = lower.find(k_header, at + 1)) {
    std::string_view value = support::trim(text.substr(at + k_header.size()));
    value.remove_prefix(std::min(value.find(' '), value.size())); // basic, bearer, token
    value = support::trim(value);
    if (std::min(value.find_first_not_of(std::string(k_base64) + "._-"), value.size()) >= k_min_value) {
      return true;
    }
  }
  return false;
}

} // namespace

std::optional<std::string_view> key_in_text(std::string_view text) {
  if (holds_private_key(text)) {
    return "a private key";
  }
  const auto* form = std::find_if(k_forms.begin(), k_forms.end(), [&](const KeyForm& f) { return holds(text, f); });
  return form == k_forms.end() ? std::nullopt : std::optional(form->kind);
}

std::optional<std::string_view> credential_in_text(std::string_view text) {
  if (holds_password_in_address(text)) {
    return "an address with a password in it";
  }
  return holds_authorization(text) ? "an HTTP header with a credential" : key_in_text(text);
}

bool is_credential_file(std::string_view path) {
  constexpr std::array k_names = {".netrc",        "_netrc",           ".npmrc",
                                  ".pypirc",       ".git-credentials", ".env",
                                  ".dockercfg",    ".pgpass",          ".my.cnf",
                                  "credentials",   "credentials.json", ".credentials.json",
                                  "auth.json",     "id_rsa",           "id_dsa",
                                  "id_ecdsa",      "id_ed25519",       "id_ecdsa_sk",
                                  "id_ed25519_sk", "hosts.yml",        "application_default_credentials.json",
                                  "kubeconfig",    "credentials.toml", "auth.toml"};
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(".pub")) {
    return false;
  }
  const bool host_key = name.starts_with("ssh_host_") && name.ends_with("_key");
  return std::find(k_names.begin(), k_names.end(), name) != k_names.end() || name.starts_with(".env.") || host_key ||
         name.ends_with(".key") || name.ends_with(".p12") || name.ends_with(".pfx") ||
         path.ends_with(".docker/config.json") || path.ends_with(".kube/config");
}

} // namespace agentbox::image
