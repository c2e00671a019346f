// SPDX-License-Identifier: Apache-2.0
#include "network/sums.hpp"

#include <fstream>

#include "catch.hpp"
#include "network/backtest.hpp"
#include "network/history.hpp"
#include "network/notice.hpp"
#include "network/suggest.hpp"
#include "network/totals.hpp"
#include "records.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::network;
using firewall::audit::AuditRecord;
using firewall::audit::Kind;
using test::record;

namespace {

constexpr const char* k_noon = "2026-01-31T12:00:00.000Z";
constexpr const char* k_one = "2026-01-31T13:00:00.000Z";
constexpr const char* k_two = "2026-01-31T14:00:00.000Z";

AuditRecord sum_of(AuditRecord record, std::uint64_t count, const char* first, const char* last, std::uint64_t up = 0) {
  record.count = count;
  record.first = first;
  record.time = last;
  record.bytes_up = up;
  return record;
}

void write_sum(const std::filesystem::path& file, const AuditRecord& record) {
  std::ofstream(file, std::ios::app) << firewall::audit::to_json_line(record);
}

const AuditRecord* find(const std::vector<AuditRecord>& records, const std::string& name) {
  for (const AuditRecord& one : records) {
    if (one.name == name) {
      return &one;
    }
  }
  return nullptr;
}

const AuditRecord k_upload = sum_of(record(Kind::connect, "up.example", 443, "allowed"), 2, k_noon, k_noon, 5000);
const AuditRecord k_denied = sum_of(record(Kind::dns, "no.example", 0, "not-listed"), 9, k_noon, k_two);

} // namespace

TEST_CASE("totals include decisions that the log has lost") {
  const tests::TempDirectory directory;
  write_sum(directory.path() / "b.totals", k_upload);
  write_sum(directory.path() / "b.totals", k_denied);
  AuditRecord others = sum_of(record(Kind::dns, "", 0, "not-listed"), 40, k_noon, k_two, 3);
  others.address = firewall::audit::k_other_hosts;
  write_sum(directory.path() / "b.totals", others);
  std::ofstream(directory.path() / "b.totals", std::ios::app) << "half a line";
  std::ofstream(directory.path() / "b.jsonl")
      << firewall::audit::to_json_line(record(Kind::dns, "no.example", 0, "not-listed", k_two));
  const History history = read_history(directory.path(), {});
  CHECK(history.lines.size() == 1);
  REQUIRE(history.sums.size() == 3);
  REQUIRE(find(history.sums, "no.example") != nullptr);
  CHECK(find(history.sums, "no.example")->count == 9);
  REQUIRE(history.displaced.size() == 1);
  CHECK(history.displaced[0].name == "up.example");

  const auto hosts = totals(history.sums);
  REQUIRE(hosts.size() == 3);
  CHECK(hosts[0].host == "up.example");
  CHECK(hosts[0].allowed == 2);
  CHECK(hosts[0].bytes_up == 5000);
  CHECK(hosts[1].host == "other hosts");
  CHECK(hosts[1].denied == 40);
  CHECK(hosts[2].denied == 9);
  CHECK(hosts[2].first == k_noon);
  CHECK(hosts[2].last == k_two);

  const auto refused = denied(history.sums);
  REQUIRE(refused.size() == 2);
  CHECK(refused[0].notice.what == "other names");
  CHECK(refused[0].count == 40);
  CHECK(refused[1].count == 9);

  const policy::EgressIndex empty{policy::EgressPolicy{}};
  const auto suggestion = suggest(history.sums, empty);
  REQUIRE(suggestion.add.size() == 1);
  CHECK(suggestion.add[0].count == 9);
  CHECK(suggestion.left_out.size() == 1);

  const auto tested = backtest(history.sums, empty, 0);
  REQUIRE(tested.size() == 3);
  CHECK(tested[0].outcome == BacktestResult::Outcome::breaks);
  CHECK(tested[0].count == 2);
  CHECK(tested[2].outcome == BacktestResult::Outcome::not_known);
}

TEST_CASE("without totals the lines are summed") {
  const tests::TempDirectory directory;
  for (const char* time : {k_noon, k_one}) {
    std::ofstream(directory.path() / "b.jsonl", std::ios::app)
        << firewall::audit::to_json_line(record(Kind::dns, "no.example", 0, "not-listed", time));
  }
  const History history = read_history(directory.path(), {});
  REQUIRE(history.sums.size() == 1);
  CHECK(history.sums[0].count == 2);
  CHECK(history.sums[0].first == k_noon);
  CHECK(history.sums[0].time == k_one);
  CHECK(history.displaced.empty());
}

TEST_CASE("sums since a time use totals that began later, else the lines") {
  const tests::TempDirectory directory;
  write_sum(directory.path() / "b.totals", k_upload); // before
  write_sum(directory.path() / "b.totals", k_denied); // both
  write_sum(directory.path() / "b.totals", sum_of(record(Kind::dns, "new.example", 0, "not-listed"), 7, k_one, k_two));
  std::ofstream(directory.path() / "b.jsonl")
      << firewall::audit::to_json_line(record(Kind::dns, "no.example", 0, "not-listed", k_two))
      << firewall::audit::to_json_line(record(Kind::dns, "new.example", 0, "not-listed", k_two));
  const History history = read_history(directory.path(), {{}, k_one});
  REQUIRE(history.sums.size() == 2);
  CHECK(find(history.sums, "no.example")->count == 1);
  CHECK(find(history.sums, "new.example")->count == 7);
  CHECK(history.lines_begin == k_two); // the decisions about no.example between one and two are unknown
  CHECK(read_history(directory.path(), {{}, k_two}).lines_begin.empty());
}
