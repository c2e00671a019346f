// SPDX-License-Identifier: Apache-2.0
#include "logins/login_content.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::logins {
namespace {

using nlohmann::json;

constexpr std::int64_t k_milliseconds = 1000;
constexpr std::int64_t k_max_lifetime = std::int64_t{400} * 24 * 3600; // seconds; the longest login lasts a year

/// Returns whether `value` has only what agents write into a login: short, clean strings, nested a few levels deep.
bool is_plain(const json& value, int levels) {
  constexpr std::size_t k_max_text = 64U << 10U;
  constexpr std::size_t k_max_members = 64;
  const auto is_clean = [](const std::string& text) {
    return text.size() <= k_max_text && std::all_of(text.begin(), text.end(), [](char c) {
             return static_cast<unsigned char>(c) >= 0x20U && c != 0x7F;
           });
  };
  if (value.is_string()) {
    return is_clean(value.get_ref<const std::string&>());
  }
  if (!value.is_structured()) {
    return !value.is_discarded() && !value.is_binary();
  }
  if (levels == 0 || value.size() > k_max_members) {
    return false;
  }
  for (const auto& [key, member] : value.items()) {
    if (!is_clean(key) || !is_plain(member, levels - 1)) {
      return false;
    }
  }
  return true;
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Returns a positive number of milliseconds, or 0.
std::int64_t milliseconds_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) {
    return 0;
  }
  const std::int64_t value =
      found->is_number_unsigned() && found->get<std::uint64_t>() > INT64_MAX ? INT64_MAX : found->get<std::int64_t>();
  return std::max<std::int64_t>(0, value);
}

/// Returns the milliseconds since the epoch of an RFC 3339 time in UTC ("2026-11-29T02:00:24.187633779Z"), or 0.
std::int64_t parse_time(std::string_view text) {
  constexpr std::string_view k_form = "dddd-dd-ddTdd:dd:dd";
  constexpr std::array<std::size_t, 6> k_at = {0, 5, 8, 11, 14, 17};
  if (text.size() <= k_form.size() || !text.ends_with('Z')) {
    return 0;
  }
  for (std::size_t i = 0; i < k_form.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (k_form[i] == 'd' ? !digit : text[i] != k_form[i]) {
      return 0;
    }
  }
  std::array<int, 6> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string_view part = text.substr(k_at[i], i == 0 ? 4 : 2);
    std::from_chars(part.data(), part.data() + part.size(), parts[i]);
  }
  std::tm time{};
  time.tm_year = parts[0] - 1900;
  time.tm_mon = parts[1] - 1;
  time.tm_mday = parts[2];
  time.tm_hour = parts[3];
  time.tm_min = parts[4];
  time.tm_sec = parts[5];
  std::int64_t fraction = 0;
  const std::string_view rest = text.substr(k_form.size());
  for (std::size_t i = 1; i <= 3; ++i) {
    const bool digit = rest.front() == '.' && i < rest.size() && rest[i] >= '0' && rest[i] <= '9';
    fraction = fraction * 10 + (digit ? rest[i] - '0' : 0);
  }
  return std::max<std::int64_t>(0, timegm(&time)) * k_milliseconds + fraction;
}

/// Reads {"accessToken", "refreshToken", "expiresAt": milliseconds, "refreshTokenExpiresAt", "accountUuid", …}
bool read_claude(const json& login, LoginContent& content) {
  if (!login.contains("accessToken") || !login["accessToken"].is_string()) {
    return false;
  }
  content.account = text_at(login, "accountUuid");
  content.version = milliseconds_at(login, "expiresAt");
  content.expires = content.version / k_milliseconds;
  content.ends = milliseconds_at(login, "refreshTokenExpiresAt") / k_milliseconds;
  content.renewable = !text_at(login, "refreshToken").empty();
  content.usable = !text_at(login, "accessToken").empty() || content.renewable;
  return true;
}

