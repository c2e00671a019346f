// SPDX-License-Identifier: Apache-2.0
#include "firewall/control/control_message.hpp"

#include "catch.hpp"

namespace agentbox::firewall::control {
namespace {

std::string without_newline(std::string line) {
  REQUIRE(line.ends_with('\n'));
  line.pop_back();
  return line;
}

TEST_CASE("requests and replies survive a round trip", "[control]") {
  for (const ControlRequest& request : {ControlRequest{ControlRequest::Verb::allow, "api.github.com", 600},
                                        ControlRequest{ControlRequest::Verb::deny, "*.zip", 0},
                                        ControlRequest{ControlRequest::Verb::allow, "\"\\\n\xff", k_max_seconds}}) {
    const auto parsed = parse_request(without_newline(to_line(request)));
    REQUIRE(std::holds_alternative<ControlRequest>(parsed));
    if (request.host.find('\xff') == std::string::npos) {
      CHECK(std::get<ControlRequest>(parsed) == request);
    }
  }
  const ControlReply reply{true, "done", "hint"};
  CHECK(parse_reply(without_newline(to_line(reply))) == reply);
}

TEST_CASE("malformed requests are refused", "[control]") {
  for (const char* line :
       {"", "{", "[]", "null", "\"allow\"", "{}", R"({"verb":"allow","host":"a.example"})",
        R"({"verb":"allow","host":"a.example","seconds":1,"more":1})",
        R"({"verb":"flush","host":"a.example","seconds":1})", R"({"verb":1,"host":"a.example","seconds":1})",
        R"({"verb":"allow","host":7,"seconds":1})", R"({"verb":"allow","host":"a.example","seconds":-1})",
        R"({"verb":"allow","host":"a.example","seconds":1.5})", R"({"verb":"allow","host":"a.example","seconds":"1"})",
        R"({"verb":"allow","host":"a.example","seconds":2592001})",
        R"({"verb":"allow","host":"a.example","seconds":18446744073709551616})"}) {
    CAPTURE(line);
    const auto parsed = parse_request(line);
    REQUIRE(std::holds_alternative<ControlReply>(parsed));
    CHECK_FALSE(std::get<ControlReply>(parsed).ok);
  }
  CHECK(std::holds_alternative<ControlReply>(parse_request(std::string(k_max_message, '['))));
}

TEST_CASE("a reply is bounded and escaped", "[control]") {
  const std::string line = to_line(ControlReply{false, std::string(100'000, '\x1b'), std::string(100'000, '"')});
  CHECK(line.size() <= k_max_message);
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(parse_reply(without_newline(line)));
}

TEST_CASE("invalid replies", "[control]") {
  for (const char* line : {"", "{}", "[]", R"({"ok":1,"message":"","hint":""})", R"({"ok":true,"message":"x"})"}) {
    CHECK_FALSE(parse_reply(line));
  }
}

} // namespace
} // namespace agentbox::firewall::control
