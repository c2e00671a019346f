// SPDX-License-Identifier: Apache-2.0
#include "network/history.hpp"

#include <fstream>
#include <sys/stat.h>

#include "catch.hpp"
#include "records.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::network;
namespace fs = std::filesystem;
using firewall::audit::Kind;

namespace {

void append(const fs::path& file, const std::string& box, const std::string& name, const std::string& time) {
  auto one = test::record(Kind::dns, name, 0, "not-listed", time);
  one.box = box;
  std::ofstream(file, std::ios::app) << firewall::audit::to_json_line(one);
}

} // namespace

TEST_CASE("reads all boxes' logs by time, including rotated ones") {
  const tests::TempDirectory directory;
  append(directory.path() / "a.jsonl.1", "a", "one.example", "2026-01-01T00:00:00.000Z");
  append(directory.path() / "b.jsonl", "b", "two.example", "2026-01-02T00:00:00.000Z");
  append(directory.path() / "a.jsonl", "a", "three.example", "2026-01-03T00:00:00.000Z");
  std::ofstream(directory.path() / "a.jsonl", std::ios::app) << "{\"half\": \nno json\n";
  const auto all = read_history(directory.path(), {}).lines;
  REQUIRE(all.size() == 3);
  CHECK(all[0].name == "one.example");
  CHECK(all[1].name == "two.example");
  CHECK(all[2].name == "three.example");
  CHECK(read_history(directory.path(), {"a", {}}).lines.size() == 2);
  CHECK(read_history(directory.path(), {{}, "2026-01-02"}).lines.size() == 2);
  CHECK(read_history(directory.path(), {"a", "2026-01-02"}).lines.size() == 1);
  CHECK(boxes_with_history(directory.path()) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("links, pipes and directories are not read as logs, and a missing directory is an empty history") {
  const tests::TempDirectory directory;
  append(directory.path() / "elsewhere", "a", "x.example", "2026-01-01T00:00:00.000Z");
  fs::create_symlink(directory.path() / "elsewhere", directory.path() / "link.jsonl");
  REQUIRE(mkfifo((directory.path() / "pipe.jsonl").c_str(), 0600) == 0);
  fs::create_directory(directory.path() / "directory.jsonl");
  CHECK(read_history(directory.path(), {}).sums.empty());
  CHECK(read_history(directory.path() / "missing", {}).sums.empty());
  CHECK(read_history(directory.path(), {"../elsewhere", {}}).sums.empty());
}

TEST_CASE("the oldest logs are removed first, those of running boxes stay") {
  const tests::TempDirectory directory;
  const auto now = fs::file_time_type::clock::now();
  int hours = 10;
  for (const char* box : {"oldest", "running", "newer", "newest"}) {
    std::ofstream(directory.path() / (std::string(box) + ".jsonl")) << std::string(1000, 'x');
    fs::last_write_time(directory.path() / (std::string(box) + ".jsonl"), now - std::chrono::hours(hours--));
  }
  std::ofstream(directory.path() / "oldest.totals") << std::string(1000, 'x'); // outlives the logs
  fs::last_write_time(directory.path() / "oldest.totals", now - std::chrono::hours(20));
  std::ofstream(directory.path() / "something-else") << std::string(5000, 'x');
  prune_history(directory.path(), 5000, {"running"});
  CHECK(boxes_with_history(directory.path()).size() == 4);
  prune_history(directory.path(), 3500, {"running"});
  CHECK(boxes_with_history(directory.path()) == std::vector<std::string>{"newest", "oldest", "running"});
  CHECK_FALSE(fs::exists(directory.path() / "oldest.jsonl"));
  directory.write("running.lock", "");
  directory.write("newest.lock", "");
  prune_history(directory.path(), 0, {"running"});
  CHECK(boxes_with_history(directory.path()) == std::vector<std::string>{"running"});
  CHECK(fs::exists(directory.path() / "running.lock"));
  CHECK_FALSE(fs::exists(directory.path() / "newest.lock"));
  CHECK(fs::exists(directory.path() / "something-else"));
  prune_history(directory.path() / "missing", 0, {});
}
