// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/ask_message.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "firewall/dns/ask_question.hpp"
#include "firewall/dns/dns_message.hpp"

using namespace agentbox;
using namespace agentbox::entrypoint;
namespace dns = firewall::dns;

namespace {

std::string bytes_of(const AskQuery& query) {
  return {query.bytes.begin(), query.bytes.begin() + static_cast<std::ptrdiff_t>(query.size)};
}

/// Returns what the firewall reads from the query for `host` and `why`.
dns::AskQuestion as_read(std::string_view host, std::string_view why) {
  const auto query = ask_query(7, host, why);
  REQUIRE(query);
  const std::string message = bytes_of(*query);
  const dns::ParsedQuery parsed = dns::parse_query(message);
  const auto* good = std::get_if<dns::DnsQuery>(&parsed);
  REQUIRE(good != nullptr);
  CHECK(good->type == dns::k_type_txt);
  CHECK(good->name.ends_with(".ask.agentbox.internal"));
  const auto question = dns::parse_ask_question(good->question);
  REQUIRE(question);
  return *question;
}

std::vector<std::uint8_t> answer_to(const AskQuery& query, std::string_view text) {
  const std::string message = bytes_of(query);
  const dns::ParsedQuery parsed = dns::parse_query(message);
  dns::DnsAnswer answer;
  answer.text = text;
  const std::string response = dns::write_response(std::get<dns::DnsQuery>(parsed), answer);
  return {response.begin(), response.end()};
}

} // namespace

TEST_CASE("the firewall reads the requests of agentbox-ask", "[ask]") {
  CHECK(as_read("pypi.org", "") == dns::AskQuestion{"pypi.org:443", ""});
  CHECK(as_read("example.com:8443", "a. b") == dns::AskQuestion{"example.com:8443", "a. b"});
  const std::string bytes = "\x1b[2J\0\xff\" \\ \n";
  CHECK(as_read("pypi.org", bytes).why == bytes);
  const std::string longer(100, 'x');
  CHECK(as_read("pypi.org", longer).why == longer);
}

TEST_CASE("a reason is cut to what fits, at the end of a character", "[ask]") {
  CHECK(as_read("pypi.org", std::string(5000, 'x')).why == std::string(189, 'x'));
  const std::string name = std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') + ".example";
  const std::string why = as_read(name, std::string(5000, 'x')).why;
  CHECK(why.size() > 10);
  CHECK(why.size() < 60);
  std::string umlauts;
  for (int i = 0; i < 200; ++i) {
    umlauts += "\xc3\xa4";
  }
  CHECK(as_read("pypi.org", umlauts).why.size() == 188);
}

TEST_CASE("what cannot be a host is not sent", "[ask]") {
  for (const std::string& host :
       {std::string(), std::string("a..b"), std::string(".a"), std::string("a."), std::string(64, 'a'),
        std::string(300, 'a'), std::string("a:"), std::string(":443"), std::string("a:1234567")}) {
    INFO(host);
    CHECK_FALSE(ask_query(1, host, "why"));
  }
}

TEST_CASE("only a defined word is an answer", "[ask]") {
  const auto query = *ask_query(7, "pypi.org", "why");
  for (std::size_t i = 0; i < protocol::k_ask_answers.size(); ++i) {
    CHECK(read_ask_answer(answer_to(query, protocol::k_ask_answers.at(i)), query) ==
          static_cast<protocol::AskAnswer>(i));
  }
  CHECK_FALSE(read_ask_answer(answer_to(query, "maybe"), query));
  CHECK_FALSE(read_ask_answer(answer_to(*ask_query(8, "pypi.org", "why"), "asked"), query));
  const auto whole = answer_to(query, "asked");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(read_ask_answer(std::span(whole).first(size), query));
  }
}
