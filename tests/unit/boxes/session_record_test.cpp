// SPDX-License-Identifier: Apache-2.0
#include "boxes/session_record.hpp"
#include "catch.hpp"

using namespace agentbox::boxes;

TEST_CASE("a record comes back as it was written") {
  const SessionRecord record{"n", "agentbox-n", "/w \"x\"\n", "codex", "codex", 42, 1700000000, "aa", "bb", true};
  CHECK(record_from_json(to_json(record)) == record);
  CHECK(to_json(record).find("labelled") == std::string::npos);
  SessionRecord with_labels = record;
  with_labels.level = "s0:c1,c2";
  with_labels.labelled = {"/w", "/home/user/.codex"};
  CHECK(record_from_json(to_json(with_labels)) == with_labels);
}

TEST_CASE("an invalid record is rejected") {
  CHECK_FALSE(record_from_json(""));
  CHECK_FALSE(record_from_json("{\"name\": \"n\"}"));
  CHECK_FALSE(record_from_json("[1]"));
  CHECK_FALSE(record_from_json("{\"name\": 1"));
}
