// SPDX-License-Identifier: Apache-2.0
#include "logins/synchronizer.hpp"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>

#include "catch.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::logins;
namespace fs = std::filesystem;

namespace {

const LoginKind& claude = *find_login_kind("claude");

std::string login_text(std::int64_t expires, const std::string& token, const std::string& account = "u1") {
  return fmt::format(
      R"({{"claudeAiOauth":{{"accessToken":"{}","accountUuid":"{}","expiresAt":{},"refreshToken":"r"}}}})", token,
      account, expires);
}

/// Returns the milliseconds of a time `hours` after the first call, so that equal arguments give equal times.
std::int64_t soon(int hours) {
  static const std::int64_t start = std::time(nullptr);
  return (start + hours * 3600) * 1000;
}

std::optional<LoginContent> login(std::int64_t version, const std::string& account = "u1", bool usable = true) {
  LoginContent content;
  content.text = fmt::format("{} {} {}", version, account, usable);
  content.version = version;
  content.account = account;
  content.usable = usable;
  content.renewable = true;
  return content;
}

std::string hash(const std::optional<LoginContent>& content) {
  return support::sha256_hex(content->text);
}

/// A home directory with a login of the host, and a state directory.
struct Host {
  tests::TempDirectory temporary;
  fs::path file = temporary.path() / "claude/.credentials.json";
  Host() {
    fs::create_directories(file.parent_path());
    setenv("XDG_STATE_HOME", temporary.path().c_str(), 1);
    setenv("CLAUDE_CONFIG_DIR", file.parent_path().c_str(), 1);
  }
  ~Host() {
    unsetenv("XDG_STATE_HOME");
    unsetenv("CLAUDE_CONFIG_DIR");
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  LoginPlace place() const { return place_of(claude, LoginOrigin::host); }
  fs::path shared() const { return place().shared() / ".credentials.json"; }
  std::string kept() const { return support::read_file(file, k_max_login); }
  std::string in_box() const { return support::read_file(shared(), k_max_login); }
};

} // namespace

TEST_CASE("the newer login wins, and a box brings back neither an older one nor another account") {
  const auto old = login(1);
  const auto renewed = login(2);
  CHECK(compare(old, old, hash(old)) == LoginUpdate::none);
  CHECK(compare(old, std::nullopt, hash(old)) == LoginUpdate::to_shared);
  CHECK(compare(std::nullopt, renewed, hash(old)) == LoginUpdate::none);
  CHECK(compare(old, renewed, hash(old)) == LoginUpdate::to_kept);
  CHECK(compare(renewed, old, hash(old)) == LoginUpdate::to_shared);
  CHECK(compare(renewed, old, hash(renewed)) == LoginUpdate::to_shared);
  SECTION("both were renewed") {
    CHECK(compare(login(3), renewed, hash(old)) == LoginUpdate::to_shared);
    CHECK(compare(renewed, login(3), hash(old)) == LoginUpdate::to_kept);
  }
  SECTION("another account") {
    CHECK(compare(old, login(2, "u2"), hash(old)) == LoginUpdate::foreign);
    CHECK(compare(old, login(2, ""), hash(old)) == LoginUpdate::foreign);
    CHECK(compare(login(1, ""), login(2, "u2"), hash(login(1, ""))) == LoginUpdate::to_kept);
  }
  SECTION("the agent found that the vendor ended it") {
    CHECK(compare(old, login(0, "u1", false), hash(old)) == LoginUpdate::none);
    CHECK(compare(renewed, login(0, "u1", false), hash(old)) == LoginUpdate::to_shared);
  }
}

TEST_CASE("a login that a box renews reaches the host, and one that the host renews reaches the box") {
  const Host host;
  support::write_file(host.file, R"({"mcpOAuth":{"a":{}},)" + login_text(soon(1), "first").substr(1));
  Synchronizer boxes(host.place());
  boxes.start();
  CHECK(host.in_box() == login_text(soon(1), "first"));
  CHECK((fs::status(host.shared()).permissions() & fs::perms(077)) == fs::perms::none);

  const std::string second = login_text(soon(2), "second");
  support::write_file(host.shared(), second); // renamed into place
  boxes.poll();
  CHECK(host.kept().find("second") != std::string::npos);
  CHECK(host.kept().find("mcpOAuth") != std::string::npos);
  CHECK(support::read_file(host.place().previous(), k_max_login).find("first") != std::string::npos);

  const std::string third = login_text(soon(3), "third");
  support::write_file(host.file, third);
  boxes.poll();
  CHECK(host.in_box() == third);
  boxes.finish();
  CHECK(host.kept() == third);
}

TEST_CASE("whatever a box leaves in place of the login, the host's is unchanged and the next box gets it") {
  const Host host;
  const std::string good = login_text(soon(1), "good");
  support::write_file(host.file, good);
  Synchronizer boxes(host.place());
  boxes.start();
  const fs::path secret = host.temporary.path() / "secret";
  support::write_file(secret, login_text(soon(5), "elsewhere"));
  const auto replace = [&](const std::function<void()>& act) {
    fs::remove_all(host.shared());
    act();
    boxes.poll();
    CHECK(host.kept() == good);
    Synchronizer(host.place()).start();
    CHECK(host.in_box() == good);
  };
  replace([] {});
  replace([&] { fs::create_symlink(secret, host.shared()); });
  replace([&] { mkfifo(host.shared().c_str(), 0600); });
  replace([&] { fs::create_directories(host.shared() / "full/of/directories"); });
  replace([&] { support::write_file(host.shared(), "garbage"); });
  replace([&] { support::write_file(host.shared(), std::string(k_max_login + 1, ' ')); });
  replace([&] { support::write_file(host.shared(), login_text(soon(-5), "older")); });
  replace([&] { support::write_file(host.shared(), login_text(0, "")); });
  CHECK(support::read_file(secret, k_max_login) == login_text(soon(5), "elsewhere"));
  replace([&] { chmod(host.place().shared().c_str(), 0); });
  boxes.finish();
}

TEST_CASE("a box cannot replace a login that is not renewed") {
  auto key = login(0);
  key->renewable = false;
  CHECK(compare(key, login(5), hash(key)) == LoginUpdate::to_shared);
  CHECK(compare(key, login(5), hash(login(1))) == LoginUpdate::to_shared);
}

TEST_CASE("only the tokens and times of a renewed login are copied") {
  const Host host;
  support::write_file(host.file, login_text(soon(1), "first"));
  Synchronizer boxes(host.place());
  boxes.start();
  std::string renewed = login_text(soon(2), "second");
  renewed.insert(renewed.size() - 2, R"(,"helper":"/workspace/run","organization":"evil")");
  support::write_file(host.shared(), renewed);
  boxes.poll();
  CHECK(host.kept() == login_text(soon(2), "second"));
  CHECK(host.in_box() == login_text(soon(2), "second"));
  boxes.finish();
}

TEST_CASE("two logins of the host that a variable chooses are kept apart") {
  const Host host;
  support::write_file(host.file, login_text(soon(1), "work", "u1"));
  Synchronizer work(host.place());
  work.start();
  const LoginPlace before = host.place();
  const fs::path other = host.temporary.path() / "personal";
  fs::create_directories(other);
  support::write_file(other / claude.file, login_text(soon(2), "personal", "u2"));
  setenv("CLAUDE_CONFIG_DIR", other.c_str(), 1);
  Synchronizer personal(host.place());
  personal.start();
  work.poll();
  CHECK(host.place().shared() != before.shared());
  CHECK(support::read_file(before.shared() / claude.file, k_max_login) == login_text(soon(1), "work", "u1"));
  CHECK(host.kept() == login_text(soon(1), "work", "u1"));
  CHECK(place_of_mount(host.place().shared())->file == other / claude.file);
  work.finish();
  personal.finish();
}

TEST_CASE("nothing that a box leaves in the shared directory keeps later boxes from the login") {
  const Host host;
  const std::string good = login_text(soon(1), "good");
  support::write_file(host.file, good);
  Synchronizer(host.place()).start();
  const fs::path shared = host.place().shared();
  for (const fs::path& path : {host.shared(), shared / ".agentbox-new"}) {
    fs::remove_all(path);
    fs::create_directories(path / "closed/inner");
    fs::permissions(path / "closed", fs::perms::none); // an ordinary user cannot remove it
  }
  CHECK_NOTHROW(Synchronizer(host.place()).start());
  CHECK(host.in_box() == good);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(shared)) {
    if (entry.is_directory()) {
      fs::permissions(entry.path(), fs::perms::owner_all);
    }
  }
}

