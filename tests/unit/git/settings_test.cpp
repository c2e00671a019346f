// SPDX-License-Identifier: Apache-2.0
#include "git/settings.hpp"

#include <vector>

#include "catch.hpp"
#include "cpu_time.hpp"
#include "git/effects.hpp"

using namespace agentbox::git;
using Pairs = std::vector<std::pair<std::string, std::string>>;

namespace {

Pairs settings_of(std::string_view text) {
  Pairs pairs;
  read_settings(text, [&](const Setting& setting) { pairs.emplace_back(full_name(setting), setting.value); });
  return pairs;
}

Effect effect_in(const std::string& text) {
  Effect effect = Effect::none;
  read_settings(text, [&](const Setting& setting) { effect = effect_of(setting); });
  return effect;
}

} // namespace

TEST_CASE("names, quotes, escapes, comments and continued lines") {
  CHECK(settings_of("\xEF\xBB\xBF[Core] hooksPath = a b \t; c\n\tx=\"q # r\" s\n[includeIf \"gitdir:]\\\"X\"]\n "
                    "path=../y\\\n z\n") ==
        Pairs{{"core.hookspath", "a b"}, {"core.x", "q # r s"}, {"includeif.gitdir:]\"X.path", "../y z"}});
  CHECK(settings_of("[a.B \"C\"]\nb = c\\tn\\\"\r\nflag\n") == Pairs{{"a.b.C.b", "c\tn\""}, {"a.b.C.flag", ""}});
  CHECK(settings_of("[a]\nb = x\\") == Pairs{{"a.b", "x"}});
}

TEST_CASE("a NUL ends names and values, as it does in Git") {
  using namespace std::string_view_literals;
  CHECK(settings_of("[core \"hookspath\0y\"]\nx = a\0b\n"sv) == Pairs{{"core.hookspath", "a"}});
}

TEST_CASE("after a mistake the rest is read as a lenient reader would read it") {
  std::vector<bool> exact;
  const auto line = read_settings("[a]\nb = c\n= nonsense\nd = \"e\n[ core ]\nsshCommand\nf = \\q # g\nh # i\n",
                                  [&](const Setting& setting) { exact.push_back(setting.exact); });
  CHECK(line == 3);
  CHECK(exact == std::vector<bool>{true, false, false, false, false});
  CHECK(settings_of("[a]\nd = \"e\n[ core ]\nsshCommand\nf = \\q # g\nh # i\n") ==
        Pairs{{"a.d", "e"}, {"core.sshcommand", ""}, {"core.f", "q"}, {"core.h", ""}});
  CHECK_FALSE(read_settings("[a]\nb = c\n", [](const Setting&) {}));
}

TEST_CASE("booleans are read as Git reads them") {
  const auto truth = [](const std::string& text) {
    bool result = false;
    read_settings("[a]\n" + text, [&](const Setting& setting) { result = is_true(setting); });
    return result;
  };
  for (const char* text : {"b", "b = true", "b = YES", "b = on", "b = 1", "b = -1k"}) {
    CHECK(truth(text));
  }
  for (const char* text : {"b =", "b = false", "b = off", "b = no", "b = 0", "b = x"}) {
    CHECK_FALSE(truth(text));
  }
}

TEST_CASE("what Git does because of a setting") {
  CHECK(effect_in("[core]\nbare = false\n[user]\nname = x\n") == Effect::none);
  CHECK(effect_in("[remote \"origin\"]\nurl = git@x:y\n") == Effect::none);
  CHECK(effect_in("[remote \"origin\"]\nurl = ext::./x\n") == Effect::runs);
  CHECK(effect_in("[branch \"main\"]\nmerge = refs/heads/main\n") == Effect::none);
  CHECK(effect_in("[core]\nhooksPath = x") == Effect::hooks);
  CHECK(effect_in("[includeIf \"x\"]\npath = x") == Effect::includes);
  for (const char* text : {"core]\nfsmonitor",
                           "core]\nsshCommand",
                           "core]\neditor",
                           "core]\npager",
                           "core]\naskPass",
                           "core]\ngitProxy",
                           "core]\nalternateRefsCommand",
                           "sequence]\neditor",
                           "credential]\nhelper",
                           "credential \"https://x\"]\nhelper",
                           "filter \"x\"]\nclean",
                           "filter \"x\"]\nsmudge",
                           "filter \"x\"]\nprocess",
                           "diff \"x\"]\ntextconv",
                           "diff \"x\"]\ncommand",
                           "diff]\nexternal",
                           "merge \"x\"]\ndriver",
                           "mergetool \"x\"]\ncmd",
                           "mergetool \"x\"]\npath",
                           "difftool \"x\"]\ncmd",
                           "difftool \"x\"]\npath",
                           "gpg]\nprogram",
                           "gpg \"ssh\"]\nprogram",
                           "gpg \"ssh\"]\ndefaultKeyCommand",
                           "alias]\nx",
                           "interactive]\ndiffFilter",
                           "uploadpack]\npackObjectsHook",
                           "remote \"x\"]\nuploadpack",
                           "remote \"x\"]\nreceivepack",
                           "remote \"x\"]\nvcs",
                           "pager]\nlog",
                           "browser \"x\"]\ncmd",
                           "man \"x\"]\ncmd",
                           "web]\nbrowser",
                           "submodule \"x\"]\nupdate",
                           "hook \"x\"]\ncommand",
                           "lfs \"customtransfer.x\"]\npath",
                           "sendemail]\ntoCmd",
                           "tar \"x\"]\ncommand",
                           "trailer \"x\"]\ncmd",
                           "guitool \"x\"]\ncmd",
                           "imap]\ntunnel",
                           "gc]\nrecentObjectsHook",
                           "instaweb]\nhttpd"}) {
    INFO(text);
    CHECK(effect_in("[" + std::string(text) + " = ./x\n") == Effect::runs);
  }
}

TEST_CASE("time is linear in the number of bytes") {
  for (const std::string piece : {"[", "[!]", "[a\"]", "[a \"\\", "[a]\nb=\\\n", "a\n", "[a]b=\"", "\r", "[x \"]\n"}) {
    const auto seconds_for = [&piece](std::size_t size) {
      std::string text = "[a \"" + std::string(size / 2, 'x') + "\"]\n";
      while (text.size() < size) {
        text += piece;
      }
      std::size_t count = 0;
      return agentbox::tests::cpu_seconds([&] { read_settings(text, [&](const Setting&) { ++count; }); });
    };
    INFO(piece);
    constexpr std::size_t k_small = 1U << 16U;
    const double tick = 0.02;                                             // of the clock, and for other processes
    CHECK(seconds_for(8 * k_small) < 20 * (seconds_for(k_small) + tick)); // quadratic would be 64 times
  }
}
