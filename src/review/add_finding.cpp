// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "review/review_report.hpp"

namespace agentbox::review {
namespace {

constexpr std::size_t k_max_listed = 500;   // of a kind
constexpr std::size_t k_of_each_detail = 3; // beyond the first k_max_findings of a kind
constexpr std::size_t k_max_path = 1000;    // bytes: with k_max_listed they keep the report below report_store's limit
constexpr std::size_t k_max_detail = 300;

void cut_middle(std::string& text, std::size_t max) {
  constexpr std::string_view k_mark = " ... ";
  if (text.size() > max) {
    const std::size_t half = (max - k_mark.size()) / 2;
    text = text.substr(0, half) + std::string(k_mark) + text.substr(text.size() - half);
  }
}

/// Returns whether to list `finding`, whose kind already has k_max_findings.
bool is_listed(const ReviewReport& report, const ReviewFinding& finding) {
  std::size_t of_kind = 0;
  std::size_t of_detail = 0;
  for (const ReviewFinding& one : report.findings) {
    of_kind += one.kind == finding.kind ? 1 : 0;
    of_detail += one.kind == finding.kind && one.detail == finding.detail ? 1 : 0;
    if (of_kind == k_max_listed || of_detail == k_of_each_detail) {
      return false;
    }
  }
  return true;
}

} // namespace

void add_finding(ReviewReport& report, ReviewFinding finding) {
  cut_middle(finding.path, k_max_path);
  cut_middle(finding.detail, k_max_detail);
  if (++report.counts[finding.kind] <= k_max_findings || is_listed(report, finding)) {
    report.findings.push_back(std::move(finding));
  }
}

} // namespace agentbox::review
