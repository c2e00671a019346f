// SPDX-License-Identifier: Apache-2.0
#include "network/duration.hpp"

#include "catch.hpp"

using namespace agentbox::network;
using std::chrono::seconds;

TEST_CASE("parses durations") {
  CHECK(parse_duration("90s") == seconds(90));
  CHECK(parse_duration("10m") == seconds(600));
  CHECK(parse_duration("1h30m") == seconds(5400));
  CHECK(parse_duration("2d") == seconds(172800));
  CHECK(parse_duration("1d2h3m4s") == seconds(93784));
}

TEST_CASE("invalid durations") {
  for (const char* text : {"", "10", "m", "-1m", "+1m", "0m", "1m1h", "1m1m", "1.5h", "10 m", "1w",
                           "99999999999999999999s", "4000d", "9223372036854775807d", "1h-5m"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("since is a duration or the beginning of a time") {
  const auto now = std::chrono::system_clock::time_point(seconds(1'800'000'000));
  CHECK(parse_since("1h", now) == "2027-01-15T07:00:00.000Z");
  CHECK(parse_since("2026-01-31", now) == "2026-01-31");
  CHECK(parse_since("2026-01-31T12:00", now) == "2026-01-31T12:00");
  CHECK_FALSE(parse_since("yesterday", now));
  CHECK_FALSE(parse_since("2026-1-31", now));
  CHECK_FALSE(parse_since("2026-01-31T12:00:00.000Zx", now));
}
