// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/ask_message.hpp"

#include <algorithm>

#include "entrypoint/gate_message.hpp"

namespace agentbox::entrypoint {
namespace {

constexpr std::size_t k_max_label = 63;
constexpr std::size_t k_max_name = 255; // RFC 1035 §2.3.4, with the root label
constexpr std::size_t k_header = 12;
constexpr std::uint8_t k_txt = 16;
constexpr std::uint8_t k_in = 1;

/// Writes the labels of a name. A name that is too long makes it bad.
class NameWriter {
public:
  explicit NameWriter(AskQuery& query) : m_query(query) {}

  void label(std::string_view bytes) {
    m_good = m_good && !bytes.empty() && bytes.size() <= k_max_label && bytes.size() + 1 <= left();
    if (m_good) {
      put(static_cast<std::uint8_t>(bytes.size()));
      std::for_each(bytes.begin(), bytes.end(), [this](char c) { put(static_cast<std::uint8_t>(c)); });
    }
  }
  void name(std::string_view dotted) {
    while (m_good) {
      const std::size_t dot = dotted.find('.');
      label(dotted.substr(0, dot));
      if (dot == std::string_view::npos) {
        return;
      }
      dotted.remove_prefix(dot + 1);
    }
  }
  /// Returns how many bytes of the name are free, without the root label.
  std::size_t left() const { return k_header + k_max_name - 1 - m_query.size; }
  void put(std::uint8_t byte) { m_query.bytes.at(m_query.size++) = byte; }
  bool good() const { return m_good; }

private:
  AskQuery& m_query;
  bool m_good = true;
};

/// Returns at most the first `size` bytes of `text`, without a truncated character.
std::string_view cut(std::string_view text, std::size_t size) {
  if (text.size() <= size) {
    return text;
  }
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
    --size;
  }
  return text.substr(0, size);
}

} // namespace

std::optional<AskQuery> ask_query(std::uint16_t id, std::string_view host, std::string_view why) {
  AskQuery query;
  query.bytes[0] = static_cast<std::uint8_t>(id >> 8U);
  query.bytes[1] = static_cast<std::uint8_t>(id & 0xFFU);
  query.bytes[2] = 0x01; // recursion desired, as a stub resolver asks
  query.bytes[5] = 1;    // one question
  query.size = k_header;
  const std::size_t colon = std::min(host.find(':'), host.size());
  const std::string_view port = colon == host.size() ? "443" : host.substr(colon + 1);
  const std::string_view zone = protocol::k_ask_zone;
  NameWriter writer(query);
  std::array<char, 8> head{'0', '-'};
  const std::size_t rest = 3 + port.size() + colon + 1 + zone.size() + 1; // the other labels with their lengths
  if (colon == 0 || port.empty() || port.size() + 2 > head.size() || rest > writer.left()) {
    return std::nullopt;
  }
  const std::size_t room = writer.left() - rest;
  why = cut(why, std::min(room - std::min(room, protocol::k_max_ask_labels), protocol::k_max_ask_labels * k_max_label));
  head[0] = static_cast<char>('0' + (why.size() + k_max_label - 1) / k_max_label);
  std::copy(port.begin(), port.end(), head.begin() + 2);
  writer.label({head.data(), 2 + port.size()});
  for (; !why.empty(); why.remove_prefix(std::min(why.size(), k_max_label))) {
    writer.label(why.substr(0, k_max_label));
  }
  writer.name(host.substr(0, colon));
  writer.name(zone);
  for (const std::uint8_t byte : {std::uint8_t{0}, std::uint8_t{0}, k_txt, std::uint8_t{0}, k_in}) {
    writer.put(byte);
  }
  return writer.good() ? std::optional(query) : std::nullopt;
}

std::optional<protocol::AskAnswer> read_ask_answer(std::span<const std::uint8_t> datagram, const AskQuery& query) {
  const TextAnswer answer = read_text_answer(datagram, query.message());
  for (std::size_t i = 0; answer.good && i < protocol::k_ask_answers.size(); ++i) {
    if (std::ranges::equal(answer.text, protocol::k_ask_answers.at(i),
                           [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); })) {
      return static_cast<protocol::AskAnswer>(i);
    }
  }
  return std::nullopt;
}

} // namespace agentbox::entrypoint
