// SPDX-License-Identifier: Apache-2.0
#include "support/lines.hpp"

#include "catch.hpp"
#include "support/numbers.hpp"
#include "support/table.hpp"

using namespace agentbox::support;
using Views = std::vector<std::string_view>;

TEST_CASE("text is split into parts, lines and words") {
  CHECK(split("a:b::", ':') == Views{"a", "b", "", ""});
  CHECK(split("", ':') == Views{""});
  CHECK(lines("a\n\nb") == Views{"a", "", "b"});
  CHECK(lines("a\n") == Views{"a"});
  CHECK(lines("").empty());
  CHECK(words(" one\ttwo \n three") == Views{"one", "two", "three"});
  CHECK(words("  ").empty());
  CHECK(trim("\t a b \r\n") == "a b");
  CHECK(trim(" \n").empty());
}

TEST_CASE("a number is the whole text and fits its type") {
  CHECK(parse_number<int>("-12") == -12);
  CHECK(parse_number<unsigned>("ff", 16) == 255U);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1x", "4294967296"}) {
    CHECK_FALSE(parse_number<std::uint32_t>(text));
  }
  CHECK(parse_port("65535") == 65535);
  CHECK_FALSE(parse_port("0"));
  CHECK_FALSE(parse_port("65536"));
}

TEST_CASE("a table's columns are as wide as their longest cell") {
  CHECK(table({{"NAME"}, {"BYTES", true}, {"HOST"}}, {{"bücher", "1", "a.example"}, {"b", "1000", "b"}}) ==
        "NAME    BYTES  HOST\n"
        "bücher      1  a.example\n"
        "b        1000  b\n");
  CHECK(table({{""}, {""}}, {{"a", "b"}}) == "a  b\n");
  CHECK(table({{"NAME"}}, {}) == "NAME\n");
}
