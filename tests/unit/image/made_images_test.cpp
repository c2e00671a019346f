// SPDX-License-Identifier: Apache-2.0
#include "image/made_images.hpp"

#include <sys/stat.h>

#include "catch.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
namespace fs = std::filesystem;

namespace {

const std::string k_a(64, 'a');
const std::string k_b(64, 'b');

/// The files of a Podman image store, and a stand-in for podman that always fails.
class Pins {
public:
  Pins() {
    m_info.graph_driver = "overlay";
    m_info.graph_root = m_directory / "storage";
    fs::permissions(m_directory.write("podman", "#!/bin/sh\nexit 125\n"), fs::perms::owner_all);
  }

  std::string store(const std::string& id, const std::string& annotations = "{}", const std::string& config = "") {
    const std::string manifest = R"({"config": {"digest": "sha256:)" + (config.empty() ? id : config) +
                                 R"("}, "annotations": )" + annotations + "}";
    m_directory.write("storage/overlay-images/" + id + "/manifest", manifest);
    return support::sha256_hex(manifest);
  }
  void remove(const std::string& id) { fs::remove_all(m_info.graph_root / ("overlay-images/" + id)); }

  /// Returns "yes", "no", or the exception's message.
  std::string has(const std::string& id, const std::string& tag = "agent:1") const {
    try {
      return images().has(id, tag) ? "yes" : "no";
    } catch (const support::Error& error) {
      CHECK(error.code() == support::ExitCode::refused);
      return error.what();
    }
  }
  std::string pin(const std::string& id, const std::optional<std::string>& digest = std::nullopt) const {
    try {
      images().pin(id, "agent:1", digest);
      return "pinned";
    } catch (const support::Error& error) {
      CHECK(error.code() == support::ExitCode::refused);
      return error.what();
    }
  }
  fs::path file() const { return m_directory / "state/manifests.json"; }
  const tests::TempDirectory& directory() const { return m_directory; }
  bool knows(const std::string& id) const { return images().knows(id); }
  void pin_pulled(const std::string& id) const { images().pin_pulled(id, "agent:1"); }

private:
  image::MadeImages images() const { return {m_podman, m_info, file()}; }

  tests::TempDirectory m_directory;
  podman::Podman m_podman{m_directory / "podman", {}};
  podman::PodmanInfo m_info;
};

} // namespace

TEST_CASE("an image is used if it was pinned after its build and has the same manifest") {
  Pins pins;
  pins.store(k_a);
  pins.store(k_b);
  CHECK(pins.has(k_a) == "no"); // checking an image does not pin it
  CHECK(pins.has(k_a) == "no");
  CHECK(pins.pin(k_a) == "pinned");
  CHECK(pins.has(k_a) == "yes");
  CHECK(pins.has(k_b) == "no");
  pins.store(k_a, R"({"run.oci.seccomp_bpf_data": "AAAA"})");
  CHECK_THAT(pins.has(k_a), Catch::Contains("has a different manifest than when it was built"));
  pins.store(k_a, R"({"org.opencontainers.image.created": "now"})");
  CHECK(pins.pin(k_a) == "pinned"); // built again
  CHECK(pins.has(k_a) == "yes");
  pins.remove(k_a);
  CHECK(pins.has(k_a) == "no");
  struct stat info {};
  REQUIRE(stat(pins.file().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
}

TEST_CASE("a pinned image under another name of ours is not used") {
  Pins pins;
  pins.store(k_a);
  CHECK(pins.pin(k_a) == "pinned");
  CHECK(pins.has(k_a, "agent:1") == "yes");
  CHECK(pins.has(k_a, "agent:2") == "no");
}

TEST_CASE("an image is recognized by any of its names, and one that was built elsewhere is not") {
  Pins pins;
  pins.store(k_a);
  CHECK(pins.pin(k_a) == "pinned");
  CHECK(pins.knows(k_a));
  CHECK_FALSE(pins.knows(k_b));
}

TEST_CASE("a pin without a name, as older versions wrote it, counts as missing") {
  Pins pins;
  pins.directory().write("state/manifests.json", R"({")" + k_a + R"(": "sha256:)" + pins.store(k_a) + R"("})");
  CHECK(pins.has(k_a) == "no");
}

TEST_CASE("a base that was pulled may have another manifest") {
  Pins pins;
  pins.store(k_a, R"({"com.docker.official-images.bashbrew.arch": "amd64"})");
  CHECK(pins.has(k_a) == "no");
  pins.pin_pulled(k_a);
  CHECK(pins.has(k_a) == "yes");
  pins.store(k_a);
  CHECK(pins.has(k_a) == "yes");
  pins.remove(k_a);
  CHECK(pins.has(k_a) == "no");
}

TEST_CASE("an image that the build did not make is not pinned") {
  Pins pins;
  CHECK_THAT(pins.pin(k_a), Catch::Contains("was replaced while it was loaded"));
  pins.store(k_a, R"({"run.oci.seccomp_bpf_data": "AAAA"})");
  CHECK_THAT(pins.pin(k_a), Catch::Contains("run.oci.seccomp_bpf_data"));
  pins.store(k_a, "{}", k_b);
  CHECK_THAT(pins.pin(k_a), Catch::Contains("the manifest of another image"));
  const std::string digest = pins.store(k_a);
  CHECK_THAT(pins.pin(k_a, k_b), Catch::Contains("was replaced while it was loaded"));
  CHECK(pins.has(k_a) == "no");
  CHECK_FALSE(fs::exists(pins.file()));
  CHECK(pins.pin(k_a, digest) == "pinned");
}

TEST_CASE("a damaged file of pins counts as empty") {
  Pins pins;
  pins.store(k_a);
  CHECK(pins.pin(k_a) == "pinned");
  pins.directory().write("state/manifests.json", "[1");
  CHECK(pins.has(k_a) == "no");
  CHECK(pins.pin(k_a) == "pinned");
  CHECK(pins.has(k_a) == "yes");
}
