// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/gate_message.hpp"

#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace agentbox::entrypoint;

namespace {

constexpr std::string_view k_nonce = "00112233445566778899aabbccddeeff";
using Bytes = std::vector<std::uint8_t>;

/// Returns the firewall's answer to `query`: the question back, one TXT record with `text` named by a compression
/// pointer.
Bytes answer_to(const GateQuery& query, std::string_view text) {
  Bytes bytes(query.begin(), query.end());
  bytes[2] = 0x85; // QR, AA, RD
  bytes[7] = 1;
  const Bytes record = {0xC0,
                        12,
                        0,
                        16,
                        0,
                        1,
                        0,
                        0,
                        0,
                        0,
                        0,
                        static_cast<std::uint8_t>(text.size() + 1),
                        static_cast<std::uint8_t>(text.size())};
  bytes.insert(bytes.end(), record.begin(), record.end());
  bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}

} // namespace

TEST_CASE("the gate's question is TXT gate.agentbox.internal IN") {
  const GateQuery query = gate_query(0xBEEF);
  const std::string text(query.begin(), query.end());
  CHECK(text == std::string("\xBE\xEF\x01\0\0\x01\0\0\0\0\0\0\4gate\10agentbox\10internal\0\0\x10\0\x01", 40));
}

TEST_CASE("the right answer opens the gate") {
  const GateQuery query = gate_query(7);
  CHECK(read_gate_answer(answer_to(query, k_nonce), query, k_nonce) == GateAnswer::right);
  Bytes upper_case = answer_to(query, k_nonce);
  upper_case[13] = 'G';
  CHECK(read_gate_answer(upper_case, query, k_nonce) == GateAnswer::right);
}

TEST_CASE("every other answer keeps the gate shut") {
  const GateQuery query = gate_query(7);
  const auto with = [&](const std::function<void(Bytes&)>& change) {
    Bytes bytes = answer_to(query, k_nonce);
    change(bytes);
    return read_gate_answer(bytes, query, k_nonce);
  };
  CHECK(with([](Bytes&) {}) == GateAnswer::right);
  CHECK(with([](Bytes& b) { b[1] ^= 1U; }) == GateAnswer::unrelated);    // the id of a different query
  CHECK(with([](Bytes& b) { b[2] &= 0x7FU; }) == GateAnswer::unrelated); // a query, not a response
  CHECK(with([](Bytes& b) { b.resize(11); }) == GateAnswer::unrelated);  // no header
  CHECK(with([](Bytes& b) { b[3] |= 3U; }) == GateAnswer::wrong);        // NXDOMAIN
  CHECK(with([](Bytes& b) { b[2] |= 2U; }) == GateAnswer::wrong);        // truncated
  CHECK(with([](Bytes& b) { b[5] = 0; }) == GateAnswer::wrong);          // no question
  CHECK(with([](Bytes& b) { b[7] = 0; }) == GateAnswer::wrong);          // no answer
  CHECK(with([](Bytes& b) { b[7] = 2; }) == GateAnswer::wrong);          // two answers
  CHECK(with([](Bytes& b) { b[14] = 'x'; }) == GateAnswer::wrong);       // a different name
  CHECK(with([](Bytes& b) { b[43] = 1; }) == GateAnswer::wrong);         // type A
  CHECK(with([](Bytes& b) { b[45] = 3; }) == GateAnswer::wrong);         // class CHAOS
  CHECK(with([](Bytes& b) { b[51]++; }) == GateAnswer::wrong);           // room for a second string
  CHECK(with([](Bytes& b) {
          b[52]--;
          b[51]--;
        }) == GateAnswer::wrong);                                     // a shorter nonce
  CHECK(with([](Bytes& b) { b.back() ^= 1U; }) == GateAnswer::wrong); // a different nonce
  CHECK(read_gate_answer(answer_to(query, ""), query, "") == GateAnswer::wrong);
}

TEST_CASE("an answer cut anywhere keeps the gate shut") {
  const GateQuery query = gate_query(7);
  const Bytes whole = answer_to(query, k_nonce);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CHECK(read_gate_answer(std::span(whole).first(length), query, k_nonce) != GateAnswer::right);
  }
}
