// SPDX-License-Identifier: Apache-2.0
// A login file that a box left: whatever it contains, only a login is copied to the host, and the host's other
// credentials stay.
#include <nlohmann/json.hpp>

#include "logins/login_content.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  using namespace agentbox;
  constexpr std::time_t k_now = 1'800'000'000;
  const std::string_view text = fuzz::text_of(data, size);
  for (const logins::LoginKind& kind : logins::login_kinds()) {
    const auto login = logins::parse_login(kind, text, k_now);
    if (!login) {
      continue;
    }
    const auto again = logins::parse_login(kind, login->text, k_now);
    fuzz::require(again && again->text == login->text, "the canonical text is that of the same login");
    fuzz::require(login->text.find_first_of("\n\x1b") == std::string::npos, "no control character gets through");
    const std::string file = logins::with_login(kind, R"({"claudeAiOauth":{},"mcpOAuth":{"a":"b"}})", *login);
    const auto document = nlohmann::json::parse(file);
    fuzz::require(kind.only.empty() || (document.size() == 2 && document["mcpOAuth"]["a"] == "b"),
                  "only the login is replaced");
    fuzz::require(logins::parse_login(kind, file, k_now)->text == login->text, "the file has this login");
  }
  return 0;
}
