// SPDX-License-Identifier: Apache-2.0
#include "firewall/dns/dns_message.hpp"

#include <string>

#include "bytes.hpp"
#include "catch.hpp"

namespace agentbox::firewall::dns {
namespace {

using test::be16;
using test::bytes;
using test::dns_query;
using test::wire_name;

std::string with_counts(std::string query, unsigned questions, unsigned answers, unsigned authorities, unsigned more) {
  return query.replace(4, 8, be16(questions) + be16(answers) + be16(authorities) + be16(more));
}

std::string opt(unsigned version = 0) {
  return bytes({0}) + be16(41) + be16(1232) + bytes({0, version, 0, 0}) + be16(0);
}

Rcode refusal(const std::string& message) {
  const ParsedQuery parsed = parse_query(message);
  REQUIRE(std::holds_alternative<MalformedQuery>(parsed));
  return std::get<MalformedQuery>(parsed).rcode;
}

TEST_CASE("parses a plain query", "[dns]") {
  const std::string message = dns_query("API.Example.com", k_type_a);
  const auto query = std::get<DnsQuery>(parse_query(message));
  CHECK(query.id == 0x1234);
  CHECK(query.recursion_desired);
  CHECK(query.name == "API.Example.com");
  CHECK(query.type == k_type_a);
  CHECK(query.klass == k_class_in);
  CHECK_FALSE(query.edns);
  CHECK(query.question == message.substr(12));
  CHECK(std::get<DnsQuery>(parse_query(dns_query("", 2))).name.empty());
}

TEST_CASE("accepts EDNS once and in version 0", "[dns]") {
  const std::string query = with_counts(dns_query("a.example", 1), 1, 0, 0, 1);
  CHECK(std::get<DnsQuery>(parse_query(query + opt())).edns);
  CHECK(refusal(query + opt(1)) == Rcode::bad_version);
  CHECK(refusal(with_counts(dns_query("a.example", 1), 1, 0, 0, 2) + opt() + opt()) == Rcode::format_error);
  // Any other record, such as a TSIG, is skipped.
  CHECK_FALSE(std::get<DnsQuery>(parse_query(query + wire_name("k.example") + be16(250) + be16(255) + be16(0) +
                                             be16(0) + be16(3) + "abc"))
                  .edns);
}

TEST_CASE("bytes that are not valid in a host name are escaped", "[dns]") {
  std::string message = dns_query("ab.cd.example", 1);
  message.replace(12, 6, bytes({5, 'a', 'b', '.', 'c', 'd'})); // one label with a dot in it
  CHECK(std::get<DnsQuery>(parse_query(message)).name == "ab\\046cd.example");
  message.replace(12, 6, bytes({5, 'a', 0, 0x1b, 0xff, '\\'}));
  CHECK(std::get<DnsQuery>(parse_query(message)).name == "a\\000\\027\\255\\092.example");
}

TEST_CASE("malformed messages get FORMERR or no response", "[dns]") {
  const std::string good = dns_query("a.example", 1);
  CHECK(std::holds_alternative<Unanswerable>(parse_query("")));
  CHECK(std::holds_alternative<Unanswerable>(parse_query(good.substr(0, 11))));
  std::string response = good;
  response[2] = static_cast<char>(0x81);
  CHECK(std::holds_alternative<Unanswerable>(parse_query(response)));
  for (std::size_t size = 12; size < good.size(); ++size) {
    INFO(size);
    CHECK(refusal(good.substr(0, size)) == Rcode::format_error);
  }
  CHECK(refusal(good + "x") == Rcode::format_error);
  CHECK(refusal(with_counts(good, 0, 0, 0, 0)) == Rcode::format_error);
  CHECK(refusal(with_counts(good + good.substr(12), 2, 0, 0, 0)) == Rcode::format_error);
  CHECK(refusal(with_counts(good, 1, 1, 0, 0)) == Rcode::format_error);
  CHECK(refusal(with_counts(good, 1, 0, 1, 0)) == Rcode::format_error);
  CHECK(refusal(with_counts(good, 1, 0, 0, 1)) == Rcode::format_error);
  CHECK(refusal(with_counts(good, 1, 0, 0, 60000)) == Rcode::format_error);
  std::string update = good;
  update[2] = 0x28;
  CHECK(refusal(update) == Rcode::not_implemented);
}

TEST_CASE("unterminated or compressed names are malformed", "[dns]") {
  const std::string header = dns_query("", 1).substr(0, 12);
  CHECK(refusal(header + bytes({0xc0, 0x0c}) + be16(1) + be16(1)) == Rcode::format_error);
  CHECK(refusal(header + bytes({0x40, 'a', 0}) + be16(1) + be16(1)) == Rcode::format_error);
  std::string name;
  for (int i = 0; i < 4; ++i) {
    name += bytes({63}) + std::string(63, 'a');
  }
  CHECK(refusal(header + name + bytes({0}) + be16(1) + be16(1)) == Rcode::format_error); // 257 bytes
  name.resize(name.size() - 4);
  name[192] = 59;
  CHECK(std::holds_alternative<DnsQuery>(parse_query(header + name + bytes({0}) + be16(1) + be16(1)))); // 253
}

TEST_CASE("responses are well formed", "[dns]") {
  const std::string message = with_counts(dns_query("a.example", 1), 1, 0, 0, 1) + opt();
  const auto query = std::get<DnsQuery>(parse_query(message));
  DnsAnswer answer;
  answer.address = 0xC6120001U;
  answer.ttl = 30;
  const std::string question = std::string(query.question);
  const std::string edns = bytes({0}) + be16(41) + be16(1232) + bytes({0, 0, 0, 0}) + be16(0);
  CHECK(write_response(query, answer) == be16(0x1234) + be16(0x8180) + be16(1) + be16(1) + be16(0) + be16(1) +
                                             question + be16(0xC00C) + be16(1) + be16(1) + bytes({0, 0, 0, 30}) +
                                             be16(4) + bytes({198, 18, 0, 1}) + edns);
  DnsAnswer negative;
  negative.rcode = Rcode::no_such_name;
  const std::string soa = bytes({0}) + be16(6) + be16(1) + bytes({0, 0, 0, 1}) + be16(22) + bytes({0, 0}) +
                          bytes({0, 0, 0, 1, 0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 0, 1});
  CHECK(write_response(query, negative) ==
        be16(0x1234) + be16(0x8183) + be16(1) + be16(0) + be16(1) + be16(1) + question + soa + edns);
  DnsAnswer text;
  text.text = "nonce";
  CHECK(write_response(query, text).find("\x05nonce") != std::string::npos);
  text.text = std::string(300, 'x');
  CHECK(write_response(query, text).size() < 512);
  MalformedQuery malformed{7, false, Rcode::bad_version, true};
  CHECK(write_response(malformed) == be16(7) + be16(0x8080) + be16(0) + be16(0) + be16(0) + be16(1) + bytes({0}) +
                                         be16(41) + be16(1232) + bytes({1, 0, 0, 0}) + be16(0));
}

} // namespace
} // namespace agentbox::firewall::dns
