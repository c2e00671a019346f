// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/gate_message.hpp"

#include <algorithm>

namespace agentbox::entrypoint {
namespace {

constexpr std::string_view k_name{"\4gate\10agentbox\10internal\0", 24}; // with the root label
constexpr std::size_t k_header = 12;
constexpr std::uint16_t k_txt = 16;
constexpr std::uint16_t k_in = 1;
constexpr std::uint8_t k_response = 0x80;  // QR, in byte 2
constexpr std::uint8_t k_truncated = 0x02; // TC, in byte 2
constexpr std::uint8_t k_rcode = 0x0F;     // in byte 3

static_assert(std::tuple_size_v<GateQuery> == k_header + k_name.size() + 4);

/// Reads big-endian numbers. Past the end it returns zeros, and ok() is false.
class Reader {
public:
  explicit Reader(std::span<const std::uint8_t> rest) : m_rest(rest) {}
  std::uint8_t byte() {
    if (m_rest.empty()) {
      m_ok = false;
      return 0;
    }
    const std::uint8_t value = m_rest.front();
    m_rest = m_rest.subspan(1);
    return value;
  }
  std::uint16_t number16() {
    const unsigned high = byte();
    return static_cast<std::uint16_t>((high << 8U) | byte());
  }
  std::span<const std::uint8_t> bytes(std::size_t count) {
    if (count > m_rest.size()) {
      m_ok = false;
      return {};
    }
    const auto taken = m_rest.first(count);
    m_rest = m_rest.subspan(count);
    return taken;
  }
  /// Skips a name: labels, possibly ending in a compression pointer, which is not followed.
  void skip_name() {
    while (m_ok) {
      const std::uint8_t length = byte();
      if (length == 0) {
        return;
      }
      if ((length & 0xC0U) == 0xC0U) {
        byte();
        return;
      }
      bytes(length);
    }
  }
  bool ok() const { return m_ok; }

private:
  std::span<const std::uint8_t> m_rest;
  bool m_ok = true;
};

// DNS names are compared case-insensitively (RFC 1035 §2.3.3); length bytes are below 'A' here.
bool same_question(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  const auto lower = [](std::uint8_t c) -> std::uint8_t {
    return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c + ('a' - 'A')) : c;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

} // namespace

GateQuery gate_query(std::uint16_t id) {
  GateQuery query{};
  query[0] = static_cast<std::uint8_t>(id >> 8U);
  query[1] = static_cast<std::uint8_t>(id & 0xFFU);
  query[2] = 0x01; // recursion desired, as a stub resolver asks
  query[5] = 1;    // one question
  auto* after = std::ranges::copy(k_name, query.begin() + k_header).out;
  after[1] = k_txt;
  after[3] = k_in;
  return query;
}

TextAnswer read_text_answer(std::span<const std::uint8_t> datagram, std::span<const std::uint8_t> query) {
  TextAnswer answer;
  if (datagram.size() < k_header || query.size() < k_header || datagram[0] != query[0] || datagram[1] != query[1] ||
      (datagram[2] & k_response) == 0) {
    return answer;
  }
  answer.related = true;
  const std::span<const std::uint8_t> question = query.subspan(k_header);
  if ((datagram[3] & k_rcode) != 0 || (datagram[2] & k_truncated) != 0) {
    return answer;
  }
  Reader reader(datagram.subspan(4));
  const std::uint16_t questions = reader.number16();
  const std::uint16_t answers = reader.number16();
  reader.number16(); // authority and additional records do not matter
  reader.number16();
  if (questions != 1 || answers != 1 || !same_question(reader.bytes(question.size()), question)) {
    return answer;
  }
  reader.skip_name();
  const std::uint16_t type = reader.number16();
  const std::uint16_t record_class = reader.number16();
  reader.bytes(4); // TTL
  const std::uint16_t data_length = reader.number16();
  const std::uint8_t text_length = reader.byte();
  answer.text = reader.bytes(text_length);
  answer.good = reader.ok() && type == k_txt && record_class == k_in && data_length == text_length + 1;
  return answer;
}

GateAnswer read_gate_answer(std::span<const std::uint8_t> datagram, const GateQuery& query, std::string_view nonce) {
  const TextAnswer answer = read_text_answer(datagram, query);
  if (!answer.related) {
    return GateAnswer::unrelated;
  }
  const bool equal =
      std::ranges::equal(answer.text, nonce, [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
  return answer.good && equal && !nonce.empty() ? GateAnswer::right : GateAnswer::wrong;
}

} // namespace agentbox::entrypoint
