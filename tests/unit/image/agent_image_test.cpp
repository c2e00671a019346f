// SPDX-License-Identifier: Apache-2.0
// Builds with a stand-in for Podman that records its arguments.
#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "catch.hpp"
#include "image/agent_packages.hpp"
#include "image/image.hpp"
#include "policy/policy.hpp"
#include "registry.hpp"
#include "support/command.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/signals.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using image_test::Registry;
namespace fs = std::filesystem;

namespace {

/// The configuration of the base, and its ID: the digest.
constexpr const char* k_base_config = "{}";
std::string base_id() {
  return support::sha256_hex(k_base_config);
}

class Host {
public:
  /// Makes a host; `cases` are the branches of podman's `case $1`.
  explicit Host(const std::string& cases, const std::string& registry = "http://127.0.0.1:1") {
    for (const char* name : {"XDG_CACHE_HOME", "XDG_STATE_HOME"}) {
      setenv(name, (m_directory / name).c_str(), 1);
    }
    setenv("npm_config_registry", registry.c_str(), 1);
    const std::string log = (m_directory / "calls").string();
    fs::permissions(
        m_directory.write("podman", "#!/bin/sh\necho \"$*\" >>'" + log + "'\ncase $1 in\n" + cases + "esac\n"),
        fs::perms::owner_all);
    fs::create_directories(m_directory / "share");
    fs::create_directory_symlink(fs::path(AGENTBOX_SOURCE_DIR) / "containerfiles",
                                 m_directory / "share/containerfiles");
    m_directory.write("libexec/agent-entrypoint", "x");
    m_info.graph_root = m_directory / "storage";
    m_info.graph_driver = "overlay";
    m_directory.write("storage/overlay-images/" + base_id() + "/=config", k_base_config);
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  Host(Host&&) = delete;
  Host& operator=(Host&&) = delete;
  ~Host() {
    for (const char* name : {"XDG_CACHE_HOME", "XDG_STATE_HOME", "npm_config_registry"}) {
      unsetenv(name);
    }
  }

  image::ImageRef build(const std::string& base = policy::default_base_image(),
                        const std::optional<image::AgentsLock>& agents = std::nullopt) const {
    const podman::Podman podman(m_directory / "podman", {});
    policy::ImageChoice choice;
    choice.base = base;
    image::BuildOptions options;
    options.confinement = [](const fs::path&, const auto&, const auto&) {
      return image::BuildConfinement{"/seccomp.json", "", "full", "/dev/agentbox-test",
                                     [] { return std::vector<std::string>(); }};
    };
    options.agents = agents;
    options.store_bytes = options.cache_bytes = 0; // whatever this machine has free
    return image::ensure_agent_image(podman, m_info,
                                     {m_directory / "bin/agentbox", m_directory / "libexec", m_directory / "share"},
                                     choice, options);
  }
  image::ImageRef load_firewall() const {
    for (const char* program : {"libexec/agentbox-firewall", "libexec/agentbox-nft"}) {
      fs::copy_file("/proc/self/exe", m_directory / program);
    }
    const podman::Podman podman(m_directory / "podman", {});
    return image::ensure_firewall_image(podman, m_info,
                                        {m_directory / "bin/agentbox", m_directory / "libexec", m_directory / "share"},
                                        policy::FirewallDriver::nftables);
  }
  std::string calls() const { return support::read_file_if_exists(m_directory / "calls", 1U << 20U).value_or(""); }
  const tests::TempDirectory& directory() const { return m_directory; }

private:
  tests::TempDirectory m_directory;
  podman::PodmanInfo m_info;
};

/// Returns the cases of a podman with every image in its store, under base_id(), and of Debian.
std::string full_store() {
  const std::string id = base_id();
  return "image) case \"$*\" in *Digest*) exit 1;; *) echo " + id +
         ";; esac;;\n"
         "cp) cd \"${0%/*}\" && echo ID=debian >os-release && tar -cf - os-release;;\n";
}

image::AgentsLock newer_lock(const Host& host) {
  image::AgentsLock lock = image::load_lock(host.directory() / "share");
  for (auto& [name, agent] : lock.agents) {
    agent.version = "99.0.0";
    for (auto& [platform, package] : agent.packages) {
      package.version = "99.0.0";
    }
  }
  return lock;
}

/// Returns newer_lock(), with its packages in the cache as after a download.
image::AgentsLock downloaded(const Host& host) {
  image::AgentsLock lock = newer_lock(host);
  for (const auto& [name, agent] : lock.agents) {
    const image::PinnedPackage& package = image::package_for(agent, name, image::npm_arch(), false);
    fs::create_directories(
        host.directory() / "XDG_CACHE_HOME/agentbox/agents" /
        (name + "-" + package.name.substr(package.name.find('/') + 1) + "-99.0.0-" + package.integrity.substr(7, 12)));
  }
  return lock;
}

// A zombie has ended as well: not every first process of a CI container reaps its orphans.
bool is_running(pid_t pid) {
  std::string stat;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), stat);
  return !stat.empty() && stat.find(") Z", stat.rfind(')')) == std::string::npos;
}

} // namespace

