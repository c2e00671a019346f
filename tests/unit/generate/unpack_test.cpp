// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <fstream>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "catch.hpp"
#include "oci/bundle/layout.hpp"
#include "support/digest.hpp"
#include "support/file.hpp"
#include "tar.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox {
namespace {

namespace fs = std::filesystem;
namespace bundle = oci::bundle;
using support::ExitCode;
using tests::contains;
using tests::error_of;
using tests::make_tar;
using tests::ScratchFolder;
using tests::TarEntry;

constexpr std::size_t k_max = 1U << 20U;

/// A root filesystem below a folder of its own, with a bystander beside it that must never change.
struct World {
  World() {
    fs::create_directory(root);
    std::ofstream(bystander) << "untouched";
    fs::create_directory(folder.path() / "outside");
  }
  void unpack_tar(const std::string& layer, bundle::UnpackLimits limits = {}) {
    bundle::Rootfs rootfs(root, {}, {});
    std::size_t at = 0;
    const bundle::ReadBytes read = [&](char* buffer, std::size_t size) {
      const std::size_t count = std::min({size, layer.size() - at, std::size_t{4096}});
      std::copy_n(layer.data() + at, count, buffer);
      at += count;
      return count;
    };
    bundle::unpack_layer(read, layer.size(), rootfs, limits, progress);
  }
  void unpack(const std::vector<TarEntry>& entries) { unpack_tar(make_tar(entries)); }
  std::string refusal(const std::vector<TarEntry>& entries) {
    const std::string layer = make_tar(entries);
    const std::string message = error_of([&] { unpack_tar(layer); });
    CHECK(support::read_file(bystander, k_max) == "untouched");
    CHECK(fs::is_empty(folder.path() / "outside"));
    return message;
  }
  std::string read(const std::string& path) const { return support::read_file(root / path, k_max); }
  bool has(const std::string& path) const { return fs::exists(fs::symlink_status(root / path)); }

