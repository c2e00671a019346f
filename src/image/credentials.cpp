// SPDX-License-Identifier: Apache-2.0
#include "image/credentials.hpp"

#include <algorithm>
#include <array>

#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;

constexpr std::string_view k_word = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr std::string_view k_alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
constexpr std::string_view k_upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A prefix that vendors give their keys, and what follows it at least.
struct KeyForm {
  std::string_view prefix;
  std::string_view alphabet;
  std::size_t least;
  std::string_view kind;
};

constexpr std::array k_forms = {
    KeyForm{"sk-", k_word, 20, "an API key (sk-...)"},     KeyForm{"ghp_", k_alnum, 36, "a GitHub token"},
    KeyForm{"gho_", k_alnum, 36, "a GitHub token"},        KeyForm{"ghu_", k_alnum, 36, "a GitHub token"},
    KeyForm{"ghs_", k_alnum, 36, "a GitHub token"},        KeyForm{"ghr_", k_alnum, 36, "a GitHub token"},
    KeyForm{"github_pat_", k_alnum, 22, "a GitHub token"}, KeyForm{"glpat-", k_word, 20, "a GitLab token"},
    KeyForm{"npm_", k_alnum, 36, "an npm token"},          KeyForm{"xoxb-", k_word, 20, "a Slack token"},
    KeyForm{"xoxp-", k_word, 20, "a Slack token"},         KeyForm{"AKIA", k_upper, 16, "an AWS access key"},
    KeyForm{"ASIA", k_upper, 16, "an AWS access key"},     KeyForm{"AIza", k_word, 35, "a Google API key"},
    KeyForm{"hf_", k_alnum, 34, "a Hugging Face token"},   KeyForm{"eyJhbGciOi", k_word, 20, "a signed token (JWT)"},
    KeyForm{":_authToken=", k_word, 8, "an npm token"},
};

bool holds(std::string_view text, const KeyForm& form) {
  for (std::size_t at = text.find(form.prefix); at != std::string_view::npos; at = text.find(form.prefix, at + 1)) {
    const bool starts_word =
        at == 0 || k_word.find(text[at - 1]) == std::string_view::npos || form.prefix.front() == ':';
    const std::string_view rest = text.substr(at + form.prefix.size());
    if (starts_word && std::min(rest.find_first_not_of(form.alphabet), rest.size()) >= form.least) {
      return true;
    }
  }
  return false;
}

/// "-----BEGIN RSA PRIVATE KEY-----" and its kin, with key material on the next line.
bool holds_private_key(std::string_view text) {
  constexpr std::string_view k_begin = "-----BEGIN ";
  for (std::size_t at = text.find(k_begin); at != std::string_view::npos; at = text.find(k_begin, at + 1)) {
    const std::string_view line = text.substr(at, std::min(text.find('\n', at), text.size()) - at);
    if (line.find("PRIVATE KEY") != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// scheme://user:password@host
bool holds_password_in_address(std::string_view text) {
  for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 1)) {
    const std::string_view rest = text.substr(at + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?# \t\r\n\"'<>"));
    const std::size_t mark = authority.rfind('@');
    if (mark != std::string_view::npos && authority.substr(0, mark).find(':') != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return result;
}

} // namespace

std::optional<std::string_view> credential_in_text(std::string_view text) {
  if (holds_private_key(text)) {
    return "a private key";
  }
  if (holds_password_in_address(text)) {
    return "an address with a password in it";
  }
  for (const KeyForm& form : k_forms) {
    if (holds(text, form)) {
      return form.kind;
    }
  }
  return std::nullopt;
}

bool is_credential_name(std::string_view name) {
  constexpr std::array k_anywhere = {"PASSWORD", "PASSWD",     "PASSPHRASE",  "SECRET",     "CREDENTIAL",  "APIKEY",
                                     "API_KEY",  "ACCESS_KEY", "PRIVATE_KEY", "AUTH_TOKEN", "ACCESS_TOKEN"};
  constexpr std::array k_at_the_end = {"_KEY", "_TOKEN", "_AUTH", "_PAT", "_PWD", "_COOKIE"};
  const std::string text = upper(name);
  if (text.find("PUBLIC_KEY") != std::string::npos || text.find("PUBKEY") != std::string::npos) {
    return false;
  }
  return text == "TOKEN" || text == "KEY" ||
         std::any_of(k_anywhere.begin(), k_anywhere.end(),
                     [&](const char* part) { return text.find(part) != std::string::npos; }) ||
         std::any_of(k_at_the_end.begin(), k_at_the_end.end(), [&](const char* part) { return text.ends_with(part); });
}

bool is_credential_file(std::string_view path) {
  constexpr std::array k_names = {".netrc",        "_netrc",           ".npmrc",
                                  ".pypirc",       ".git-credentials", ".env",
                                  ".dockercfg",    ".pgpass",          ".my.cnf",
                                  "credentials",   "credentials.json", ".credentials.json",
                                  "auth.json",     "id_rsa",           "id_dsa",
                                  "id_ecdsa",      "id_ed25519",       "id_ecdsa_sk",
                                  "id_ed25519_sk", "hosts.yml",        "application_default_credentials.json",
                                  "kubeconfig"};
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(".pub")) {
    return false;
  }
  const bool host_key = name.starts_with("ssh_host_") && name.ends_with("_key");
  return std::find(k_names.begin(), k_names.end(), name) != k_names.end() || name.starts_with(".env.") || host_key ||
         name.ends_with(".key") || name.ends_with(".p12") || name.ends_with(".pfx") ||
         path.ends_with(".docker/config.json") || path.ends_with(".kube/config");
}

void refuse_credentials(const std::string& what, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    const auto kind = credential_in_text(value);
    if (is_credential_name(name) || kind) {
      throw Error(ExitCode::refused,
                  what + " " + support::escape_untrusted(name) + " looks like a credential" +
                      (kind ? " (" + std::string(*kind) + ")" : "") +
                      "; everything that goes into a build stays in the image",
                  "give it to the box when it runs: --env NAME, or --auth AGENT");
    }
  }
}

void refuse_credentials_in_folder(const std::filesystem::path& folder) {
  constexpr std::uintmax_t k_max_text = 1U << 20U;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.is_symlink()) {
      continue;
    }
    const std::string path = entry.path().lexically_relative(folder).string();
    const bool text = entry.file_size() <= k_max_text;
    const auto kind = text ? credential_in_text(support::read_file(entry.path(), k_max_text)) : std::nullopt;
    if (is_credential_file(path) || kind) {
      throw Error(ExitCode::refused,
                  "the file " + support::escape_untrusted(path) + " would go into the image and looks like " +
                      std::string(kind.value_or("a credential")),
                  "remove it from " + folder.string());
    }
  }
}

} // namespace agentbox::image
