// SPDX-License-Identifier: Apache-2.0
#include "logins/login_content.hpp"

#include "catch.hpp"

using namespace agentbox::logins;

namespace {

constexpr std::time_t k_now = 1'795'900'000;
const LoginKind& claude = *find_login_kind("claude");
const LoginKind& codex = *find_login_kind("codex");

std::string claude_text(const std::string& more) {
  return R"({"claudeAiOauth":{"accessToken":"a","refreshToken":"r","expiresAt":1795946411268)" + more + "}}";
}

} // namespace

TEST_CASE("a login of Claude Code contains its account, its expiry and whether it can be renewed") {
  const auto login = parse_login(
      claude, claude_text(R"(,"refreshTokenExpiresAt":1798509611268,"accountUuid":"u1","scopes":["x"])"), k_now);
  REQUIRE(login);
  CHECK(login->account == "u1");
  CHECK(login->version == 1795946411268);
  CHECK(login->expires == 1795946411);
  CHECK(login->ends == 1798509611);
  CHECK(login->renewable);
  CHECK_FALSE(login->is_over(k_now));
  CHECK_FALSE(login->is_over(1795946412)); // it will be renewed
  CHECK(login->is_over(1798509612));
}

TEST_CASE("a login that cannot be renewed ends when it expires") {
  const auto login = parse_login(claude, R"({"claudeAiOauth":{"accessToken":"a","expiresAt":1795900001000}})", k_now);
  REQUIRE(login);
  CHECK_FALSE(login->is_over(k_now));
  CHECK(login->is_over(k_now + 1));
  const auto ended =
      parse_login(claude, R"({"claudeAiOauth":{"accessToken":"","refreshToken":"","expiresAt":0}})", k_now);
  REQUIRE(ended);
  CHECK(ended->is_over(k_now));
}

TEST_CASE("a login of Codex is one of an account, renewed at a time, or a key") {
  const auto login = parse_login(codex,
                                 R"({"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"id_token":"i",)"
                                 R"("access_token":"a","refresh_token":"r","account_id":"33"},)"
                                 R"("last_refresh":"2026-11-29T02:00:24.187633779Z"})",
                                 k_now);
  REQUIRE(login);
  CHECK(login->account == "33");
  CHECK(login->version == 1795917624187);
  CHECK(login->renewable);
  CHECK_FALSE(login->is_over(k_now));
  const auto key = parse_login(codex, R"({"OPENAI_API_KEY":"sk-1"})", k_now);
  REQUIRE(key);
  CHECK(key->version == 0);
  CHECK_FALSE(key->is_over(k_now));
  CHECK(parse_login(codex, R"({"OPENAI_API_KEY":null})", k_now)->is_over(k_now));
  for (const char* time : {"2026-11-29", "yesterday", "2026-11-29T02:00:24+01:00", "2026-13-xxT02:00:24Z", ""}) {
    INFO(time);
    const auto odd = parse_login(codex, std::string(R"({"OPENAI_API_KEY":"k","last_refresh":")") + time + "\"}", k_now);
    REQUIRE(odd);
    CHECK(odd->version == 0);
  }
}