/// Reads {"tokens": {"access_token", "refresh_token", "account_id", …}, "last_refresh": time}, or {"OPENAI_API_KEY"}
bool read_codex(const json& login, LoginContent& content) {
  const auto tokens = login.find("tokens");
  const bool has_tokens = tokens != login.end() && tokens->is_object();
  if (has_tokens) {
    content.account = text_at(*tokens, "account_id");
    content.renewable = !text_at(*tokens, "refresh_token").empty();
  }
  content.version = parse_time(text_at(login, "last_refresh"));
  content.usable = content.renewable || (has_tokens && !text_at(*tokens, "access_token").empty()) ||
                   !text_at(login, "OPENAI_API_KEY").empty();
  return has_tokens || login.contains("OPENAI_API_KEY");
}

/// Reads {"access_token", "refresh_token", "expiry_date": milliseconds, …}
bool read_google(const json& login, LoginContent& content) {
  content.version = milliseconds_at(login, "expiry_date");
  content.expires = content.version / k_milliseconds;
  content.renewable = !text_at(login, "refresh_token").empty();
  content.usable = !text_at(login, "access_token").empty() || content.renewable;
  return login.contains("access_token") || login.contains("refresh_token");
}

/// Reads a login that is one token: the text at the pointer kind.token; or, without one, all API keys in it, which are
/// {"type": "api", …}. Boxes do not get anything else in it, such as refresh tokens of accounts.
bool read_token(const LoginKind& kind, const json& login, LoginContent& content) {
  if (kind.token.empty()) {
    json keys = json::object();
    for (const auto& [vendor, one] : login.items()) {
      if (one.is_object() && text_at(one, "type") == "api") {
        keys[vendor] = one;
      }
    }
    content.token = keys.dump();
    content.usable = !keys.empty();
    return true;
  }
  const json* at = &login;
  for (const std::string_view part : support::split(kind.token, '/')) {
    if (part.empty()) {
      continue; // before the first slash
    }
    const auto found = part == "*" ? at->begin() : at->is_object() ? at->find(part) : at->end();
    if (!at->is_object() || found == at->end()) {
      return false;
    }
    at = &*found;
  }
  content.token = at->is_string() ? at->get<std::string>() : std::string();
  content.usable = !content.token.empty();
  return true;
}

} // namespace

bool LoginContent::is_over(std::time_t now) const {
  return !usable || (renewable ? ends != 0 && ends <= now : expires != 0 && expires <= now);
}

std::optional<LoginContent> parse_login(const LoginKind& kind, std::string_view text, std::time_t now) {
  constexpr int k_levels = 4;
  if (text.size() > k_max_login || !support::is_utf8(text)) {
    return std::nullopt;
  }
  json document = json::parse(text, nullptr, false, !kind.token_variable.empty()); // Copilot's begins with comments
  if (!document.is_object() || (!kind.only.empty() && !document.contains(kind.only))) {
    return std::nullopt;
  }
  const json login = kind.only.empty() ? std::move(document) : document[kind.only];
  LoginContent content;
  const bool known = login.is_object() && is_plain(login, k_levels) &&
                     (!kind.token_variable.empty() ? read_token(kind, login, content)
                      : kind.format == "claude"    ? read_claude(login, content)
                      : kind.format == "codex"     ? read_codex(login, content)
                                                   : read_google(login, content));
  if (!known || content.version / k_milliseconds > now + k_max_lifetime) {
    return std::nullopt;
  }
  content.text = (kind.only.empty() ? login : json{{kind.only, login}}).dump();
  return content;
}

LoginContent renewed_login(const LoginKind& kind, const LoginContent& kept, const LoginContent& shared,
                           std::time_t now) {
  json login = json::parse(kept.text);
  const json other = json::parse(shared.text);
  for (const std::string& member : kind.renewed) {
    const json::json_pointer at((kind.only.empty() ? "" : "/" + kind.only) + member);
    if (other.contains(at)) {
      login[at] = other[at];
    }
  }
  return parse_login(kind, login.dump(), now).value_or(kept);
}

std::string with_login(const LoginKind& kind, std::string_view file, const LoginContent& login) {
  if (kind.only.empty()) {
    return login.text;
  }
  json document = json::parse(file, nullptr, false);
  if (!document.is_object()) {
    return login.text;
  }
  document[kind.only] = json::parse(login.text)[kind.only];
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace agentbox::logins
