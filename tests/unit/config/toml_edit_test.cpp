// SPDX-License-Identifier: Apache-2.0
#include "config/toml_edit.hpp"

#include "catch.hpp"

using agentbox::config::add_to_list;
using agentbox::config::quote_toml;

namespace {

std::string added(const std::string& text) {
  const auto result = add_to_list(text, "network", "allow_hosts", "new.example");
  REQUIRE(result);
  return *result;
}

} // namespace

TEST_CASE("a list on one line grows on that line") {
  CHECK(added("[network]\nallow_hosts = [\"a.example\"] # mine\n") ==
        "[network]\nallow_hosts = [\"a.example\", \"new.example\"] # mine\n");
  CHECK(added("[network]\nallow_hosts = ['a.example', ]\n") ==
        "[network]\nallow_hosts = ['a.example', \"new.example\", ]\n");
  CHECK(added("[network]\nallow_hosts = []\n") == "[network]\nallow_hosts = [\"new.example\"]\n");
  CHECK(added("network = { allow_hosts = [\"a.example\"] }\n") ==
        "network = { allow_hosts = [\"a.example\", \"new.example\"] }\n");
}

TEST_CASE("a list over several lines gets one more, and comments stay with their lines") {
  CHECK(
      added("[network]\nallow_hosts = [\n    \"a.example\", # ] why \"a\"\n    \"b.example\"  # why b\n    # the "
            "end\n]\n") ==
      "[network]\nallow_hosts = [\n    \"a.example\", # ] why \"a\"\n    \"b.example\",  # why b\n    \"new.example\"\n"
      "    # the end\n]\n");
  CHECK(added("[network]\nallow_hosts = [\n\t\"a.example\",\n]\n") ==
        "[network]\nallow_hosts = [\n\t\"a.example\",\n\t\"new.example\",\n]\n");
}

TEST_CASE("a table without the list gets it below its heading") {
  CHECK(added("# mine\n[ network ] # hosts\nblock_hosts = [\"x.example\"]\n\n[limits]\npids = 5\n") ==
        "# mine\n[ network ] # hosts\nallow_hosts = [\"new.example\"]\nblock_hosts = [\"x.example\"]\n\n[limits]\npids "
        "= 5\n");
  CHECK(added("[network]") == "[network]\nallow_hosts = [\"new.example\"]\n");
  CHECK(added("network.default_hosts = false\n") ==
        "network.allow_hosts = [\"new.example\"]\nnetwork.default_hosts = false\n");
}

TEST_CASE("a file without the table gets it at the end") {
  CHECK(added("") == "[network]\nallow_hosts = [\"new.example\"]\n");
  CHECK(added("[limits]\npids = 5") == "[limits]\npids = 5\n\n[network]\nallow_hosts = [\"new.example\"]\n");
  CHECK(added("# [network]\n# allow_hosts = []\n").starts_with("# [network]\n# allow_hosts = []\n\n[network]\n"));
}

TEST_CASE("line ends, other lists and words that look like it stay as they are") {
  CHECK(added("[network]\r\nallow_hosts = [\r\n  \"a.example\",\r\n]\r\n") ==
        "[network]\r\nallow_hosts = [\r\n  \"a.example\",\r\n  \"new.example\",\r\n]\r\n");
  const std::string decoy = "[env]\nX = \"\"\"\n[network]\nallow_hosts = []\n\"\"\"\n[network]\npids = 1\n";
  CHECK(
      added(decoy) ==
      "[env]\nX = \"\"\"\n[network]\nallow_hosts = []\n\"\"\"\n[network]\nallow_hosts = [\"new.example\"]\npids = 1\n");
  CHECK(added("[network]\nx = \"ä\"\nallow_hosts = [\"ö\", \"\"\"a\"\"\"]\n") ==
        "[network]\nx = \"ä\"\nallow_hosts = [\"ö\", \"\"\"a\"\"\", \"new.example\"]\n");
}

TEST_CASE("what does not parse, or has another form, is not touched") {
  for (const char* text :
       {"[network", "[network]\nallow_hosts = \"a.example\"\n", "network = 1\n", "network = { x = 1 }\n",
        "[[network]]\n", "[network]\nallow_hosts = [\"a\"]\nallow_hosts = [\"b\"]\n"}) {
    CAPTURE(text);
    CHECK_FALSE(add_to_list(text, "network", "allow_hosts", "new.example"));
  }
}

TEST_CASE("quotes") {
  CHECK(quote_toml("a\"b\\c\n") == "\"a\\\"b\\\\c\\u000A\"");
}
