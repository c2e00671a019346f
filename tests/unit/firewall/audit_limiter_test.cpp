// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/limiter.hpp"

#include <string>

#include "catch.hpp"

namespace agentbox::firewall::audit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
const Limiter::Clock::time_point k_start = Limiter::Clock::time_point() + std::chrono::hours(1);

AuditRecord denial(const std::string& name) {
  AuditRecord record;
  record.kind = Kind::dns;
  record.name = name;
  record.reason = Reason::not_listed;
  return record;
}

TEST_CASE("a repeated denial is written once in five seconds", "[audit]") {
  Limiter limiter;
  CHECK(limiter.admit(denial("a.example"), k_start));
  CHECK_FALSE(limiter.admit(denial("a.example"), k_start + milliseconds(10)));
  CHECK(limiter.admit(denial("b.example"), k_start + milliseconds(20)));
  CHECK(limiter.admit(denial("a.example"), k_start + seconds(6)));
  CHECK(limiter.left_out() == 0);
}

TEST_CASE("every allowed connection is written", "[audit]") {
  Limiter limiter;
  AuditRecord record = denial("a.example");
  record.verdict = Verdict::allow;
  CHECK(limiter.admit(record, k_start));
  CHECK(limiter.admit(record, k_start));
}

TEST_CASE("a flood of denials does not suppress allowed connections, nor vice versa", "[audit]") {
  Limiter limiter({10, 20});
  AuditRecord connection = denial("upload.example");
  connection.verdict = Verdict::allow;
  for (int i = 0; i < 1000; ++i) {
    limiter.admit(denial("n" + std::to_string(i)), k_start);
  }
  unsigned written = 0;
  for (int i = 0; i < 1000; ++i) {
    written += limiter.admit(connection, k_start) ? 1 : 0;
  }
  CHECK(written == 20);
  CHECK(limiter.left_out() == 980 + 980);
  CHECK(limiter.admit(denial("later"), k_start + seconds(1)));
}

TEST_CASE("a flood is limited and counted, and the limit recovers", "[audit]") {
  Limiter limiter({10, 20});
  unsigned written = 0;
  for (int i = 0; i < 1000; ++i) {
    written += limiter.admit(denial("n" + std::to_string(i)), k_start) ? 1 : 0;
  }
  CHECK(written == 20);
  CHECK(limiter.left_out() == 980);
  limiter.clear_left_out();
  CHECK(limiter.left_out() == 0);
  CHECK(limiter.admit(denial("later"), k_start + milliseconds(150)));
  CHECK_FALSE(limiter.admit(denial("too soon"), k_start + milliseconds(150)));
  CHECK(limiter.admit(denial("much later"), k_start + std::chrono::hours(1)));
}

} // namespace
} // namespace agentbox::firewall::audit
