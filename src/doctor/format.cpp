// SPDX-License-Identifier: Apache-2.0
#include "doctor/check_result.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/text.hpp"

namespace agentbox::doctor {
namespace {

struct Word {
  const char* text;
  const char* colour; ///< SGR parameters
};

Word word_for(Status status) {
  switch (status) {
  case Status::ok: return {"ok", "32"};
  case Status::missing: return {"missing", "1;31"};
  case Status::unknown: return {"unknown", "1;31"};
  case Status::degraded: return {"degraded", "33"};
  case Status::not_applicable: break;
  }
  return {"-", "2"};
}

std::string status_cell(Status status, bool colour) {
  const Word word = word_for(status);
  const std::string padded = fmt::format("{:<8}", word.text);
  return colour ? fmt::format("\033[{}m{}\033[0m", word.colour, padded) : padded;
}

/// Results quote the host (error messages, paths).
std::string safe(const std::string& text) {
  return support::escape_untrusted(text, 2000);
}

std::string verdict(const std::vector<CheckResult>& findings) {
  const auto count = [&](Status status) {
    return std::count_if(findings.begin(), findings.end(),
                         [status](const CheckResult& finding) { return finding.status == status; });
  };
  const auto absent = count(Status::missing);
  const auto weaker = count(Status::degraded);
  if (absent > 0) {
    return fmt::format("This host cannot enforce the isolation of boxes: {} missing.",
                       absent == 1 ? "1 requirement is" : std::to_string(absent) + " requirements are");
  }
  if (count(Status::unknown) > 0) {
    return "It is unknown whether this host can enforce the isolation of boxes: a check could not be completed.";
  }
  return weaker > 0 ? fmt::format("This host can enforce the isolation of boxes ({} degraded).", weaker)
                    : "This host can enforce the isolation of boxes.";
}

} // namespace

std::string to_text(const HostReport& report, const std::vector<CheckResult>& findings, bool colour) {
  std::string text = fmt::format("{}, kernel {}\n\n", safe(report.distro.name), safe(report.kernel));
  std::size_t width = 0;
  for (const CheckResult& finding : findings) {
    width = std::max(width, finding.title.size());
  }
  for (const CheckResult& finding : findings) {
    text += fmt::format("  {}  {:<{}}  {}\n", status_cell(finding.status, colour), finding.title, width,
                        safe(finding.detail));
    if (!finding.remedy.empty()) {
      text += fmt::format("  {:8}  {:{}}  fix: {}\n", "", "", width, safe(finding.remedy));
    }
  }
  return text + "\n" + verdict(findings) + "\n";
}

std::string to_json(const HostReport& report, const std::vector<CheckResult>& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const CheckResult& finding : findings) {
    list.push_back({{"id", finding.id},
                    {"title", finding.title},
                    {"status", to_string(finding.status)},
                    {"detail", finding.detail},
                    {"remedy", finding.remedy}});
  }
  const nlohmann::ordered_json document = {{"version", 1},
                                           {"enforceable", enforceable(findings)},
                                           {"host", {{"distribution", report.distro.name}, {"kernel", report.kernel}}},
                                           {"findings", std::move(list)}};
  return document.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

} // namespace agentbox::doctor
