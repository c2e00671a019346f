// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "verify/report.hpp"

namespace agentbox::verify {
namespace {

constexpr std::size_t k_tried_width = 52;
constexpr std::size_t k_defence_width = 18;

std::vector<std::string> families_of(const VerifyReport& report) {
  std::vector<std::string> families;
  for (const Row& row : report.rows) {
    if (std::find(families.begin(), families.end(), row.family) == families.end()) {
      families.push_back(row.family);
    }
  }
  return families;
}

std::size_t count(const VerifyReport& report, const std::string& family, Verdict verdict) {
  return static_cast<std::size_t>(std::count_if(report.rows.begin(), report.rows.end(), [&](const Row& row) {
    return (family.empty() || row.family == family) && row.verdict == verdict;
  }));
}

std::string row_text(const Row& row, bool colour) {
  const bool good = is_good(row.verdict);
  const char* const paint = !colour ? "" : good ? "\x1b[32m" : "\x1b[1;31m";
  return fmt::format("  {:<{}} {}{:<14}{} {:<{}} {}\n", row.tried, k_tried_width, paint, verdict_text(row.verdict),
                     colour ? "\x1b[0m" : "", row.defence, k_defence_width, row.detail);
}

/// Returns what stopped the attempts of a family, each defence once, in the order of the rows.
std::string defences_of(const VerifyReport& report, const std::string& family) {
  std::vector<std::string> defences;
  for (const Row& row : report.rows) {
    const bool counts = row.family == family && row.verdict == Verdict::stopped;
    if (counts && std::find(defences.begin(), defences.end(), row.defence) == defences.end()) {
      defences.push_back(row.defence);
    }
  }
  return fmt::format("{}", fmt::join(defences, ", "));
}

std::string summary(const VerifyReport& report) {
  const std::size_t works = count(report, "", Verdict::works);
  std::string text = fmt::format("{}: {} attacks stopped, {} not stopped; {} of {} positive controls work",
                                 passed(report) ? "PASS" : "FAIL", count(report, "", Verdict::stopped),
                                 count(report, "", Verdict::allowed) + count(report, "", Verdict::inconclusive), works,
                                 works + count(report, "", Verdict::broken));
  if (const std::size_t skipped = count(report, "", Verdict::skipped); skipped > 0) {
    text += fmt::format("; {} skipped", skipped);
  }
  return text + fmt::format(" ({:.1f} s)\n", static_cast<double>(report.duration.count()) / 1000);
}

} // namespace

std::string to_text(const VerifyReport& report, bool all, bool colour) {
  std::string text =
      fmt::format("Verification report for {} \"{}\"", report.fresh ? "a new box like" : "the running box", report.box);
  std::string versions;
  for (const auto& [name, version] : report.versions) {
    versions += fmt::format("{}{} {}", versions.empty() ? "" : ", ", name, version);
  }
  text += fmt::format(": {}\n", versions);
  for (const std::string& family : families_of(report)) {
    text += fmt::format("{:<11} {:>3} stopped   by {}\n", family, count(report, family, Verdict::stopped),
                        defences_of(report, family));
    for (const Row& row : report.rows) {
      if (row.family == family && (all || !is_good(row.verdict))) {
        text += row_text(row, colour);
      }
    }
  }
  return text + summary(report);
}

std::string to_json(const VerifyReport& report) {
  nlohmann::json attacks = nlohmann::json::array();
  for (const auto& [name, family, tried, defence, verdict, detail] : report.rows) {
    attacks.push_back({{"name", name},
                       {"family", family},
                       {"tried", tried},
                       {"stopped_by", defence},
                       {"verdict", verdict_text(verdict)},
                       {"good", is_good(verdict)},
                       {"detail", detail}});
  }
  const nlohmann::json document = {{"version", 1},
                                   {"box", report.box},
                                   {"fresh", report.fresh},
                                   {"holds", passed(report)},
                                   {"versions", report.versions},
                                   {"digests", report.digests},
                                   {"duration_ms", report.duration.count()},
                                   {"attacks", std::move(attacks)}};
  return document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

} // namespace agentbox::verify
