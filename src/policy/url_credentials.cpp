// SPDX-License-Identifier: Apache-2.0
#include "policy/url_credentials.hpp"

#include <algorithm>

#include "support/ascii.hpp"

namespace agentbox::policy {
namespace {

/// Returns the length of the credentials and their '@' at the start of `text`, which follows "://".
std::size_t length_of_login(std::string_view text) {
  constexpr std::size_t k_shortest_token = 16;
  const std::string_view authority = text.substr(0, text.find_first_of("/ \t\r\n\"'?"));
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos) {
    return 0;
  }
  const std::string_view user = authority.substr(0, at);
  return user.find(':') != std::string_view::npos || user.size() >= k_shortest_token ? at + 1 : 0;
}

/// Removes the values of http.extraHeader, with their continued lines.
std::string without_headers(std::string_view text) {
  constexpr std::string_view k_key = "extraheader";
  const std::string lowered = support::lower(text);
  std::string kept;
  std::size_t done = 0;
  for (auto at = lowered.find(k_key); at != std::string::npos; at = lowered.find(k_key, done)) {
    auto end = lowered.find('\n', at);
    while (end != std::string::npos && end > 0 && lowered[end - 1] == '\\') {
      end = lowered.find('\n', end + 1);
    }
    end = std::min(end, lowered.size());
    const std::string_view value = std::string_view(lowered).substr(at, end - at);
    const bool secret = value.find("auth") != std::string_view::npos || value.find("token") != std::string_view::npos;
    kept.append(text.substr(done, at - done)).append(secret ? "# removed" : text.substr(at, end - at));
    done = end;
  }
  return kept.append(text.substr(done));
}

} // namespace

std::optional<std::string> without_credentials(std::string_view text) {
  constexpr std::string_view k_mark = "://";
  const std::string no_headers = without_headers(text);
  const std::string_view rest(no_headers);
  std::string kept;
  std::size_t done = 0;
  for (auto at = rest.find(k_mark); at != std::string_view::npos; at = rest.find(k_mark, done)) {
    at += k_mark.size();
    kept.append(rest.substr(done, at - done));
    done = at + length_of_login(rest.substr(at));
  }
  kept.append(rest.substr(done));
  return kept == text ? std::nullopt : std::optional(std::move(kept));
}

} // namespace agentbox::policy