  ScratchFolder folder;
  fs::path root = folder.path() / "root";
  fs::path bystander = folder.path() / "bystander";
  bundle::UnpackProgress progress;
};

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

TEST_CASE("files, folders, links, modes, times and attributes arrive as they were") {
  World world;
  const bool gzip = GENERATE(false, true);
  world.unpack_tar(make_tar({{"./", AE_IFDIR, "", 0755},
                             {"./usr/bin/", AE_IFDIR, "", 0755},
                             {"./usr/bin/tool", AE_IFREG, "content", 04755, "", 0, 0, 0, 0, {{"user.note", "x"}}},
                             {"usr/bin/alias", AE_IFLNK, "tool"},
                             {"usr/bin/same", AE_IFREG, "", 0644, "./usr/bin/tool"},
                             {"deep/er/file", AE_IFREG, std::string(300000, 'z')},
                             {"away", AE_IFLNK, "/etc/passwd"}},
                            gzip));
  CHECK(world.read("usr/bin/tool") == "content");
  CHECK(mode_of(world.root / "usr/bin/tool") == 04755);
  CHECK(fs::read_symlink(world.root / "usr/bin/alias") == "tool");
  CHECK(fs::hard_link_count(world.root / "usr/bin/same") == 2);
  CHECK(world.read("deep/er/file").size() == 300000);
  CHECK(fs::read_symlink(world.root / "away") == "/etc/passwd");
  struct stat info {};
  REQUIRE(stat((world.root / "deep/er/file").c_str(), &info) == 0);
  CHECK(info.st_mtime == 1000);
  std::array<char, 8> value{};
  if (getxattr((world.root / "usr/bin/tool").c_str(), "user.note", value.data(), value.size()) < 0) {
    CHECK(errno == EOPNOTSUPP); // a tmpfs without user attributes
  } else {
    CHECK(value[0] == 'x');
  }
}

TEST_CASE("a layer changes the ones below: replaced, hidden, and opaque") {
  World world;
  world.unpack({{"a/keep", AE_IFREG, "1"},
                {"a/drop", AE_IFREG, "1"},
                {"a/tree/x", AE_IFREG, "1"},
                {"b/x/y", AE_IFREG, "1"},
                {"b/z", AE_IFREG, "1"},
                {"c", AE_IFREG, "file"},
                {"d/in", AE_IFREG, "1"},
                {"e", AE_IFLNK, "a"}});
  world.unpack({{"a/.wh.drop"},
                {"a/.wh.tree"},
                {"b/new", AE_IFREG, "2"},
                {"b/.wh..wh..opq"},
                {"b/after", AE_IFREG, "2"},
                {"c/", AE_IFDIR, "", 0700},
                {"c/now", AE_IFREG, "folder"},
                {"d", AE_IFREG, "file"},
                {"e", AE_IFREG, "no link"},
                {"g", AE_IFREG, "mine"},
                {".wh.g"},
                {".wh.absent"},
                {"h/.wh..wh..opq"}});
  CHECK(world.has("a/keep"));
  CHECK_FALSE(world.has("a/drop"));
  CHECK_FALSE(world.has("a/tree"));
  CHECK_FALSE(world.has("b/x"));
  CHECK_FALSE(world.has("b/z"));
  CHECK(world.read("b/new") == "2"); // of this layer, though it came before the marker
  CHECK(world.read("b/after") == "2");
  CHECK(world.read("c/now") == "folder");
  CHECK(world.read("d") == "file");
  CHECK(world.read("e") == "no link");
  CHECK(world.read("a/keep") == "1"); // not through the link that `e` was
  CHECK(world.read("g") == "mine");
}

TEST_CASE("a folder that was removed can come back in the same layer and the next") {
  World world;
  world.unpack({{"a/b/c/one", AE_IFREG, "1"}});
  world.unpack({{"a/b/c/two", AE_IFREG, "2"}, {"a/.wh.b"}});
  CHECK(world.has("a/b/c/two"));
  world.unpack({{"a/.wh.b"}});
  CHECK_FALSE(world.has("a/b"));
  world.unpack({{"a/b/c/three", AE_IFREG, "3"}});
  CHECK(world.read("a/b/c/three") == "3");
  CHECK_FALSE(world.has("a/b/c/one"));
}

TEST_CASE("hostile entries are refused by name, and nothing outside is touched") {
  const auto refusal = [](const std::vector<TarEntry>& entries) { return World().refusal(entries); };
  const fs::path outside = fs::temp_directory_path();
  CHECK(contains(refusal({{"/etc/evil", AE_IFREG, "x"}}), "\"/etc/evil\": its path is absolute"));
  CHECK(contains(refusal({{"../bystander", AE_IFREG, "x"}}), "leads out"));
  CHECK(contains(refusal({{"a/../../bystander", AE_IFREG, "x"}}), "leads out"));
  CHECK(contains(refusal({{"a/..", AE_IFDIR}}), "leads out"));
  CHECK(contains(refusal({{"link", AE_IFLNK, "../outside"}, {"link/evil", AE_IFREG, "x"}}), "\"link\""));
  CHECK(contains(refusal({{"link", AE_IFLNK, outside.string()}, {"link/evil", AE_IFREG, "x"}}), "\"link\""));
  CHECK(contains(refusal({{"a/link", AE_IFLNK, "../../outside"}, {"a/link/deep/evil", AE_IFREG, "x"}}), "a/link"));
  CHECK(contains(refusal({{"link", AE_IFLNK, "../bystander"}, {"hard", AE_IFREG, "", 0644, "link/x"}}), "link"));
  CHECK(contains(refusal({{"hard", AE_IFREG, "", 0644, "../bystander"}}), "leads out"));
  CHECK(contains(refusal({{"hard", AE_IFREG, "", 0644, "/etc/passwd"}}), "absolute"));
  CHECK(contains(refusal({{"hard", AE_IFREG, "", 0644, "missing"}}), "not there"));
  CHECK(contains(refusal({{"d/", AE_IFDIR}, {"hard", AE_IFREG, "", 0644, "d"}}), "folder"));
  CHECK(contains(refusal({{"dev/sda", AE_IFBLK, "", 0644, "", 0, 0, 8, 0}}), "\"dev/sda\": it is a device"));
  CHECK(contains(refusal({{"dev/mem", AE_IFCHR, "", 0644, "", 0, 0, 1, 1}}), "device"));
  CHECK(contains(refusal({{"dev/null", AE_IFCHR, "", 0644, "", 0, 0, 1, 1}}), "device")); // it says null and means mem
  CHECK(contains(refusal({{"null", AE_IFCHR, "", 0644, "", 0, 0, 1, 3}}), "device"));
  CHECK(contains(refusal({{"big", AE_IFREG, "", 0644, "", 0, 0, 0, 0, {}, 1LL << 30}}),
                 "\"big\": it is a sparse file of 1073741824 bytes"));
  CHECK(contains(refusal({{"f", AE_IFREG, "x", 0644, "", 0, 0, 0, 0, {{"trusted.note", "y"}}}}), "trusted.note"));
  CHECK(contains(refusal({{".wh."}}), "whiteout"));
  CHECK(contains(refusal({{"a/.wh..."}}), "whiteout"));
  CHECK(contains(refusal({{".wh..wh.plnk", AE_IFDIR}}), "whiteout"));
  std::string deep;
  for (int i = 0; i < 200; ++i) {
    deep += "d/";
  }
  CHECK(contains(refusal({{deep + "f", AE_IFREG, "x"}}), "128 folders"));
  CHECK(contains(refusal({{std::string(300, 'n'), AE_IFREG, "x"}}), "255 bytes"));
}

TEST_CASE("attributes that steer an overlay filesystem are left out") {
  World world;
  world.unpack({{"f", AE_IFREG, "x", 0644, "", 0, 0, 0, 0, {{"user.overlay.redirect", "/"}, {"user.note", "kept"}}},
                {"g", AE_IFREG, "x", 0644, "", 0, 0, 0, 0, {{"trusted.overlay.opaque", "y"}}}});
  std::array<char, 8> value{};
  CHECK(getxattr((world.root / "f").c_str(), "user.overlay.redirect", value.data(), value.size()) < 0);
}

TEST_CASE("whiteouts do not reach through links either") {
  World world;
  world.unpack({{"link", AE_IFLNK, "../outside"}});
  std::ofstream(world.folder.path() / "outside" / "file") << "x";
  CHECK(contains(error_of([&] { world.unpack({{"link/.wh.file"}}); }), "link"));
  CHECK(contains(error_of([&] { world.unpack({{"link/.wh..wh..opq"}}); }), "link"));
  CHECK(fs::exists(world.folder.path() / "outside" / "file"));
  world.unpack({{".wh.link"}}); // the link itself may go
  CHECK_FALSE(world.has("link"));
  CHECK(fs::exists(world.folder.path() / "outside" / "file"));
}

TEST_CASE("honest sisters of the hostile entries pass") {
  World world;
  world.unpack({{"dev/null", AE_IFCHR, "", 0666, "", 0, 0, 1, 3},
                {"dev/console", AE_IFCHR, "", 0600, "", 0, 0, 5, 1},
                {"run/pipe", AE_IFIFO, "", 0600},
                {"log", AE_IFREG, "", 0644, "", 0, 0, 0, 0, {}, 1LL << 20},
                {"f", AE_IFREG, "x", 0644, "", 0, 0, 0, 0, {{"security.selinux", "label"}}},
                {"..x/...", AE_IFREG, "dots"}});
  CHECK_FALSE(world.has("dev/null")); // the runtime makes it
  CHECK(fs::is_fifo(world.root / "run/pipe"));
  CHECK(fs::file_size(world.root / "log") == 1U << 20U);
  CHECK(world.read("..x/...") == "dots");
}

TEST_CASE("the bounds hold") {
  const std::string layer =
      make_tar({{"a", AE_IFREG, std::string(2000, 'x')}, {"b", AE_IFREG, std::string(2000, 'x')}});
  const auto refusal = [&](bundle::UnpackLimits limits) {
    return error_of([&] { World().unpack_tar(layer, limits); });
  };
  CHECK(refusal({}).empty());
  bundle::UnpackLimits limits;
  limits.bytes = 3000;
  CHECK(contains(refusal(limits), "\"b\""));
  limits = {};
  limits.file_bytes = 1000;
  CHECK(contains(refusal(limits), "\"a\""));
  limits = {};
  limits.entries = 1;
  CHECK(contains(refusal(limits), "entries"));
  const std::string bomb = make_tar({{"zeros", AE_IFREG, std::string(8U << 20U, '\0')}}, true);
  limits = {};
  limits.ratio_free = 1U << 20U;
  CHECK(contains(error_of([&] { World().unpack_tar(bomb, limits); }), "times its size"));
  CHECK(error_of([&] { World().unpack_tar(bomb); }).empty());
}

TEST_CASE("a damaged layer is an error") {
  const std::string layer = make_tar({{"a", AE_IFREG, std::string(100000, 'x')}});
  CHECK_FALSE(error_of([&] { World().unpack_tar(layer.substr(0, layer.size() / 2)); }, ExitCode::failed).empty());
  CHECK_FALSE(
      error_of([&] { World().unpack_tar("this is no archive at all, but long enough to look at"); }, ExitCode::failed)
          .empty());
}

/// An OCI image layout with these layers.
struct Layout {
  explicit Layout(const std::vector<std::string>& layers) {
    fs::create_directories(folder.path() / "blobs/sha256");
    nlohmann::json manifest = {{"schemaVersion", 2}, {"layers", nlohmann::json::array()}};
    for (const std::string& layer : layers) {
      manifest["layers"].push_back(
          {{"mediaType", "application/vnd.oci.image.layer.v1.tar"}, {"digest", blob(layer)}, {"size", layer.size()}});
    }
    index = {{"schemaVersion", 2},
             {"manifests",
              {{{"mediaType", "application/vnd.oci.image.manifest.v1+json"}, {"digest", blob(manifest.dump())}}}}};
    write_index();
  }
  std::string blob(const std::string& content) const {
    const std::string hex = support::sha256_hex(content);
    support::write_file(folder.path() / "blobs/sha256" / hex, content);
    return "sha256:" + hex;
  }
  void write_index() const { support::write_file(folder.path() / "index.json", index.dump()); }
  std::string unpack() const {
    World world;
    return error_of([&] {
      bundle::Rootfs rootfs(world.root, {}, {});
      bundle::unpack_image(folder.path(), rootfs, {});
    });
  }
  ScratchFolder folder;
  nlohmann::json index;
};

TEST_CASE("an image layout is unpacked layer by layer, and its digests are checked") {
  const std::string layer = make_tar({{"a", AE_IFREG, "1"}});
  Layout good({layer, make_tar({{".wh.a"}, {"b", AE_IFREG, "2"}})});
  CHECK(good.unpack().empty());
  support::write_file(good.folder.path() / "blobs/sha256" / support::sha256_hex(layer),
                      make_tar({{"a", AE_IFREG, "9"}}));
  CHECK(contains(good.unpack(), "another digest"));

  Layout escaping({layer});
  escaping.index["manifests"][0]["digest"] = "sha256:../../../../etc/passwd";
  escaping.write_index();
  CHECK(contains(escaping.unpack(), "no SHA-256"));
  Layout foreign({layer});
  foreign.index["manifests"].push_back(foreign.index["manifests"][0]);
  foreign.write_index();
  CHECK(contains(foreign.unpack(), "no image for"));
  Layout empty({});
  CHECK(contains(empty.unpack(), "0 layers"));
}

} // namespace
} // namespace agentbox
