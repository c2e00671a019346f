// SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "oci/pod/yaml.hpp"
#include "yaml_documents.hpp"

namespace agentbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using tests::documents_of;

std::string written(const ordered_json& value, std::map<std::string, std::string> comments = {}) {
  return oci::yaml_text("", {{value, std::move(comments)}});
}

TEST_CASE("any string comes back byte for byte, as a string") {
  const std::string text = GENERATE(
      as<std::string>(), "", " ", "plain", "yes", "No", "on", "off", "y", "null", "~", "true", "1", "012", "0x1f",
      "1e3", "1_000", ".5", "-", "- a", "a: b", "a:b", "a #b", "#a", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a",
      "'a'", "\"a\"", "{a}", "[a]", "a,b", "?", "? a", "a\nb", "a\nb\n", "a\n\nb\n", "\na\n", " a\nb\n", "a \nb\n",
      "a\n\n", "a\tb", "\ta\n", "a\r\nb\n", "\x1b[31m", "\x7f", "ü€😀", "ü\n€\n", "\xc2\x85\n", "\xe2\x80\xa8\n", "---",
      "--- a", "...", "a\n---\nb\n", "#comment\nb\n", "a\n\n# b\nc\n", "a\n\n   #b\n", "a\n#b\n\n", "2001-01-01",
      "1:30", "=", "<<", "\\", "a\\nb", "${HOME}", "$(date)", "/a/b", "a/b.c-d_e", "a@b", "C:\\x");
  CAPTURE(text);
  const ordered_json value = {{"k", text}, {"list", {text, {{"inner", text}}}}};
  const std::string yaml = written(value);
  CAPTURE(yaml);
  REQUIRE(documents_of(yaml).size() == 1);
  const json read = documents_of(yaml).front();
  CHECK(read.at("k") == json(text));
  CHECK(read.at("list").at(0) == json(text));
  CHECK(read.at("list").at(1).at("inner") == json(text));
}

TEST_CASE("numbers, booleans and empty values keep their type") {
  const ordered_json value = {
      {"n", 512}, {"z", 0}, {"t", true}, {"f", false}, {"o", ordered_json::object()}, {"a", ordered_json::array()}};
  CHECK(documents_of(written(value)).front() == json::parse(value.dump()));
}

TEST_CASE("comments are above the items that they describe, with their indentation, and change nothing") {
  const ordered_json value = {{"a", {{"b", {{{"c", "d"}, {"long", std::string(100, 'x')}}, {{"c", "e"}}}}}},
                              {"z", "y"}};
  const std::string yaml = written(value, {{"/a/b/0", "first\nitem"}, {"/a/b/1", "second"}, {"/z", "last"}});
  CHECK(yaml.find("    # first\n    # item\n    - c: d\n") != std::string::npos);
  CHECK(yaml.find("    # second\n    - {c: e}\n") != std::string::npos);
  CHECK(yaml.find("\n# last\nz: \"y\"\n") != std::string::npos);
  CHECK(yaml.find("\n\n") == std::string::npos);
  CHECK(documents_of(yaml) == documents_of(written(value)));
}

TEST_CASE("several documents, and a header of comments") {
  const std::string yaml = oci::yaml_text("one\n\ntwo\n", {{{{"a", 1}}, {}}, {{{"b", 2}}, {}}});
  CHECK(yaml == "# one\n#\n# two\na: 1\n---\nb: 2\n");
}

} // namespace
} // namespace agentbox
