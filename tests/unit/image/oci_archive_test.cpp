// SPDX-License-Identifier: Apache-2.0
#include "image/oci_archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "catch.hpp"
#include "support/digest.hpp"
#include "temp_directory.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::image {
namespace {

using nlohmann::json;
using tests::contains;
using tests::error_of;
using tests::TempDirectory;

struct Member {
  std::string content;
  unsigned type = 0;
  unsigned mode = 0;
  std::int64_t mtime = 0;
  std::int64_t owner = 0;
};

std::map<std::string, Member> members(const std::string& tar) {
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(reader.get());
  REQUIRE(archive_read_open_memory(reader.get(), tar.data(), tar.size()) == ARCHIVE_OK);
  std::map<std::string, Member> result;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    Member member{std::string(static_cast<std::size_t>(archive_entry_size(entry)), '\0'), archive_entry_filetype(entry),
                  archive_entry_perm(entry), archive_entry_mtime(entry),
                  archive_entry_uid(entry) + archive_entry_gid(entry)};
    archive_read_data(reader.get(), member.content.data(), member.content.size());
    result[archive_entry_pathname(entry)] = member;
  }
  return result;
}

constexpr std::size_t k_max = 64U << 20U;

std::vector<ImageEntry> entries(const TempDirectory& directory) {
  const auto source = directory.write("program", "#!bytes");
  return {{"/program", 0755, ImageEntry::Copy{source}},
          {"/etc/passwd", 0644, ImageEntry::Text{"a:x:1000:1000::/:/\n"}},
          {"/run/empty", 0700, ImageEntry::Directory{}}};
}

ImageConfig config() {
  ImageConfig result;
  result.arch = oci::seccomp::Arch::x86_64;
  result.entrypoint = {"/program"};
  result.user = "1000:1000";
  result.labels = {{"a", "b"}};
  return result;
}

TEST_CASE("an image archive is a consistent OCI layout") {
  const TempDirectory directory;
  const ImageArchive image = write_image_archive(directory / "image.tar", entries(directory), config());
  auto files = members(support::read_file(directory / "image.tar", k_max));
  CHECK(json::parse(files.at("oci-layout").content).at("imageLayoutVersion") == "1.0.0");
  const json index = json::parse(files.at("index.json").content);
  CHECK(index.at("manifests").at(0).at("digest") == "sha256:" + image.digest);
  for (const auto& [path, member] : files) {
    if (path.starts_with("blobs/sha256/")) {
      CHECK(path == "blobs/sha256/" + support::sha256_hex(member.content));
    }
  }
  const json manifest = json::parse(files.at("blobs/sha256/" + image.digest).content);
  CHECK(manifest.at("config").at("digest") == "sha256:" + image.id);
  const json& layer = manifest.at("layers").at(0);
  const json settings = json::parse(files.at("blobs/sha256/" + image.id).content);
  CHECK(settings.at("rootfs").at("diff_ids").at(0) == layer.at("digest"));
  CHECK(settings.at("config").at("User") == "1000:1000");
  CHECK(settings.at("config").at("Entrypoint") == json::array({"/program"}));
  CHECK(settings.at("architecture") == "amd64");
  CHECK(layer.at("size") == image.layer_bytes);
}

TEST_CASE("the layer holds the requested entries, owned by root, without times") {
  const TempDirectory directory;
  const ImageArchive image = write_image_archive(directory / "image.tar", entries(directory), config());
  auto files = members(support::read_file(directory / "image.tar", k_max));
  const json manifest = json::parse(files.at("blobs/sha256/" + image.digest).content);
  auto layer = members(
      files.at("blobs/sha256/" + manifest.at("layers").at(0).at("digest").get<std::string>().substr(7)).content);
  CHECK(layer.size() == 5);
  CHECK(layer.at("program").content == "#!bytes");
  CHECK(layer.at("program").mode == 0755);
  CHECK(layer.at("run/empty/").mode == 0700);
  CHECK(layer.at("etc/").type == S_IFDIR);
  for (const auto& [path, member] : layer) {
    CHECK(member.mtime == 0);
    CHECK(member.owner == 0);
  }
}

TEST_CASE("the same input gives the same archive, whatever its order and age") {
  const TempDirectory directory;
  auto reversed = entries(directory);
  const auto first = write_image_archive(directory / "a.tar", reversed, config());
  std::reverse(reversed.begin(), reversed.end());
  std::filesystem::last_write_time(directory / "program",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(5));
  const auto second = write_image_archive(directory / "b.tar", reversed, config());
  CHECK(first.id == second.id);
  CHECK(support::read_file(directory / "a.tar", k_max) == support::read_file(directory / "b.tar", k_max));
  directory.write("program", "#!other");
  CHECK(write_image_archive(directory / "c.tar", reversed, config()).id != first.id);
}

TEST_CASE("bad entries are refused and nothing is written") {
  const TempDirectory directory;
  const auto problem = [&](ImageEntry entry) {
    return error_of(
        [&] {
          write_image_archive(directory / "x.tar", {{"/a", 0644, ImageEntry::Text{}}, entry}, config());
        },
        support::ExitCode::failed);
  };
  CHECK(contains(problem({"/a", 0644, ImageEntry::Text{}}), "twice"));
  CHECK(contains(problem({"b", 0644, ImageEntry::Text{}}), "\"b\""));
  CHECK(contains(problem({"/../b", 0644, ImageEntry::Text{}}), "not a valid path"));
  CHECK(contains(problem({"/b/", 0644, ImageEntry::Text{}}), "not a valid path"));
  CHECK(contains(problem({"/", 0644, ImageEntry::Text{}}), "not a valid path"));
  CHECK(contains(problem({"/b", 0644, ImageEntry::Copy{directory / "missing"}}), "missing"));
  CHECK(contains(problem({"/b", 0644, ImageEntry::Copy{directory.path()}}), "regular"));
  CHECK_FALSE(std::filesystem::exists(directory / "x.tar"));
  CHECK(problem({"/b", 0644, ImageEntry::Text{}}).empty());
}

} // namespace
} // namespace agentbox::image
