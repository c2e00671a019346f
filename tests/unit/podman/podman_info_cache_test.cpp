// SPDX-License-Identifier: Apache-2.0
// podman_info() with a stand-in for podman that counts its calls.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include "catch.hpp"
#include "podman/podman_info.hpp"
#include "support/file.hpp"

using namespace agentbox::podman;
namespace fs = std::filesystem;

namespace {

class Host {
public:
  Host() : m_root(fs::temp_directory_path() / ("agentbox-facts-" + std::to_string(getpid()))) {
    fs::create_directories(m_root / "cache");
    setenv("XDG_CACHE_HOME", (m_root / "cache").c_str(), 1);
    write_program("info-4.3.1.json");
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  Host(Host&&) = delete;
  Host& operator=(Host&&) = delete;
  ~Host() {
    unsetenv("XDG_CACHE_HOME");
    fs::remove_all(m_root);
  }

  void write_program(const std::string& fixture) const {
    std::ofstream(program()) << "#!/bin/sh\necho x >>" << (m_root / "calls").string() << "\ncat " << AGENTBOX_SOURCE_DIR
                             << "/tests/unit/podman/fixtures/" << fixture << "\n";
    chmod(program().c_str(), 0755);
  }
  fs::path program() const { return m_root / "podman"; }
  Podman podman() const { return {program(), {{"HOME", m_root.string()}}}; }
  std::uintmax_t calls() const { return fs::exists(m_root / "calls") ? fs::file_size(m_root / "calls") / 2 : 0; }
  fs::path cache() const { return m_root / "cache/agentbox/host.json"; }
  const fs::path& root() const { return m_root; }

private:
  fs::path m_root;
};

} // namespace

TEST_CASE("podman info runs once") {
  const Host host;
  const PodmanInfo first = podman_info(host.podman());
  CHECK(host.calls() == 1);
  CHECK(podman_info(host.podman()) == first);
  CHECK(host.calls() == 1);
}

TEST_CASE("podman info runs again for another podman program") {
  const Host host;
  CHECK(podman_info(host.podman()).podman == Version{4, 3, 1});
  host.write_program("info-5.4.2.json");
  CHECK(podman_info(host.podman()).podman == Version{5, 4, 2});
  CHECK(host.calls() == 2);
}

TEST_CASE("podman info runs again after a change of storage.conf") {
  const Host host;
  podman_info(host.podman());
  fs::create_directories(host.root() / ".config/containers");
  std::ofstream(host.root() / ".config/containers/storage.conf") << "[storage]\n";
  podman_info(host.podman());
  CHECK(host.calls() == 2);
}

TEST_CASE("podman info runs again for another store") {
  const Host host;
  podman_info(host.podman());
  podman_info(Podman{host.program(), {{"HOME", host.root().string()}, {"XDG_DATA_HOME", "/elsewhere"}}});
  CHECK(host.calls() == 2);
}

TEST_CASE("a damaged cache is ignored") {
  const Host host;
  podman_info(host.podman());
  std::ofstream(host.cache()) << "{\"key\": 1";
  CHECK(podman_info(host.podman()).podman == Version{4, 3, 1});
  CHECK(host.calls() == 2);
}