TEST_CASE("a base that cannot be pulled is reported immediately, without waiting for the downloads") {
  const Registry registry("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx", Registry::After::silence);
  const Host host("image) exit 1;;\n"
                  "pull) sleep 0.3; echo 'Error: writing blob: no space left on device' >&2; exit 125;;\n",
                  registry.address());
  const auto start = std::chrono::steady_clock::now();
  CHECK_THROWS_WITH(host.build(), Catch::Contains("cannot pull the base image docker.io/library/debian") &&
                                      Catch::Contains("the disk is full"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
  CHECK_FALSE(fs::exists(host.directory() / "XDG_CACHE_HOME/agentbox/build"));
}

TEST_CASE("an image with our tag that agentbox did not build is built again") {
  const Host host(full_store() + "build) echo broken; exit 1;;\n");
  CHECK_THROWS_WITH(host.build(), Catch::Contains("installing the tools (apt) failed"));
  CHECK_THAT(support::read_file(host.directory() / "XDG_STATE_HOME/agentbox/manifests.json", 1U << 20U),
             !Catch::Contains("localhost/agentbox/"));
}

TEST_CASE("the default base is pulled unless agentbox pulled the image in the store") {
  const Host host(full_store() + "build) echo broken; exit 1;;\n");
  CHECK_THROWS_WITH(host.build(), Catch::Contains("installing the tools"));
  const std::string pull = "pull --quiet " + policy::default_base_image();
  CHECK_THAT(host.calls(), Catch::Contains(pull));
}

TEST_CASE("a base that the user names is resolved by the user's Podman") {
  const Host host(full_store() + "build) echo broken; exit 1;;\n");
  CHECK_THROWS_WITH(host.build("docker.io/library/debian:trixie"), Catch::Contains("installing the tools"));
  CHECK_THAT(host.calls(), !Catch::Contains("pull --quiet"));
}

TEST_CASE("an interrupted build ends what runs in its container and removes what it made") {
  const int number = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const tests::TempDirectory marks;
  // The container's program writes the mark, so that it has its own session when the signal comes.
  const Host host(full_store() + "build) setsid sh -c 'echo $$ >" + (marks / "container").string() +
                  "; exec sleep 100' & wait; exit 1;;\n");
  {
    const support::Signals signals;
    const std::jthread sender([&](const std::stop_token& stop) { // stopped and joined even when the build fails early
      while (!stop.stop_requested()) {
        if (!support::read_file_if_exists(marks / "container", 100).value_or("").empty()) {
          kill(getpid(), number);
          return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    });
    const auto start = std::chrono::steady_clock::now();
    try {
      host.build();
      FAIL("the build was not interrupted");
    } catch (const support::Interrupted& error) {
      CHECK(error.signal() == number);
    }
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
  }
  const pid_t container = std::stoi(support::read_file(marks / "container", 100));
  for (int tries = 0; is_running(container) && tries < 6000; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK_FALSE(is_running(container));
  CHECK_FALSE(fs::exists(host.directory() / "XDG_CACHE_HOME/agentbox/build"));
  CHECK(fs::is_empty(host.directory() / "XDG_STATE_HOME/agentbox/logs"));
  const std::string after = host.calls().substr(host.calls().find("build "));
  CHECK_THAT(after,
             Catch::Contains("rm --force --ignore --time=0 agentbox.build") &&
                 Catch::Contains("ps --all --external --quiet --filter name=^agentbox.build-working-container") &&
                 Catch::Contains("untag localhost/agentbox/agentbox.build:base") &&
                 Catch::Contains("image prune --force --filter label=org.agentbox.image"));
}

TEST_CASE("a tarball that changes while it is imported is not pinned") {
  const std::string digest = "sha256:" + std::string(64, 'd');
  const Host host("image) case \"$*\" in *Digest*) echo " + digest + ";; *) echo " + base_id() +
                  ";; esac;;\nimport) echo >>\"$2\";;\n");
  const fs::path tarball = host.directory() / "base.tar";
  REQUIRE(support::capture({{"/bin/tar", "-cf", tarball, "-C", host.directory() / "share", "."}, {}, {}}).status.ok());
  CHECK_THROWS_WITH(host.build("tar:" + tarball.string()), Catch::Contains("was changed while it was imported"));
  CHECK_FALSE(fs::exists(host.directory() / "XDG_STATE_HOME/agentbox/manifests.json"));
  CHECK_THAT(host.calls(), Catch::Contains("rmi --force=false " + base_id()));
}

TEST_CASE("an interrupted load of the firewall's image leaves no container and no image") {
  const Host host("load) kill -TERM $PPID; exec sleep 100;;\n");
  const support::Signals signals;
  CHECK_THROWS_AS(host.load_firewall(), support::Interrupted);
  const std::string after = host.calls().substr(host.calls().find("load "));
  CHECK_THAT(after, Catch::Contains("rm --force --ignore --time=0 agentbox.build") &&
                        Catch::Contains("image prune --force --filter label=org.agentbox.image"));
}

TEST_CASE("new versions of the agents are pinned only after the image with them is built") {
  const std::string other(64, 'b');
  const std::string build =
      "build) while [ $# != 0 ]; do [ \"$1\" != --iidfile ] || echo sha256:" + other + " >\"$2\"; shift; done;;\n";
  const std::string images = "image) case \"$*\" in *Digest*) echo sha256:" + std::string(64, 'd') + ";; *) echo " +
                             base_id() + ";; esac;;\n" + full_store();
  const Registry registry("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  const Host host(images + build, registry.address());
  const image::AgentsLock lock = newer_lock(host);
  const fs::path pinned = host.directory() / "XDG_STATE_HOME/agentbox/agents.lock.json";
  CHECK_THROWS_WITH(host.build(policy::default_base_image(), lock), Catch::Contains("404"));
  CHECK_FALSE(fs::exists(pinned));
  REQUIRE(downloaded(host) == lock);
  host.build(policy::default_base_image(), lock);
  CHECK(image::load_lock(host.directory() / "share") == lock);
  CHECK(fs::exists(pinned));
}

TEST_CASE("a kill at any call of Podman leaves the lock file as it was") {
  const std::string images = "image) case \"$*\" in *Digest*) echo sha256:" + std::string(64, 'd') + ";; *) echo " +
                             base_id() + ";; esac;;\n" + full_store();
  const std::string build =
      "build) while [ $# != 0 ]; do [ \"$1\" != --iidfile ] || echo sha256:" + std::string(64, 'b') +
      " >\"$2\"; shift; done;;\n";
  bool built = false;
  int step = 1;
  for (; !built && step < 100; ++step) {
    // `calls` has a line for each call, written before.
    const Host host("esac\n[ $(wc -l <\"${0%/*}/calls\") != " + std::to_string(step) +
                    " ] || { kill -9 $PPID; exit 1; }\ncase $1 in\n" + images + build);
    const image::AgentsLock lock = downloaded(host);
    const pid_t child = fork();
    if (child == 0) {
      try {
        host.build(policy::default_base_image(), lock);
        _exit(0);
      } catch (const std::exception&) {
        _exit(1);
      }
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    built = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    REQUIRE((built || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)));
    const bool changed = fs::exists(host.directory() / "XDG_STATE_HOME/agentbox/agents.lock.json");
    INFO(host.calls());
    // Podman's last calls tidy up after the lock file was written.
    CHECK((built ? changed
                 : !changed || host.calls().find("tag " + std::string(64, 'b') + " localhost/agentbox/agent:") !=
                                   std::string::npos));
  }
  CHECK(built);
  CHECK(step > 10);
}
