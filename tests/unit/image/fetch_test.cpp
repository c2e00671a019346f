// SPDX-License-Identifier: Apache-2.0
// Downloads from a registry that the test runs on this machine.
#include "image/fetch.hpp"

#include <chrono>
#include <cstdlib>

#include "catch.hpp"
#include "image/agent_packages.hpp"
#include "registry.hpp"
#include "support/command.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox::image;
using agentbox::image_test::ok;
using agentbox::image_test::Registry;
using agentbox::support::Error;
using agentbox::support::ExitCode;
using agentbox::tests::TempDirectory;
using Catch::Matchers::Contains;

namespace {

Fetcher plain_fetcher() {
  return {{}, std::nullopt, [] {}};
}

} // namespace

TEST_CASE("a reply is downloaded, and the digest of a file is computed during the transfer") {
  const std::string body(300'000, 'x');
  const Registry registry(ok(body));
  const Fetcher fetcher = plain_fetcher();
  CHECK(fetcher.text(registry.address() + "/x", 1U << 20U) == body);
  const TempDirectory directory;
  agentbox::support::Sha512 digest;
  digest.update(body);
  CHECK(fetcher.file(registry.address() + "/x", directory.path() / "x", 1U << 20U) == digest.base64());
  CHECK(agentbox::support::read_file(directory.path() / "x", 1U << 20U) == body);
}

TEST_CASE("a failed download leaves no file") {
  const TempDirectory directory;
  const auto file = directory.path() / "x";
  const Fetcher fetcher = plain_fetcher();
  SECTION("too long") {
    const Registry registry(ok(std::string(300'000, 'x')));
    CHECK_THROWS_WITH(fetcher.file(registry.address() + "/x", file, 1000), Contains("sent more than 1000 bytes"));
  }
  SECTION("an error") {
    const Registry registry("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    CHECK_THROWS_WITH(fetcher.file(registry.address() + "/x", file, 1000), Contains("404"));
  }
  SECTION("cut short") {
    const Registry registry("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nshort");
    CHECK_THROWS_AS(fetcher.file(registry.address() + "/x", file, 1000), Error);
  }
  SECTION("nothing listens") {
    CHECK_THROWS_WITH(fetcher.file("http://127.0.0.1:1/x", file, 1000),
                      Contains("cannot download http://127.0.0.1:1/x"));
  }
  SECTION("redirected to anything but HTTPS") {
    const Registry other(ok("other"));
    const std::string to = GENERATE(true, false) ? other.address() + "/x" : "file:///etc/passwd";
    const Registry registry("HTTP/1.1 302 Found\r\nLocation: " + to +
                            "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    CHECK_THROWS_AS(fetcher.file(registry.address() + "/x", file, 1000), Error);
  }
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("a package whose digest is not the pinned one is refused and not kept") {
  const TempDirectory directory;
  setenv("XDG_CACHE_HOME", directory.path().c_str(), 1);
  const Registry registry(ok("these are other bytes"));
  const PinnedPackage package{"@openai/codex", "1.0.0-linux-x64", "sha512-" + std::string(86, 'A') + "=="};
  try {
    ensure_agent_files("codex", package, {}, registry.address(), plain_fetcher(), directory.path());
    FAIL("the package was not refused");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::refused);
    CHECK_THAT(error.what(), Contains("does not have the SHA-512"));
  }
  CHECK_FALSE(std::filesystem::exists(directory.path() / "agentbox/agents"));
  unsetenv("XDG_CACHE_HOME");
}

TEST_CASE("a transfer ends when its poll throws, and leaves no file") {
  const TempDirectory directory;
  const Registry registry("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", Registry::After::silence);
  const Fetcher fetcher({}, std::nullopt, [] { throw Error(ExitCode::failed, "stopped"); });
  const auto start = std::chrono::steady_clock::now();
  CHECK_THROWS_WITH(fetcher.file(registry.address() + "/x", directory.path() / "x", 1000), "stopped");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
  CHECK_FALSE(std::filesystem::exists(directory.path() / "x"));
}

TEST_CASE("a fetcher logs no keys, whatever is in the environment", "[.child]") {
  plain_fetcher();
  CHECK(std::getenv("SSLKEYLOGFILE") == nullptr);
}

TEST_CASE("SSLKEYLOGFILE is ignored") { // in a separate process: libcurl reads the variable only once
  const TempDirectory directory;
  const auto keys = directory.path() / "keys";
  const auto result =
      agentbox::support::capture({{"/proc/self/exe", "a fetcher logs no keys*"}, {{"SSLKEYLOGFILE", keys}}, {}});
  INFO(result.out);
  CHECK(result.status.ok());
  CHECK_FALSE(std::filesystem::exists(keys));
}

TEST_CASE("a lookup that gets no answer is ended", "[.child]") {
  const auto start = std::chrono::steady_clock::now();
  const Fetcher fetcher({}, std::nullopt, [&] {
    if (std::chrono::steady_clock::now() - start > std::chrono::milliseconds(300)) {
      throw Error(ExitCode::failed, "stopped");
    }
  });
  CHECK_THROWS_WITH(fetcher.text("https://registry.example.com", 100), "stopped");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(9)); // the resolver would take 10 s
}

TEST_CASE("a transfer ends immediately even while a name server does not answer") { // in separate namespaces
  const TempDirectory directory;
  const auto resolv_conf = directory.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n");
  const auto nsswitch = directory.write("nsswitch.conf", "hosts: dns\n");
  const std::string script = "ip link set lo up && mount --bind '" + resolv_conf.string() +
                             "' /etc/resolv.conf && mount --bind '" + nsswitch.string() +
                             "' /etc/nsswitch.conf && python3 -c 'import socket, subprocess, sys\n"
                             "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                             "s.bind((\"127.0.0.1\", 53))\n"
                             "sys.exit(subprocess.call([sys.argv[1], \"a lookup that gets no answer*\"]))' \"$0\"";
  const auto result =
      agentbox::support::capture({{"/usr/bin/unshare", "--user", "--map-root-user", "--mount", "--net", "/bin/sh", "-c",
                                   script, std::filesystem::read_symlink("/proc/self/exe")},
                                  {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}},
                                  {}});
  INFO(result.out << result.err);
  CHECK(result.status.ok());
}

TEST_CASE("the proxy of the given environment is used, and not that of this process") {
  const Registry proxy(ok("from the proxy"));
  const Registry registry(ok("from the registry"));
  setenv("http_proxy", proxy.address().c_str(), 1);
  CHECK(plain_fetcher().text(registry.address(), 100) == "from the registry");
  unsetenv("http_proxy");
  CHECK(Fetcher({{"http_proxy", proxy.address()}}, std::nullopt, [] {}).text(registry.address(), 100) ==
        "from the proxy");
  CHECK(Fetcher({{"http_proxy", proxy.address()}, {"no_proxy", "127.0.0.1"}}, std::nullopt, [] {
        }).text(registry.address(), 100) == "from the registry");
}
