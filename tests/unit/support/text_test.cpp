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
