// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/box_namespaces.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci::hook {
namespace {

using nlohmann::json;
using tests::contains;
using tests::error_of;

void put(const char* path, const std::string& text) {
  std::ofstream(path) << text;
}

/// Enters new namespaces. Maps the user in a user namespace, because only then can it make another.
bool enter(const std::vector<int>& unshared) {
  for (const int flags : unshared) {
    const auto uid = std::to_string(geteuid());
    const auto gid = std::to_string(getegid());
    if (unshare(flags) != 0) {
      return false;
    }
    put("/proc/self/setgroups", "deny");
    put("/proc/self/uid_map", "0 " + uid + " 1");
    put("/proc/self/gid_map", "0 " + gid + " 1");
  }
  return true;
}

/// A child in new namespaces, which are made one set after another.
class Child {
public:
  explicit Child(const std::vector<int>& unshared) {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    m_pid = fork();
    if (m_pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const char answer = enter(unshared) ? 'y' : 'n';
      static_cast<void>(!write(ends[1], &answer, 1));
      while (true) {
        pause();
      }
    }
    char answer = 0;
    const bool answered = read(ends[0], &answer, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    if (!answered || answer != 'y') {
      end();
      FAIL("this test needs a kernel where an ordinary user can make user namespaces");
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&&) = delete;
  Child& operator=(Child&&) = delete;
  ~Child() { end(); }

  void end() {
    if (m_pid > 0) {
      kill(m_pid, SIGKILL);
      waitpid(m_pid, nullptr, 0);
      m_pid = 0;
    }
  }
  std::string path(const std::string& name) const { return "/proc/" + std::to_string(m_pid) + "/ns/" + name; }
  pid_t pid() const { return m_pid; }

private:
  pid_t m_pid = 0;
};

json joining(const std::string& network, const std::string& user) {
  return {{"linux",
           {{"namespaces",
             {{{"type", "pid"}}, {{"type", "network"}, {"path", network}}, {{"type", "user"}, {"path", user}}}}}}};
}

std::string refusal(const json& config) {
  return error_of([&] { require_one_user_namespace(config); });
}

TEST_CASE("a process in a network namespace of its own user namespace is accepted") {
  Child box({CLONE_NEWUSER | CLONE_NEWNET});
  const FirewallProcess firewall = require_one_user_namespace(joining(box.path("net"), box.path("user")));
  CHECK(firewall.pid == box.pid());
  pollfd watched{firewall.pidfd.get(), POLLIN, 0};
  CHECK(poll(&watched, 1, 0) == 0);
  box.end();
  CHECK(poll(&watched, 1, 60'000) == 1);
}

TEST_CASE("attack: the network namespace belongs to a parent user namespace") {
  const Child nested({CLONE_NEWUSER | CLONE_NEWNET, CLONE_NEWUSER});
  CHECK(contains(refusal(joining(nested.path("net"), nested.path("user"))),
                 "does not belong to the agent's user namespace"));
  const Child only_user({CLONE_NEWUSER});
  CHECK(!refusal(joining(only_user.path("net"), only_user.path("user"))).empty());
}

TEST_CASE("attack: namespaces of two processes") {
  const Child one({CLONE_NEWUSER | CLONE_NEWNET});
  const Child two({CLONE_NEWUSER | CLONE_NEWNET});
  CHECK(contains(refusal(joining(one.path("net"), two.path("user"))), "do not belong to one process"));
}

TEST_CASE("attack: the user namespace that Podman itself is in") {
  const std::string self = "/proc/" + std::to_string(getpid()) + "/ns/";
  CHECK(!refusal(joining(self + "net", self + "user")).empty());
}

TEST_CASE("paths that are not a process's namespaces are refused") {
  for (const char* path : {"", "/run/netns/x", "/proc/self/ns/net", "/proc/1/ns/net/../net", "/proc/-1/ns/net",
                           "/proc/1x/ns/net", "/proc/0/ns/net", "/proc/99999999999/ns/net", "/proc//ns/net"}) {
    INFO(path);
    CHECK(contains(refusal(joining(path, "/proc/1/ns/user")), "do not belong to one process"));
  }
  Child gone({CLONE_NEWUSER | CLONE_NEWNET});
  const json config = joining(gone.path("net"), gone.path("user"));
  gone.end();
  CHECK(contains(refusal(config), "has ended"));
}

} // namespace
} // namespace agentbox::oci::hook
