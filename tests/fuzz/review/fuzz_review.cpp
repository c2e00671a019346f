// SPDX-License-Identifier: Apache-2.0
// Names and contents that a box left: they are always read within bounds, and never reach a terminal unescaped.
#include <string>
#include <sys/stat.h>

#include "require.hpp"
#include "review/classify.hpp"
#include "review/git_settings.hpp"
#include "review/review_report.hpp"

using namespace agentbox::review;
using agentbox::fuzz::require;

namespace {

bool is_clean(std::string text) {
  std::erase(text, '\n');
  return !agentbox::fuzz::has_control_bytes(text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string text(agentbox::fuzz::text_of(data, size));
  require(commanding_keys(text).size() <= 16, "at most 16 keys");
  static_cast<void>(names_drivers(text));
  const auto end = text.find('\n');
  const std::string path = text.substr(0, end);
  const std::string content = end == std::string::npos ? "" : text.substr(end + 1);
  static const agentbox::executes::Matcher known({"deploy"});
  static_cast<void>(known.decides(path));
  ReviewReport report;
  report.box = "b";
  report.workspace = "/w";
  for (const unsigned mode : {S_IFREG | 0755U, S_IFREG | 04755U, S_IFLNK | 0777U, S_IFIFO | 0600U}) {
    for (const bool in_repository : {false, true}) {
      if (auto finding = classify({path, mode, in_repository, [&] { return content; }}, known)) {
        ++report.counts[finding->kind];
        report.findings.push_back(*std::move(finding));
      }
    }
  }
  for (const std::string& line : summary(report)) {
    require(is_clean(line) && line.find('\n') == std::string::npos, "a line of the summary is one line of plain text");
  }
  require(is_clean(text_of(report)), "the report is plain text");
  require(from_json(to_json(report), "it").findings.size() == report.findings.size(), "what is kept is read back");
  return 0;
}
