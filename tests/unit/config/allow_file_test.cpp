// SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "config/config_layer.hpp"

namespace config = agentbox::config;
using agentbox::policy::Diagnostics;

namespace {

std::vector<std::string> texts(std::string_view text, Diagnostics& diagnostics) {
  std::vector<std::string> result;
  for (const auto& [entry, where] : config::parse_allow_file(text, "/l", diagnostics)) {
    result.push_back(std::get<agentbox::policy::HostEntry>(entry).text());
  }
  return result;
}

} // namespace

TEST_CASE("one entry per line, comments and blanks") {
  Diagnostics diagnostics;
  CHECK(texts("# a list\n\n a.com \nb.com:22 # ssh\r\n\t*.c.com\n#d.com", diagnostics) ==
        std::vector<std::string>{"a.com", "b.com:22", "*.c.com"});
  CHECK(diagnostics.empty());
}

TEST_CASE("every mistake is found, with its line") {
  Diagnostics diagnostics;
  CHECK(texts("a.com\nb com\n*\nc.com\nhttps://d.com/\n", diagnostics) == std::vector<std::string>{"a.com", "c.com"});
  REQUIRE(diagnostics.size() == 3);
  CHECK(diagnostics[0].where == "/l:2");
  CHECK(diagnostics[1].where == "/l:3");
  CHECK(diagnostics[2].where == "/l:5");
  CHECK(diagnostics[2].hint == "write \"d.com\"");
}

TEST_CASE("lines are bounded: 300 bytes, whatever they contain") {
  Diagnostics diagnostics;
  texts("a.com\n# " + std::string(298, 'x') + "\n", diagnostics);
  CHECK(diagnostics.empty());
  texts("a.com\n# " + std::string(299, 'x') + "\n", diagnostics);
  REQUIRE(diagnostics.size() == 1);
  CHECK(diagnostics[0].where == "/l:2");
}

TEST_CASE("a list without an entry is a mistake") {
  for (const char* text : {"", "\n\n", "# only a comment\n"}) {
    Diagnostics diagnostics;
    CHECK(texts(text, diagnostics).empty());
    REQUIRE(diagnostics.size() == 1);
    CHECK(diagnostics[0].message.find("no entries") != std::string::npos);
  }
}

TEST_CASE("a file that is not a list does not fill the screen") {
  Diagnostics diagnostics;
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "not a host\n";
  }
  texts(text, diagnostics);
  CHECK(diagnostics.size() == 21);
  Diagnostics binary;
  texts(std::string("\0\x7f"
                    "ELF\x02\n",
                    7),
        binary);
  REQUIRE(binary.size() == 1);
  CHECK(binary[0].message.find('\0') == std::string::npos);
}
