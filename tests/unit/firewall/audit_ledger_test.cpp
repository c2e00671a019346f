// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/ledger.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "firewall/audit/audit_log.hpp"
#include "firewall/audit/sum.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

namespace agentbox::firewall::audit {
namespace {

namespace fs = std::filesystem;

AuditRecord decision(const std::string& name, Verdict verdict = Verdict::allow, std::uint64_t bytes = 1) {
  static int second = 0;
  AuditRecord record;
  record.time = "2026-01-31T12:00:00." + std::to_string(100 + (second++ % 900)) + "Z";
  record.box = "b";
  record.kind = Kind::connect;
  record.name = name;
  record.port = 443;
  record.verdict = verdict;
  record.reason = verdict == Verdict::allow ? Reason::allowed : Reason::not_listed;
  record.bytes_up = bytes;
  return record;
}

std::vector<AuditRecord> sums_in(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  return parse_totals(text);
}

struct All {
  std::uint64_t count = 0;
  std::uint64_t bytes_up = 0;
};

All all_of(const std::vector<AuditRecord>& sums) {
  All all;
  for (const AuditRecord& sum : sums) {
    all.count += sum.count;
    all.bytes_up += sum.bytes_up;
  }
  return all;
}

const AuditRecord* find(const std::vector<AuditRecord>& sums, const std::string& name) {
  for (const AuditRecord& sum : sums) {
    if (sum.name == name) {
      return &sum;
    }
  }
  return nullptr;
}

constexpr Ledger::Limits k_small{4, 4, 2};

TEST_CASE("decisions of one kind on one host are summed, even across a restart", "[audit]") {
  const tests::TempDirectory directory;
  for (int i = 0; i < 2; ++i) {
    Ledger ledger(directory.path(), "b");
    ledger.add(decision("a.example", Verdict::allow, 10));
    ledger.add(decision("b.example", Verdict::deny));
    ledger.add(decision("a.example", Verdict::allow, 20));
    CHECK(ledger.changed());
    CHECK(ledger.write());
    CHECK_FALSE(ledger.changed());
  }
  const auto sums = sums_in(directory.path() / "b.totals");
  REQUIRE(sums.size() == 2);
  CHECK(find(sums, "a.example")->count == 4);
  CHECK(find(sums, "a.example")->bytes_up == 60);
  CHECK(find(sums, "a.example")->first < find(sums, "a.example")->time);
  CHECK(find(sums, "b.example")->count == 2);
}

TEST_CASE("a flood of hosts displaces neither the first ones nor the busiest, and no decision is lost", "[audit]") {
  const tests::TempDirectory directory;
  const auto verdict = GENERATE(Verdict::allow, Verdict::deny);
  {
    Ledger ledger(directory.path(), "b", k_small);
    ledger.add(decision("first.example", verdict));
    for (int i = 0; i < 50; ++i) {
      ledger.add(decision("n" + std::to_string(i) + ".example", verdict));
    }
    ledger.add(decision("heavy.example", verdict, 1000));
    for (int i = 50; i < 100; ++i) {
      ledger.add(decision("n" + std::to_string(i) + ".example", verdict));
    }
    // Another group has its own places.
    ledger.add(decision("other.example", verdict == Verdict::allow ? Verdict::deny : Verdict::allow));
    CHECK(ledger.write());
  }
  const auto sums = sums_in(directory.path() / "b.totals");
  CHECK(sums.size() == 4 + 2 + 1 + 1); // and the other hosts
  CHECK(find(sums, "first.example") != nullptr);
  CHECK(find(sums, "heavy.example") != nullptr);
  CHECK(find(sums, "n99.example") != nullptr);
  CHECK(find(sums, "n50.example") == nullptr);
  CHECK(find(sums, "other.example") != nullptr);
  CHECK(all_of(sums).count == 103);
  CHECK(all_of(sums).bytes_up == 1102);
  Ledger again(directory.path(), "b", k_small); // and the bounds hold for what was there before
  again.add(decision("late.example", verdict));
  CHECK(again.write());
  CHECK(sums_in(directory.path() / "b.totals").size() == 8);
  CHECK(find(sums_in(directory.path() / "b.totals"), "first.example") != nullptr);
  CHECK(all_of(sums_in(directory.path() / "b.totals")).count == 104);
}

TEST_CASE("two firewalls never write to the same log and totals", "[audit]") {
  const tests::TempDirectory directory;
  const AuditLog log(directory.path(), "b");
  CHECK_THROWS_AS(AuditLog(directory.path(), "b"), support::Error);
  CHECK_NOTHROW(AuditLog(directory.path(), "c"));
}

TEST_CASE("if totals cannot be written the old file stays, and the next write succeeds", "[audit]") {
  const tests::TempDirectory directory;
  const fs::path file = directory.path() / "b.totals";
  Ledger ledger(directory.path(), "b");
  ledger.add(decision("a.example"));
  REQUIRE(ledger.write());
  ledger.add(decision("a.example"));
  fs::create_directory(file.string() + "." + std::to_string(getpid()) + ".new");
  CHECK_FALSE(ledger.write());
  CHECK(ledger.changed());
  CHECK(all_of(sums_in(file)).count == 1);
  fs::remove(file.string() + "." + std::to_string(getpid()) + ".new");
  CHECK(ledger.write());
  CHECK(all_of(sums_in(file)).count == 2);
}

TEST_CASE("lines that are not a sum are skipped, and a symbolic link is refused", "[audit]") {
  const tests::TempDirectory directory;
  const fs::path file = directory.path() / "b.totals";
  std::ofstream(file) << std::string(5000, 'x') << "\nrest";
  Ledger ledger(directory.path(), "b");
  ledger.add(decision("a.example"));
  CHECK(ledger.write());
  CHECK(sums_in(file).size() == 1);
  fs::create_symlink(file, directory.path() / "link.totals");
  CHECK_THROWS_AS(Ledger(directory.path(), "link"), support::Error);
}

TEST_CASE("SIGKILL at any moment loses only unflushed totals, and the log stays readable", "[audit]") {
  const tests::TempDirectory directory;
  auto* written = static_cast<volatile std::uint64_t*>(
      mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  REQUIRE(written != MAP_FAILED);
  for (int round = 0; round < 40; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      AuditLog log(directory.path(), "b", 8192); // rotates all the time
      for (std::uint64_t i = 1;; ++i) {
        log.write(decision("n" + std::to_string(i % 2000) + ".example", i % 3 == 0 ? Verdict::deny : Verdict::allow));
        if (i % 3 == 0) {
          log.flush();
          *written = *written + 3; // at least the last flush is on disk
        }
      }
    }
    const std::uint64_t wanted = *written + 5 + static_cast<std::uint64_t>(round % 7) * 11;
    for (int i = 0; i < 500'000 && *written < wanted; ++i) {
      usleep(137);
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const All all = all_of(sums_in(directory.path() / "b.totals"));
    REQUIRE(all.count - *written <= 3); // flushed, but not yet reported
    REQUIRE(all.bytes_up == all.count);
    *written = all.count;
  }
  CHECK(*written > 1000);
  std::size_t lines = 0;
  std::size_t cut = 0;
  for (const char* name : {"b.jsonl.1", "b.jsonl"}) {
    std::ifstream stream(directory.path() / name);
    for (std::string line; std::getline(stream, line); ++lines) {
      cut += from_json_line(line) ? 0 : 1;
    }
  }
  CHECK(lines > 10);
  CHECK(cut <= lines / 4);
  munmap(const_cast<std::uint64_t*>(written), sizeof(std::uint64_t)); // NOLINT(*-const-cast)
}

} // namespace
} // namespace agentbox::firewall::audit
