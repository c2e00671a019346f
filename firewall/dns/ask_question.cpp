// SPDX-License-Identifier: Apache-2.0
#include "firewall/dns/ask_question.hpp"

#include <algorithm>
#include <vector>

#include "protocol/protocol.hpp"
#include "support/ascii.hpp"

namespace agentbox::firewall::dns {
namespace {

constexpr std::size_t k_zone_labels = 3;

std::vector<std::string_view> labels_of(std::string_view question) {
  std::vector<std::string_view> labels;
  while (!question.empty() && question.front() != '\0') {
    const std::size_t size = static_cast<unsigned char>(question.front());
    labels.push_back(question.substr(1, size));
    question.remove_prefix(std::min(question.size(), size + 1));
  }
  return labels;
}

std::string joined(const std::vector<std::string_view>& labels, std::size_t begin, std::size_t end, const char* dot) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) {
    text.append(i == begin ? "" : dot).append(labels[i]);
  }
  return text;
}

} // namespace

std::optional<AskQuestion> parse_ask_question(std::string_view question) {
  const std::vector<std::string_view> labels = labels_of(question);
  if (labels.size() < k_zone_labels + 2) {
    return std::nullopt;
  }
  const std::size_t host_end = labels.size() - k_zone_labels;
  const std::string_view head = labels.front(); // COUNT-PORT
  const bool is_head = head.size() > 2 && support::is_digit(head[0]) && head[1] == '-';
  const std::size_t texts = is_head ? static_cast<std::size_t>(head[0] - '0') : host_end;
  if (support::lower(joined(labels, host_end, labels.size(), ".")) != protocol::k_ask_zone ||
      texts > protocol::k_max_ask_labels || 1 + texts >= host_end) {
    return std::nullopt;
  }
  return AskQuestion{joined(labels, 1 + texts, host_end, ".") + ":" + std::string(head.substr(2)),
                     joined(labels, 1, 1 + texts, "")};
}

bool AskBudget::admit(Clock::time_point now) {
  Clock::time_point& last = m_last.at(m_count % k_per_minute);
  if (m_count >= k_per_box || (m_count >= k_per_minute && now - last < std::chrono::minutes(1))) {
    return false;
  }
  last = now;
  ++m_count;
  return true;
}

} // namespace agentbox::firewall::dns
