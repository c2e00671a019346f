// SPDX-License-Identifier: Apache-2.0
// A datagram to the box's resolver: every answer is well formed, none is longer than a resolver must accept, and only
// listed names have addresses, all of them virtual.
#include "firewall/dns/stub.hpp"
#include "require.hpp"

namespace dns = agentbox::firewall::dns;
namespace names = agentbox::firewall::names;
using agentbox::fuzz::require;

namespace {

agentbox::policy::EgressPolicy sample() {
  agentbox::policy::EgressPolicy policy;
  policy.allow = {{{"api.example.com", false}, 443}, {{"example.org", true}, 443}};
  policy.block = {{"bad.example.org", false}};
  return policy;
}

void check_answer(const dns::DnsQuery& query, std::string_view response) {
  require(response.size() <= 512, "a response fits into a plain datagram");
  require(response.substr(12, query.question.size()) == query.question, "the question is echoed");
  const bool address = query.type == dns::k_type_a && response[7] == 1;
  if (address) {
    const std::size_t at = 12 + query.question.size() + 12;
    const auto first = static_cast<unsigned char>(response[at]);
    const auto second = static_cast<unsigned char>(response[at + 1]);
    require(first == 127 || (first == 198 && (second == 18 || second == 19)), "only virtual and loopback addresses");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  static names::Directory directory(sample());
  static dns::DnsStub stub(directory, "0123456789abcdef", [](const agentbox::firewall::audit::AuditRecord& record) {
    const std::string line = to_json_line(record);
    require(line.size() <= 4096 && !agentbox::fuzz::has_control_bytes(line.substr(0, line.size() - 1)),
            "the record is one harmless line");
    require(
        record.kind != agentbox::firewall::audit::Kind::request ||
            (record.text.size() <= 189 && record.name.find_first_of(" *\\") == std::string::npos && record.port != 0),
        "a request has a host and a short text");
  });
  const std::string_view message = agentbox::fuzz::text_of(data, size);
  const std::string response = stub.respond(message);
  if (response.empty()) {
    return 0;
  }
  require(response.size() >= 12 && response.substr(0, 2) == message.substr(0, 2), "the answer carries the query's id");
  require(std::holds_alternative<dns::Unanswerable>(dns::parse_query(response)), "an answer is not answered again");
  const dns::ParsedQuery parsed = dns::parse_query(message);
  if (const auto* query = std::get_if<dns::DnsQuery>(&parsed)) {
    check_answer(*query, response);
  }
  return 0;
}
