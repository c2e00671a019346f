// SPDX-License-Identifier: Apache-2.0
#include "review/hard_links.hpp"

#include <algorithm>
#include <fstream>
#include <thread>

#include "catch.hpp"
#include "review/scan.hpp"
#include "temp_directory.hpp"

using namespace agentbox::review;
using agentbox::tests::TempDirectory;
namespace fs = std::filesystem;

namespace {

void fill(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::vector<std::string> linked_after(const fs::path& tree, const std::function<void()>& change) {
  std::this_thread::sleep_for(std::chrono::milliseconds(30)); // a tick of change times
  const Moment start = Moment::now();
  change();
  ReviewReport report;
  scan({{tree, {}, {}}}, start.earliest(), {}, Baseline{}, ScanLimits{}, report);
  std::vector<std::string> paths;
  for (const ReviewFinding& finding : report.findings) {
    if (finding.kind == FindingKind::hard_link) {
      paths.push_back(finding.path);
    }
  }
  return paths;
}

} // namespace

TEST_CASE("a changed file that has a hard link outside the project is reported, including a Git object") {
  using Words = std::vector<std::string>;
  const TempDirectory directory;
  const fs::path tree = directory / "tree";
  for (const char* path : {"a/file", ".git/objects/ab/cd", "unchanged", "own"}) {
    fill(directory / "store" / path, "x");
    fs::create_directories((tree / path).parent_path());
    fs::create_hard_link(directory / "store" / path, tree / path);
  }
  for (const char* part : {".git/refs", ".git/hooks"}) {
    fs::create_directories(tree / part);
  }
  fill(tree / ".git/HEAD", "ref: refs/heads/main\n");
  CHECK(linked_after(tree, [&] { fill(tree / "a/file", "changed"); }) == Words{"a/file"});
  CHECK(linked_after(tree, [&] { fill(tree / ".git/objects/ab/cd", "changed"); }) == Words{".git/objects/ab/cd"});
  CHECK(linked_after(tree, [&] {
          fs::remove(tree / "own"); // now a separate file
          fill(tree / "own", "new");
          fs::create_hard_link(tree / "own", tree / "second"); // both names are in the project
        }).empty());
}