TEST_CASE("what is not a login is refused") {
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string("null"), std::string(R"({"claudeAiOauth":7})"),
        std::string(R"({"claudeAiOauth":{"accessToken":7}})"), claude_text(R"(,"x":"\u001b[31m")"),
        claude_text(R"(,"x":{"a":{"b":{"c":{"d":{}}}}})"), claude_text(R"(,"x":")" + std::string(70'000, 'x') + '"'),
        std::string(k_max_login + 1, ' ') + claude_text(""), claude_text("") + "x", std::string("\xff"),
        std::string(R"({"claudeAiOauth":{"accessToken":"a","expiresAt":9000000000000000000}})"),
        std::string(200'000, '[')}) {
    INFO(text.substr(0, 100));
    CHECK_FALSE(parse_login(claude, text, k_now));
    CHECK_FALSE(parse_login(codex, text, k_now));
  }
}

TEST_CASE("only the login goes into a box, and only the login comes back") {
  const std::string host = R"({"claudeAiOauth":{"accessToken":"old"},"mcpOAuth":{"server":{"accessToken":"secret"}}})";
  const auto of_host = parse_login(claude, host, k_now);
  REQUIRE(of_host);
  CHECK(of_host->text.find("secret") == std::string::npos);
  const auto renewed =
      parse_login(claude, R"({"claudeAiOauth":{"accessToken":"new"},"mcpOAuth":{"evil":{}},"hooks":1})", k_now);
  REQUIRE(renewed);
  CHECK(with_login(claude, host, *renewed) ==
        R"({"claudeAiOauth":{"accessToken":"new"},"mcpOAuth":{"server":{"accessToken":"secret"}}})");
  CHECK(with_login(claude, "damaged", *renewed) == R"({"claudeAiOauth":{"accessToken":"new"}})");
}

TEST_CASE("a renewal of Codex changes its tokens, not the way it signs in") {
  const auto text = [](const std::string& mode, const std::string& key, const std::string& token) {
    return R"({"OPENAI_API_KEY":)" + key + R"(,"auth_mode":")" + mode + R"(","tokens":{"access_token":")" + token +
           R"(","account_id":"33","refresh_token":"r"}})";
  };
  const auto kept = parse_login(codex, text("chatgpt", "null", "a"), k_now);
  const auto shared = parse_login(codex, text("apikey", R"("sk-evil")", "b"), k_now);
  REQUIRE((kept && shared));
  CHECK(renewed_login(codex, *kept, *shared, k_now).text == text("chatgpt", "null", "b"));
}

TEST_CASE("a login of Copilot is one token, in a file that begins with comments") {
  const LoginKind& copilot = *find_login_kind("copilot");
  const std::string file = "// User settings belong in settings.json.\n{\"authTokens\":{\"https://github.com:user\":"
                           "{\"token\":\"gho_1\"}},\"trustedFolders\":[\"/\"]}";
  const auto login = parse_login(copilot, file, k_now);
  REQUIRE(login);
  CHECK(login->token == "gho_1");
  CHECK(login->text == R"({"authTokens":{"https://github.com:user":{"token":"gho_1"}}})");
  CHECK_FALSE(login->is_over(k_now));
  for (const char* other :
       {"{}", R"({"authTokens":{}})", R"({"authTokens":[{"token":"x"}]})", R"({"authTokens":{"a":1}})"}) {
    INFO(other);
    CHECK_FALSE(parse_login(copilot, other, k_now));
  }
  CHECK(parse_login(copilot, R"({"authTokens":{"a":{"token":""}}})", k_now)->is_over(k_now));
  CHECK_FALSE(parse_login(copilot, R"({"authTokens":{"a":{"token":"x\u001b"}}})", k_now));
}

TEST_CASE("a login of opencode is its API keys, without the accounts beside them") {
  const LoginKind& opencode = *find_login_kind("opencode");
  const auto login = parse_login(
      opencode, R"({"anthropic":{"type":"api","key":"k"},"openai":{"type":"oauth","refresh":"r","access":"a"}})",
      k_now);
  REQUIRE(login);
  CHECK(login->token == R"({"anthropic":{"key":"k","type":"api"}})");
  CHECK(parse_login(opencode, R"({"openai":{"type":"oauth","refresh":"r"}})", k_now)->is_over(k_now));
  CHECK(parse_login(opencode, "{}", k_now)->is_over(k_now));
}

TEST_CASE("a login of Gemini CLI is renewed without its refresh token") {
  const LoginKind& gemini = *find_login_kind("gemini");
  const auto login =
      parse_login(gemini, R"({"access_token":"a","refresh_token":"r","expiry_date":1795900000000})", k_now);
  REQUIRE(login);
  CHECK((login->renewable && login->version == 1795900000000 && !login->is_over(k_now + 1)));
  const auto renewed = parse_login(gemini, R"({"access_token":"b","expiry_date":1795903600000,"other":"x"})", k_now);
  REQUIRE(renewed);
  CHECK(renewed_login(gemini, *login, *renewed, k_now).text ==
        R"({"access_token":"b","expiry_date":1795903600000,"refresh_token":"r"})");
  CHECK_FALSE(parse_login(gemini, R"({"expiry_date":1})", k_now));
}
