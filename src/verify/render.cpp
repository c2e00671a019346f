// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "verify/card.hpp"

namespace agentbox::verify {
namespace {

constexpr std::size_t k_tried_width = 52;
constexpr std::size_t k_wall_width = 18;

std::vector<std::string> families_of(const Card& card) {
  std::vector<std::string> families;
  for (const Row& row : card.rows) {
    if (std::find(families.begin(), families.end(), row.family) == families.end()) {
      families.push_back(row.family);
    }
  }
  return families;
}

std::size_t count(const Card& card, const std::string& family, Verdict verdict) {
  return static_cast<std::size_t>(std::count_if(card.rows.begin(), card.rows.end(), [&](const Row& row) {
    return (family.empty() || row.family == family) && row.verdict == verdict;
  }));
}

std::string row_text(const Row& row, bool colour) {
  const bool good = is_good(row.verdict);
  const char* const paint = !colour ? "" : good ? "\x1b[32m" : "\x1b[1;31m";
  return fmt::format("  {:<{}} {}{:<14}{} {:<{}} {}\n", row.tried, k_tried_width, paint, verdict_text(row.verdict),
                     colour ? "\x1b[0m" : "", row.wall, k_wall_width, row.detail);
}

/// Returns what stopped the attempts of a family, each defence once, in the order of the rows.
std::string walls_of(const Card& card, const std::string& family) {
  std::vector<std::string> walls;
  for (const Row& row : card.rows) {
    const bool counts = row.family == family && row.verdict == Verdict::stopped;
    if (counts && std::find(walls.begin(), walls.end(), row.wall) == walls.end()) {
      walls.push_back(row.wall);
    }
  }
  return fmt::format("{}", fmt::join(walls, ", "));
}

std::string summary(const Card& card) {
  const std::size_t works = count(card, "", Verdict::works);
  std::string text = fmt::format("{}: {} attacks stopped, {} not stopped; {} of {} positive controls work",
                                 passed(card) ? "PASS" : "FAIL", count(card, "", Verdict::stopped),
                                 count(card, "", Verdict::through) + count(card, "", Verdict::unclear), works,
                                 works + count(card, "", Verdict::broken));
  if (const std::size_t skipped = count(card, "", Verdict::skipped); skipped > 0) {
    text += fmt::format("; {} skipped", skipped);
  }
  return text + fmt::format(" ({:.1f} s)\n", static_cast<double>(card.duration.count()) / 1000);
}

} // namespace

std::string to_text(const Card& card, bool all, bool colour) {
  std::string text =
      fmt::format("Verification report for {} \"{}\"", card.fresh ? "a new box like" : "the running box", card.box);
  std::string versions;
  for (const auto& [name, version] : card.versions) {
    versions += fmt::format("{}{} {}", versions.empty() ? "" : ", ", name, version);
  }
  text += fmt::format(": {}\n", versions);
  for (const std::string& family : families_of(card)) {
    text += fmt::format("{:<11} {:>3} stopped   by {}\n", family, count(card, family, Verdict::stopped),
                        walls_of(card, family));
    for (const Row& row : card.rows) {
      if (row.family == family && (all || !is_good(row.verdict))) {
        text += row_text(row, colour);
      }
    }
  }
  return text + summary(card);
}

std::string to_json(const Card& card) {
  nlohmann::json attacks = nlohmann::json::array();
  for (const auto& [name, family, tried, wall, verdict, detail] : card.rows) {
    attacks.push_back({{"name", name},
                       {"family", family},
                       {"tried", tried},
                       {"wall", wall},
                       {"verdict", verdict_text(verdict)},
                       {"good", is_good(verdict)},
                       {"detail", detail}});
  }
  const nlohmann::json document = {{"version", 1},
                                   {"box", card.box},
                                   {"fresh", card.fresh},
                                   {"holds", passed(card)},
                                   {"versions", card.versions},
                                   {"digests", card.digests},
                                   {"duration_ms", card.duration.count()},
                                   {"attacks", std::move(attacks)}};
  return document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

} // namespace agentbox::verify
