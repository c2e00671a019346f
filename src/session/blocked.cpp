// SPDX-License-Identifier: Apache-2.0
#include "session/blocked.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

#include "firewall/audit/record.hpp"
#include "policy/host_pattern.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace agentbox::session {
namespace {

using firewall::audit::Kind;
using firewall::audit::Record;

/// What was refused, and the words that say so; the same words count as the same thing.
struct Refused {
  std::string what;
  std::string advice;
};

Refused describe(const Record& record) {
  const std::string host = support::escape_untrusted(record.name.empty() ? record.address : record.name);
  const bool is_name = policy::canonical_name(record.name).has_value();
  if (record.kind == Kind::dns) {
    return {host, is_name && record.reason == "not-listed" ? "agentbox run --allow " + record.name : ""};
  }
  const std::string target = fmt::format("{}:{}", host, record.port);
  const bool by_list = record.reason == "not-listed" || record.reason == "port-not-listed";
  const std::string port = record.port == 443 ? "" : ":" + std::to_string(record.port);
  if (is_name && by_list) {
    return {target, "agentbox run --allow " + record.name + port};
  }
  const std::string why = support::escape_untrusted(record.text.empty() ? record.reason : record.text, 120);
  return {record.name.empty() ? fmt::format("{} ({})", target, support::escape_untrusted(record.protocol))
                              : target + ": " + why,
          ""};
}

} // namespace

std::uint64_t audit_length(const std::filesystem::path& file) {
  struct stat info {};
  return stat(file.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

std::string audit_since(const std::filesystem::path& file, std::uint64_t offset) {
  constexpr std::uint64_t k_most = 4U << 20U;
  const support::Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const std::uint64_t length = audit_length(file);
  if (!fd || length <= offset) {
    return {};
  }
  offset = std::max(offset, length > k_most ? length - k_most : 0);
  std::string text(length - offset, '\0');
  const ssize_t count = pread(fd.get(), text.data(), text.size(), static_cast<off_t>(offset));
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

std::vector<std::string> blocked_summary(std::string_view audit, std::size_t max_lines) {
  std::map<std::string, std::pair<std::size_t, std::string>> counts;
  while (!audit.empty()) {
    const auto end = audit.find('\n');
    const auto record = firewall::audit::from_json_line(audit.substr(0, end));
    audit.remove_prefix(end == std::string_view::npos ? audit.size() : end + 1);
    const bool of_agent =
        record && (record->kind == Kind::dns || record->kind == Kind::connect || record->kind == Kind::address);
    if (of_agent && record->verdict == firewall::audit::Verdict::deny) {
      Refused refused = describe(*record);
      auto& [count, advice] = counts[refused.what];
      ++count;
      advice = std::move(refused.advice);
    }
  }
  std::vector<std::pair<std::string, std::pair<std::size_t, std::string>>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.first > b.second.first; });
  std::vector<std::string> lines;
  for (const auto& [what, count_and_advice] : sorted) {
    if (lines.size() == max_lines) {
      lines.push_back(fmt::format("blocked: {} more; see: agentbox logs", sorted.size() - max_lines));
      break;
    }
    const auto& [count, advice] = count_and_advice;
    lines.push_back(fmt::format("blocked: {}{}{}", what, count > 1 ? fmt::format(" ({} times)", count) : "",
                                advice.empty() ? "" : " - allow with: " + advice));
  }
  return lines;
}

} // namespace agentbox::session
