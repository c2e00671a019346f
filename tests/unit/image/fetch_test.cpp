// SPDX-License-Identifier: Apache-2.0
// The real curl against a registry of the test's own on this machine.
#include "image/fetch.hpp"

#include <array>
#include <csignal>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "folder.hpp"
#include "image/agent_packages.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

using namespace agentbox::image;
using agentbox::image_test::Folder;
using agentbox::support::Error;
using agentbox::support::ExitCode;
using Catch::Matchers::Contains;

namespace {

/// Answers every request with `answer`, in a process of its own.
class Registry {
public:
  explicit Registry(const std::string& answer) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), size) == 0); // NOLINT
    REQUIRE(listen(listener, 8) == 0);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size); // NOLINT
    m_address = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    m_pid = fork();
    if (m_pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve(listener, answer);
    }
    close(listener);
  }
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  Registry(Registry&&) = delete;
  Registry& operator=(Registry&&) = delete;
  ~Registry() {
    kill(m_pid, SIGKILL);
    waitpid(m_pid, nullptr, 0);
  }
  const std::string& address() const { return m_address; }

private:
  [[noreturn]] static void serve(int listener, const std::string& answer) {
    while (true) {
      const int client = accept(listener, nullptr, nullptr);
      std::array<char, 4096> request{};
      if (read(client, request.data(), request.size()) <= 0 || write(client, answer.data(), answer.size()) < 0) {
        perror("registry");
      }
      close(client);
    }
  }
  std::string m_address;
  pid_t m_pid = -1;
};

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace

TEST_CASE("an answer is fetched, and a file's digest taken on the way") {
  const std::string body(300'000, 'x');
  const Registry registry(ok(body));
  const Fetcher fetcher({}, std::nullopt);
  CHECK(fetcher.text(registry.address() + "/x", 1U << 20U) == body);
  const Folder folder;
  agentbox::support::Sha512 digest;
  digest.update(body);
  CHECK(fetcher.file(registry.address() + "/x", folder.path() / "x", 1U << 20U) == digest.base64());
  CHECK(agentbox::support::read_file(folder.path() / "x", 1U << 20U) == body);
}

TEST_CASE("too long an answer, an error and an unreachable registry each fail, and leave no file") {
  const Folder folder;
  const auto file = folder.path() / "x";
  const Fetcher fetcher({}, std::nullopt);
  SECTION("too long") {
    const Registry registry(ok(std::string(300'000, 'x')));
    CHECK_THROWS_WITH(fetcher.file(registry.address() + "/x", file, 1000), Contains("more than it should"));
  }
  SECTION("an error") {
    const Registry registry("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    CHECK_THROWS_WITH(fetcher.file(registry.address() + "/x", file, 1000), Contains("404"));
  }
  SECTION("cut short") {
    const Registry registry("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nshort");
    CHECK_THROWS_AS(fetcher.file(registry.address() + "/x", file, 1000), Error);
  }
  SECTION("nobody there") {
    CHECK_THROWS_WITH(fetcher.file("http://127.0.0.1:1/x", file, 1000),
                      Contains("cannot download http://127.0.0.1:1/x"));
  }
  SECTION("no encryption on the way to another machine's files") {
    const Registry registry(
        "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    CHECK_THROWS_AS(fetcher.file(registry.address() + "/x", file, 1000), Error);
  }
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("bytes that are not the pinned ones are refused and not kept") {
  const Folder folder;
  setenv("XDG_CACHE_HOME", folder.path().c_str(), 1);
  const Registry registry(ok("these are other bytes"));
  const PinnedPackage package{"@openai/codex", "1.0.0-linux-x64", "sha512-" + std::string(86, 'A') + "=="};
  try {
    ensure_agent_files("codex", package, "x64", registry.address(), Fetcher({}, std::nullopt));
    FAIL("it was not refused");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::refused);
    CHECK_THAT(error.what(), Contains("SHA-512 differs"));
  }
  CHECK(std::filesystem::is_empty(folder.path() / "agentbox/agents"));
  unsetenv("XDG_CACHE_HOME");
}