TEST_CASE("another account in a box is reported, and not copied") {
  const Host host;
  const std::string good = login_text(soon(1), "good");
  support::write_file(host.file, good);
  Synchronizer boxes(host.place());
  boxes.start();
  support::write_file(host.shared(), login_text(soon(2), "evil", "u2"));
  boxes.poll();
  CHECK_THROWS_WITH(boxes.finish(), Catch::Matchers::Contains("another account"));
  CHECK(host.kept() == good);
  Synchronizer(host.place()).start();
  CHECK(host.in_box() == good);
}

TEST_CASE("while an agent holds its lock, nothing is replaced") {
  const Host host;
  support::write_file(host.file, login_text(soon(1), "first"));
  Synchronizer boxes(host.place());
  boxes.start();
  const fs::path lock =
      GENERATE(0, 1) == 0 ? host.file.parent_path() / claude.lock : host.place().shared() / claude.lock;
  fs::create_directory(lock);
  support::write_file(host.shared(), login_text(soon(2), "second"));
  boxes.poll();
  CHECK(host.kept() == login_text(soon(1), "first"));
  fs::remove(lock);
  boxes.poll();
  CHECK(host.kept() == login_text(soon(2), "second"));
  CHECK_FALSE(fs::exists(lock));
}

TEST_CASE("agentbox's own login takes precedence over the host's until it is removed") {
  const Host host;
  support::write_file(host.file, login_text(soon(1), "host"));
  CHECK(place_of(claude).origin == LoginOrigin::host);
  CHECK_THROWS_AS(keep_own(claude, "{}", std::time(nullptr)), support::Error);
  keep_own(claude, login_text(soon(1), "own"), std::time(nullptr));
  const LoginPlace own = place_of(claude);
  CHECK(own.origin == LoginOrigin::own);
  CHECK(place_of_mount(own.shared())->file == own.file);
  Synchronizer boxes(own);
  boxes.start();
  support::write_file(own.shared() / claude.file, login_text(soon(2), "renewed"));
  boxes.poll();
  CHECK(support::read_file(own.file, k_max_login) == login_text(soon(2), "renewed"));
  CHECK(host.kept() == login_text(soon(1), "host"));
  CHECK(forget_own(claude));
  CHECK_FALSE(forget_own(claude));
  boxes.poll();
  boxes.finish();
  CHECK(place_of(claude).origin == LoginOrigin::host);
  CHECK_FALSE(fs::exists(own.shared() / claude.file));
  CHECK_FALSE(fs::exists(own.previous()));
}

TEST_CASE("a login that no box can use is described before the start") {
  const Host host;
  const std::time_t now = std::time(nullptr);
  CHECK_THAT(examine(host.place(), now).problem, Catch::Matchers::Contains("no login for claude"));
  support::write_file(host.file, "\n");
  CHECK_THAT(examine(host.place(), now).problem, Catch::Matchers::Contains("is empty"));
  support::write_file(host.file, "{}");
  CHECK_THAT(examine(host.place(), now).problem, Catch::Matchers::Contains("does not contain a login"));
  support::write_file(host.file, R"({"claudeAiOauth":{"accessToken":"a","expiresAt":1000}})");
  CHECK_THAT(examine(host.place(), now).problem, Catch::Matchers::Contains("has expired and cannot be renewed (1970"));
  fs::remove(host.file);
  fs::create_directory(host.file);
  CHECK_THAT(examine(host.place(), now).problem, Catch::Matchers::Contains("cannot"));
  fs::remove(host.file);
  support::write_file(host.file, login_text(soon(-1), "expired but renewable"));
  CHECK(examine(host.place(), now).problem.empty());
}
