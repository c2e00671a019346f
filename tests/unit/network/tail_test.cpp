// SPDX-License-Identifier: Apache-2.0
#include "network/tail.hpp"

#include <fstream>
#include <poll.h>

#include "catch.hpp"
#include "records.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::network;
namespace fs = std::filesystem;

namespace {

std::string line(const std::string& name) {
  return firewall::audit::to_json_line(test::record(firewall::audit::Kind::dns, name, 0, "not-listed"));
}

void append(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::app) << text;
}

bool readable(const Tail& tail) {
  pollfd watched{tail.fd(), POLLIN, 0};
  return poll(&watched, 1, 0) == 1;
}

std::vector<std::string> names(Tail& tail) {
  std::vector<std::string> result;
  for (const auto& record : tail.read_new()) {
    result.push_back(record.name);
  }
  return result;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("returns new lines only") {
  const tests::TempDirectory directory;
  append(directory.path() / "a.jsonl", line("old.example"));
  Tail tail(directory.path(), {});
  CHECK_FALSE(readable(tail));
  append(directory.path() / "a.jsonl", line("new.example"));
  CHECK(readable(tail));
  CHECK(names(tail) == Names{"new.example"});
  CHECK_FALSE(readable(tail));
  CHECK(names(tail).empty());
}

TEST_CASE("follows a box that starts later, and only the selected box") {
  const tests::TempDirectory directory;
  Tail all(directory.path(), {});
  Tail one(directory.path(), "b");
  append(directory.path() / "a.jsonl", line("a.example"));
  append(directory.path() / "b.jsonl", line("b.example"));
  CHECK(names(all) == Names{"a.example", "b.example"});
  CHECK(names(one) == Names{"b.example"});
}

TEST_CASE("nothing is lost during a rotation") {
  const tests::TempDirectory directory;
  const fs::path file = directory.path() / "a.jsonl";
  append(file, line("old.example"));
  Tail tail(directory.path(), "a");
  append(file, line("before.example"));
  fs::rename(file, directory.path() / "a.jsonl.1");
  append(file, line("after.example"));
  CHECK(names(tail) == Names{"before.example", "after.example"});
}

TEST_CASE("nothing is lost during a rotation in a flood") {
  const tests::TempDirectory directory;
  const fs::path file = directory.path() / "a.jsonl";
  append(file, line("old.example"));
  Tail tail(directory.path(), "a");
  std::string flood;
  std::size_t count = 0;
  for (; flood.size() < (5U << 20U); ++count) {
    flood += line("flood.example");
  }
  append(file, flood);
  fs::rename(file, directory.path() / "a.jsonl.1");
  append(file, line("after.example"));
  Names seen;
  do {
    const Names some = names(tail);
    seen.insert(seen.end(), some.begin(), some.end());
  } while (tail.more());
  REQUIRE(seen.size() == count + 1);
  CHECK(seen.back() == "after.example");
}

TEST_CASE("an incomplete line waits for its end") {
  const tests::TempDirectory directory;
  Tail tail(directory.path(), "a");
  const std::string text = line("slow.example");
  append(directory.path() / "a.jsonl", text.substr(0, 20));
  CHECK(names(tail).empty());
  append(directory.path() / "a.jsonl", text.substr(20));
  CHECK(names(tail) == Names{"slow.example"});
}

TEST_CASE("a flood is read in parts, and an endless line is dropped") {
  const tests::TempDirectory directory;
  Tail tail(directory.path(), "a");
  std::string flood;
  while (flood.size() < (3U << 20U)) {
    flood += line("flood.example");
  }
  const auto count = static_cast<std::size_t>(std::count(flood.begin(), flood.end(), '\n'));
  append(directory.path() / "a.jsonl", flood);
  std::size_t seen = tail.read_new().size();
  CHECK(tail.more());
  CHECK(seen < count);
  while (tail.more()) {
    seen += tail.read_new().size();
  }
  CHECK(seen == count);
  append(directory.path() / "a.jsonl", std::string(100'000, 'x') + "\n" + line("next.example"));
  CHECK(names(tail) == Names{"next.example"});
}

TEST_CASE("a missing directory is reported") {
  const tests::TempDirectory directory;
  CHECK_THROWS_AS(Tail(directory.path() / "missing", {}), support::Error);
}

TEST_CASE("without inotify, logs that appear later are still followed") {
  const tests::TempDirectory directory;
  Tail tail(directory.path(), std::nullopt, Watching::by_polling);
  CHECK(tail.fd() == -1);
  append(directory / "late.jsonl", line("a.test"));
  CHECK(names(tail) == Names{"a.test"});
  append(directory / "late.jsonl", line("b.test"));
  CHECK(names(tail) == Names{"b.test"});
}
