// SPDX-License-Identifier: Apache-2.0
// Our reader of settings against Git's own, on texts made of pieces that readers parse differently.
#include <array>
#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "git/settings.hpp"
#include "support/command.hpp"

using namespace agentbox;
using Words = std::vector<std::string>;

namespace {

/// The result of reading a text: each setting as `git config --list -z` writes it, and whether there is a mistake.
struct Read {
  Words settings;
  bool mistake = false;
};

Read read_by_git(const std::string& text) {
  const support::Command command{
      {support::find_program("git").value(), "config", "--list", "-z", "--file", "-"},
      {{"GIT_CONFIG_NOSYSTEM", "1"}, {"HOME", "/nonexistent"}, {"LC_ALL", "C"}, {"GIT_CEILING_DIRECTORIES", "/"}},
      {},
      false};
  const auto done = support::capture(command, text);
  Read read;
  read.mistake = !done.status.ok();
  for (std::size_t at = 0; at < done.out.size();) {
    const auto end = done.out.find('\0', at);
    read.settings.push_back(done.out.substr(at, end - at));
    at = end == std::string::npos ? done.out.size() : end + 1;
  }
  return read;
}

/// Reads with our reader; `older` as Git before 2.45 reads blanks inside values.
Read read_by_us(const std::string& text, bool older) {
  Read read;
  const auto mistake = git::read_settings(text, [&](const git::Setting& setting) {
    if (setting.exact) {
      const auto value = older ? setting.older_value : setting.value;
      read.settings.push_back(git::full_name(setting) + (setting.has_value ? "\n" + std::string(value) : ""));
    }
  });
  read.mistake = mistake.has_value();
  return read;
}

bool git_is_older() {
  return read_by_git("[a]\nb = c\td\n").settings == Words{"a.b\nc d"};
}

/// Generates the same random numbers everywhere.
class Numbers {
public:
  std::size_t below(std::size_t limit) {
    m_state = m_state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>((m_state >> 33U) % limit);
  }

private:
  std::uint64_t m_state = 42;
};

/// Makes a random text. `sound`: mostly valid text, so that files get long.
std::string make_text(Numbers& numbers, bool sound) {
  using namespace std::string_view_literals;
  static constexpr std::array k_sound = {"[core]"sv,
                                         "[Core \"Sub]x\"]"sv,
                                         "[a.B.c]"sv,
                                         "[x\t \"y\\\"\\\\z\\q\"]"sv,
                                         "\n"sv,
                                         "\n"sv,
                                         "\r\n"sv,
                                         "\n key = value"sv,
                                         "\nKEY=v"sv,
                                         "\nk-1 \t= a  b"sv,
                                         "\nflag"sv,
                                         "\nk = a\tb"sv,
                                         "\nk = \"a \" b "sv,
                                         "\nk=\"\" c"sv,
                                         "\nk = a \\\n b"sv,
                                         "\nk = a\\\r\nb"sv,
                                         "\nk = \\t\\n\\b"sv,
                                         "\nk = a # b"sv,
                                         "\nk = a;b"sv,
                                         "\n# comment"sv,
                                         "\n; \" [ ="sv,
                                         "\nk = \"a # b\"; c"sv,
                                         "\nk="sv,
                                         "\nk = =\n"sv,
                                         "  \t"sv,
                                         "\nk=a\rb"sv,
                                         "\nk=\"a\\\n b\""sv,
                                         "\n[s \"\"]"sv,
                                         "\nk = \xC3\xA4 \xFF"sv,
                                         "\nk = a\0b"sv,
                                         "\n[c \"d\0e\"]"sv,
                                         "\n[.x]"sv,
                                         "\nk = a \" b\" \"c \" \t"sv,
                                         "\n[ \"x\"]"sv,
                                         "\nk = a\x0B b\x0C"sv};
  static constexpr std::array k_odd = {
      "["sv,     "]"sv,           "\""sv,         "\\"sv,    "="sv,     "a"sv,
      "1"sv,     "-"sv,           "."sv,          " "sv,     "\t"sv,    "\n"sv,
      "\r"sv,    "\r\n"sv,        "#"sv,          ";"sv,     "\0"sv,    "\xEF\xBB\xBF"sv,
      "\xEF"sv,  "[]"sv,          "[a"sv,         "[a b]"sv, "[ a]"sv,  "k = \\q"sv,
      "k # x"sv, "[a \"b\n\"]"sv, "[a \"b\" ]"sv, "_=x"sv,   "k\r=x"sv, "k = \"a\nb\""sv,
      "\x0B"sv};
  std::string text = numbers.below(4) == 0 ? "\xEF\xBB\xBF" : "";
  const std::size_t pieces = 1 + numbers.below(14);
  for (std::size_t i = 0; i < pieces; ++i) {
    const bool odd = numbers.below(sound ? 40 : 3) == 0;
    text += odd ? k_odd.at(numbers.below(k_odd.size())) : k_sound.at(numbers.below(k_sound.size()));
  }
  return text;
}

} // namespace

TEST_CASE("we read settings as git config --list does") {
  constexpr std::size_t k_texts = 1500;
  const bool older = git_is_older();
  Numbers numbers;
  std::size_t settings = 0;
  std::size_t mistakes = 0;
  for (std::size_t i = 0; i < k_texts; ++i) {
    const std::string text = make_text(numbers, i % 3 != 0);
    const Read theirs = read_by_git(text);
    const Read ours = read_by_us(text, older);
    INFO("text " << i << ": " << Catch::Detail::stringify(text));
    REQUIRE(ours.settings == theirs.settings);
    REQUIRE(ours.mistake == theirs.mistake);
    settings += theirs.settings.size();
    mistakes += theirs.mistake ? 1 : 0;
  }
  // Checks the corpus: long files, with and without mistakes.
  CHECK(settings > 2 * k_texts);
  CHECK(mistakes > k_texts / 10);
  CHECK(mistakes < k_texts - k_texts / 10);
}
