// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/readiness.hpp"

#include <csignal>
#include <filesystem>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "catch.hpp"
#include "temp_directory.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci::hook {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using tests::contains;
using tests::error_of;

/// A child that plays the firewall, and its session's directory.
class Rig {
public:
  Rig() : m_session(m_directory.path()), m_pid(fork()) {
    if (m_pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (true) {
        pause();
      }
    }
    m_pidfd = support::Fd(static_cast<int>(syscall(SYS_pidfd_open, m_pid, 0)));
    fs::create_directory(m_directory / "run");
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  Rig(Rig&&) = delete;
  Rig& operator=(Rig&&) = delete;
  ~Rig() { end(); }

  void end() {
    if (m_pid > 0) {
      kill(m_pid, SIGKILL);
      waitpid(m_pid, nullptr, 0);
      m_pid = 0;
    }
  }
  void write_status(const char* name, const std::string& content) const {
    const fs::path aside = m_directory.write("run/aside", content);
    fs::permissions(aside, fs::perms::owner_read | fs::perms::owner_write);
    fs::rename(aside, m_directory.path() / "run" / name);
  }
  std::string wait(std::chrono::milliseconds deadline, const std::string& nonce = "abc") const {
    return error_of([&] { wait_until_ready(m_session, nonce, m_pidfd, deadline); });
  }

private:
  tests::TempDirectory m_directory;
  SessionDirectory m_session;
  pid_t m_pid;
  support::Fd m_pidfd;
};

TEST_CASE("a firewall that is ready, or becomes ready, is waited for") {
  const Rig early;
  early.write_status("ready", "abc\n");
  CHECK(early.wait(0ms).empty());
  const Rig late;
  std::thread firewall([&] {
    std::this_thread::sleep_for(30ms);
    late.write_status("ready", "abc\n");
  });
  CHECK(late.wait(60s).empty());
  firewall.join();
}

TEST_CASE("a firewall that is never ready is not waited for longer than the deadline") {
  const Rig rig;
  CHECK(contains(rig.wait(20ms), "20 ms"));
}

TEST_CASE("a firewall that failed is reported immediately, in its own words") {
  const Rig rig;
  rig.write_status("failed", "port 53 is taken\x1b[2J\nmore\n");
  const std::string message = rig.wait(60s);
  CHECK(contains(message, "port 53 is taken\\x1b[2J"));
  CHECK_FALSE(contains(message, "more"));
}

TEST_CASE("a firewall that died is reported immediately") {
  Rig rig;
  rig.end();
  CHECK(contains(rig.wait(60s), "ended"));
}

TEST_CASE("attack: a firewall that was ready and died must not let the agent start") {
  Rig rig;
  rig.write_status("ready", "abc\n");
  rig.end();
  CHECK(contains(rig.wait(60s), "ended"));
}

TEST_CASE("attack: the ready file of another box, an old one, or an empty nonce") {
  const Rig rig;
  rig.write_status("ready", "xyz\n");
  CHECK(contains(rig.wait(60s), "not written by this box"));
  rig.write_status("ready", "abc");
  CHECK(contains(rig.wait(60s), "not written by this box"));
  rig.write_status("ready", "\n");
  CHECK(contains(rig.wait(5000ms, ""), "nonce"));
}

} // namespace
} // namespace agentbox::oci::hook
