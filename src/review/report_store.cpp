// SPDX-License-Identifier: Apache-2.0
#include "review/review_report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/json_integer.hpp"
#include "support/text.hpp"

namespace agentbox::review {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr std::size_t k_max = 64U << 20U; // 500 findings of each kind, each byte of a name as an escape

FindingKind kind_of(const std::string& word) {
  const auto* const found =
      std::find_if(k_kinds.begin(), k_kinds.end(), [&](const KindNames& one) { return one.word == word; });
  if (found == k_kinds.end()) {
    throw std::invalid_argument("unknown kind " + support::in_quotes(word));
  }
  return found->kind;
}

fs::path file_of(const fs::path& directory, const fs::path& workspace) {
  return directory / (support::sha256_hex(workspace.native()) + ".json");
}

} // namespace

std::string to_json(const ReviewReport& report) {
  const auto& [box, workspace, since, findings, counts, looked_at, stopped] = report;
  json list = json::array();
  for (const auto& [kind, path, detail] : findings) {
    list.push_back({{"kind", names_of(kind).word}, {"path", path}, {"detail", detail}});
  }
  json numbers = json::object();
  for (const auto& [kind, count] : counts) {
    numbers[std::string(names_of(kind).word)] = count;
  }
  const json document = {{"version", 1},           {"box", box},        {"workspace", workspace.string()},
                         {"since", since},         {"findings", list},  {"counts", numbers},
                         {"looked_at", looked_at}, {"stopped", stopped}};
  return document.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

ReviewReport from_json(std::string_view text, std::string_view where) {
  try {
    const json document = json::parse(text);
    ReviewReport report;
    document.at("box").get_to(report.box);
    report.workspace = document.at("workspace").get<std::string>();
    support::read_json_integer(document.at("since"), report.since);
    for (const json& one : document.at("findings")) {
      report.findings.push_back({kind_of(one.at("kind")), one.at("path"), one.at("detail")});
    }
    for (const auto& [word, count] : document.at("counts").items()) {
      report.counts[kind_of(word)] = support::json_integer<std::size_t>(count);
    }
    support::read_json_integer(document.at("looked_at"), report.looked_at);
    document.at("stopped").get_to(report.stopped);
    return report;
  } catch (const std::exception& error) {
    throw support::Error(support::ExitCode::failed,
                         std::string(where) + " is damaged: " + support::escape_untrusted(error.what()), "remove it");
  }
}

fs::path review_directory() {
  return support::state_directory() / "review";
}

void keep(const fs::path& directory, const ReviewReport& report) {
  support::make_private_directory(directory);
  support::write_file(file_of(directory, report.workspace), to_json(report));
}

std::optional<ReviewReport> last(const fs::path& directory, const fs::path& workspace) {
  const fs::path file = file_of(directory, workspace);
  const auto text = support::read_file_if_exists(file, k_max);
  return text ? std::optional(from_json(*text, file.string())) : std::nullopt;
}

} // namespace agentbox::review
