// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/audit_log.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "firewall/audit/sum.hpp"
#include "support/error.hpp"

namespace agentbox::firewall::audit {
namespace {

namespace fs = std::filesystem;

/// A directory that is removed with the test.
struct Directory {
  fs::path path;
  Directory() {
    std::string name = (fs::temp_directory_path() / "agentbox-audit-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Directory() { fs::remove_all(path); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  Directory(Directory&&) = delete;
  Directory& operator=(Directory&&) = delete;
};

std::string content(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

AuditRecord allowed(const std::string& name) {
  AuditRecord record;
  record.kind = Kind::connect;
  record.verdict = Verdict::allow;
  record.name = name;
  return record;
}

TEST_CASE("records are appended with box and time", "[audit]") {
  const Directory directory;
  {
    AuditLog log(directory.path, "mybox");
    log.write(allowed("a.example"));
  }
  AuditLog log(directory.path, "mybox");
  log.write(allowed("b.example"));
  std::istringstream lines(content(directory.path / "mybox.jsonl"));
  std::string line;
  REQUIRE(std::getline(lines, line));
  const auto first = from_json_line(line);
  REQUIRE(first);
  CHECK(first->box == "mybox");
  CHECK(first->name == "a.example");
  CHECK(first->time.size() == 24);
  REQUIRE(std::getline(lines, line));
  CHECK(from_json_line(line)->name == "b.example");
  struct stat status {};
  REQUIRE(::stat((directory.path / "mybox.jsonl").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
}

TEST_CASE("links, FIFOs and directories are not opened as the log", "[audit]") {
  const Directory directory;
  const fs::path victim = directory.path / "victim";
  std::ofstream(victim) << "x";
  fs::create_symlink(victim, directory.path / "link.jsonl");
  fs::create_hard_link(victim, directory.path / "hard.jsonl");
  REQUIRE(::mkfifo((directory.path / "fifo.jsonl").c_str(), 0600) == 0);
  fs::create_directory(directory.path / "directory.jsonl");
  CHECK_THROWS_AS(AuditLog(directory.path, "link"), support::Error);
  CHECK_THROWS_AS(AuditLog(directory.path, "hard"), support::Error);
  CHECK_THROWS_AS(AuditLog(directory.path, "fifo"), support::Error);
  CHECK_THROWS_AS(AuditLog(directory.path, "directory"), support::Error);
  CHECK_THROWS_AS(AuditLog(directory.path / "missing", "a"), support::Error);
  CHECK_NOTHROW(AuditLog(directory.path, "own"));
}

TEST_CASE("the log stays within its size", "[audit]") {
  const Directory directory;
  AuditLog log(directory.path, "mybox", 4096);
  for (int i = 0; i < 200; ++i) {
    log.write(allowed("n" + std::to_string(i) + ".example"));
  }
  CHECK(log.healthy());
  CHECK(fs::file_size(directory.path / "mybox.jsonl") <= 4096);
  CHECK(fs::file_size(directory.path / "mybox.jsonl.1") <= 4096);
  CHECK(content(directory.path / "mybox.jsonl").find("n199.example") != std::string::npos);
  log.flush();
  CHECK(std::distance(fs::directory_iterator(directory.path), fs::directory_iterator()) == 4); // totals and lock too
}

TEST_CASE("a truncated last line does not damage the next one", "[audit]") {
  const Directory directory;
  std::ofstream(directory.path / "mybox.jsonl") << "{\"time\":\"20";
  AuditLog log(directory.path, "mybox");
  log.write(allowed("a.example"));
  std::istringstream lines(content(directory.path / "mybox.jsonl"));
  std::string line;
  REQUIRE(std::getline(lines, line));
  REQUIRE(std::getline(lines, line));
  CHECK(from_json_line(line)->name == "a.example");
}

TEST_CASE("records that the limiter leaves out are in the totals", "[audit]") {
  const Directory directory;
  AuditLog log(directory.path, "mybox");
  AuditRecord denied = allowed("a.example");
  denied.verdict = Verdict::deny;
  for (int i = 0; i < 100; ++i) {
    log.write(denied);
  }
  AuditRecord gate;
  gate.kind = Kind::gate;
  log.write(gate);
  log.flush();
  const auto sums = parse_totals(content(directory.path / "mybox.totals"));
  REQUIRE(sums.size() == 1);
  CHECK(sums[0].count == 100);
  const std::string text = content(directory.path / "mybox.jsonl");
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("on_change is called once until the totals are written", "[audit]") {
  const Directory directory;
  AuditLog log(directory.path, "mybox");
  int asked = 0;
  log.on_change([&] { ++asked; });
  log.write(allowed("a.example"));
  log.write(allowed("a.example"));
  CHECK(asked == 1);
  log.flush();
  log.write(allowed("a.example"));
  CHECK(asked == 2);
}

TEST_CASE("totals that cannot be written make the log unhealthy", "[audit]") {
  const Directory directory;
  AuditLog log(directory.path, "mybox");
  log.write(allowed("a.example"));
  const fs::path aside = (directory.path / "mybox.totals.").string() + std::to_string(::getpid()) + ".new";
  fs::create_directory(aside);
  log.flush();
  CHECK_FALSE(log.healthy());
  CHECK_FALSE(log.recover());
  fs::remove(aside);
  CHECK_FALSE(log.recover()); // not again for each connection of a flood
  log.flush();
  CHECK(log.healthy());
  CHECK(fs::exists(directory.path / "mybox.totals"));
}

TEST_CASE("a log that cannot be written is unhealthy until it recovers", "[audit]") {
  const Directory directory;
  AuditLog log(directory.path, "mybox", 300); // every second record begins a new file
  log.write(allowed("a.example"));
  const fs::path moved = directory.path.string() + ".moved";
  fs::rename(directory.path, moved);
  log.write(allowed("b.example")); // rotation fails: the directory is gone
  CHECK_FALSE(log.healthy());
  CHECK_FALSE(log.recover());
  fs::rename(moved, directory.path);
  log.flush();
  CHECK(log.healthy());
}

TEST_CASE("connections that ended while the log could not be written are recorded later", "[audit]") {
  const Directory directory;
  AuditLog log(directory.path, "mybox", 300);
  const auto connection = [](const std::string& name) {
    AuditRecord record = allowed(name);
    record.kind = Kind::connect;
    return record;
  };
  const auto ends_without_room = [&](const std::vector<std::string>& names) {
    const fs::path moved = directory.path.string() + ".moved";
    fs::rename(directory.path, moved);
    for (const std::string& name : names) {
      log.write(connection(name));
    }
    fs::rename(moved, directory.path);
  };
  log.write(connection("a.example"));
  ends_without_room({"b.example"});
  REQUIRE_FALSE(log.healthy());
  CHECK(log.recover());
  CHECK(content(directory.path / "mybox.jsonl").find("b.example") != std::string::npos);
  std::vector<std::string> many(1030, "c.example");
  ends_without_room(many);
  fs::remove(directory.path / "mybox.jsonl.1"); // so that no earlier record is found
  log.flush();
  REQUIRE(log.healthy());
  CHECK(content(directory.path / "mybox.jsonl").find("c.example") != std::string::npos);
}

TEST_CASE("decisions left out while the log cannot be written are counted later", "[audit]") {
  const Directory directory;
  AuditLog log(directory.path, "mybox", 1U << 20U);
  for (int i = 0; i < 2100; ++i) { // the limiter's burst is 2000
    log.write(allowed("a.example"));
  }
  const fs::path aside = (directory.path / "mybox.totals.").string() + std::to_string(::getpid()) + ".new";
  fs::create_directory(aside);
  log.flush(); // contains how many were left out
  const std::string before = content(directory.path / "mybox.jsonl");
  CHECK(before.find("left-out") != std::string::npos);
  CHECK_FALSE(log.healthy());
  for (int i = 0; i < 100; ++i) {
    log.write(allowed("a.example"));
  }
  log.flush();
  CHECK(content(directory.path / "mybox.jsonl") == before);
  fs::remove(aside);
  log.flush();
  const std::string after = content(directory.path / "mybox.jsonl").substr(before.size());
  CHECK(after.find("recovered") < after.find("left-out"));
  CHECK(after.find("left-out") != std::string::npos);
}

TEST_CASE("a second firewall for the same box is refused, even after a rotation", "[audit]") {
  const Directory directory;
  AuditLog log(directory.path, "mybox", 300);
  CHECK_THROWS_AS(AuditLog(directory.path, "mybox"), support::Error);
  for (int i = 0; i < 10; ++i) {
    log.write(allowed("a.example"));
  }
  CHECK_THROWS_AS(AuditLog(directory.path, "mybox"), support::Error);
}

TEST_CASE("the first record after a failed write reports the gap", "[audit]") {
  const Directory directory;
  AuditLog log(directory.path, "mybox", 300);
  log.write(allowed("a.example"));
  const fs::path moved = directory.path.string() + ".moved";
  fs::rename(directory.path, moved);
  AuditRecord denied = allowed("b.example"); // those are not written later
  denied.verdict = Verdict::deny;
  log.write(denied);
  REQUIRE_FALSE(log.healthy());
  fs::rename(moved, directory.path);
  log.write(allowed("c.example"));
  CHECK(log.healthy());
  const std::string text = content(directory.path / "mybox.jsonl.1") + content(directory.path / "mybox.jsonl");
  const auto recovered = text.find("recovered");
  REQUIRE(recovered != std::string::npos);
  CHECK(text.find("c.example") > recovered);
  CHECK(text.find("b.example") == std::string::npos);
}

} // namespace
} // namespace agentbox::firewall::audit
