// SPDX-License-Identifier: Apache-2.0
#include "support/text.hpp"

#include "catch.hpp"

namespace support = agentbox::support;

TEST_CASE("what could steer a terminal is escaped") {
  CHECK(support::escape_untrusted("plain text") == "plain text");
  CHECK(support::escape_untrusted("\x1b]52;c;aGk=\x07") == "\\x1b]52;c;aGk=\\x07");
  CHECK(support::escape_untrusted("a\nb\r\t") == "a\\x0ab\\x0d\\x09");
  CHECK(support::escape_untrusted(std::string("\0\x7f", 2)) == "\\x00\\x7f");
  CHECK(support::escape_untrusted("\xc2\x9b") == "\\xc2\\x9b");          // C1: CSI
  CHECK(support::escape_untrusted("\xe2\x80\xae") == "\\xe2\\x80\\xae"); // NOLINT(misc-misleading-bidirectional)
  CHECK(support::escape_untrusted("\xe2\x80\x8f") == "\\xe2\\x80\\x8f"); // NOLINT(misc-misleading-bidirectional)
  CHECK(support::escape_untrusted("\xe2\x81\xa6") == "\\xe2\\x81\\xa6"); // NOLINT(misc-misleading-bidirectional)
}

TEST_CASE("invisible characters and those that reverse text become bytes") {
  for (const char32_t point :
       {0xADU,   0x61CU,  0x115FU, 0x180EU, 0x200BU, 0x200EU, 0x2028U,  0x202EU,  0x2060U,  0x2066U,
        0x2800U, 0x3164U, 0xFE0FU, 0xFEFFU, 0xFFA0U, 0xFFF9U, 0x1D173U, 0xE0001U, 0xE0041U, 0xE0100U}) {
    std::string text;
    if (point < 0x800) {
      text = {static_cast<char>(0xC0U | (point >> 6U)), static_cast<char>(0x80U | (point & 0x3FU))};
    } else if (point < 0x10000) {
      text = {static_cast<char>(0xE0U | (point >> 12U)), static_cast<char>(0x80U | ((point >> 6U) & 0x3FU)),
              static_cast<char>(0x80U | (point & 0x3FU))};
    } else {
      text = {static_cast<char>(0xF0U | (point >> 18U)), static_cast<char>(0x80U | ((point >> 12U) & 0x3FU)),
              static_cast<char>(0x80U | ((point >> 6U) & 0x3FU)), static_cast<char>(0x80U | (point & 0x3FU))};
    }
    INFO(static_cast<unsigned>(point));
    CHECK(support::escape_untrusted(text).size() == 4 * text.size());
  }
}

TEST_CASE("well-formed UTF-8 stays, all else becomes bytes") {
  CHECK(support::escape_untrusted("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  CHECK(support::escape_untrusted("\xff") == "\\xff");
  CHECK(support::escape_untrusted("\xc0\xaf") == "\\xc0\\xaf");          // overlong
  CHECK(support::escape_untrusted("\xed\xa0\x80") == "\\xed\\xa0\\x80"); // surrogate
  CHECK(support::escape_untrusted("\xe2\x82") == "\\xe2\\x82");          // cut short
  CHECK(support::escape_untrusted("\xf5\x80\x80\x80") == "\\xf5\\x80\\x80\\x80");
}

TEST_CASE("long text is cut") {
  CHECK(support::escape_untrusted(std::string(400, 'a')).size() == 303);
  CHECK(support::escape_untrusted(std::string(300, 'a')).size() == 300);
  CHECK(support::in_quotes("a\"\x1b") == "\"a\"\\x1b\"");
}

TEST_CASE("is_utf8 allows control characters but nothing malformed") {
  CHECK(support::is_utf8(""));
  CHECK(support::is_utf8("a\nb\x1b"));
  CHECK(support::is_utf8("\xe2\x80\xae")); // NOLINT(misc-misleading-bidirectional)
  CHECK_FALSE(support::is_utf8("\xff"));
  CHECK_FALSE(support::is_utf8("\xc3"));
  CHECK_FALSE(support::is_utf8("a\xed\xa0\x80"));
}

TEST_CASE("did you mean") {
  const std::vector<std::string> names = {"allow_hosts", "block_hosts", "driver"};
  CHECK(support::nearest("alow_hosts", names).value_or("") == "allow_hosts");
  CHECK_FALSE(support::nearest("something", names));
  CHECK(support::did_you_mean("drivr", names) == ", did you mean \"driver\"?");
  CHECK(support::did_you_mean("zzzzzz", names).empty());
}

TEST_CASE("join") {
  CHECK(support::join({}, ", ").empty());
  CHECK(support::join({"a"}, ", ") == "a");
  CHECK(support::join({"a", "b"}, ", ") == "a, b");
}
