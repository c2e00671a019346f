// SPDX-License-Identifier: Apache-2.0
#include "image/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fstream>
#include <functional>
#include <sys/stat.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox::image;
using agentbox::support::Error;
using agentbox::support::ExitCode;
using agentbox::tests::TempDirectory;
namespace fs = std::filesystem;

namespace {

const PackageLayout k_layout{"package/", {}, {"voice/"}, "bin/agent"};

/// Writes gzipped tar files entry by entry.
class Tarball {
public:
  explicit Tarball(const fs::path& path) : m_archive(archive_write_new()) {
    archive_write_add_filter_gzip(m_archive);
    archive_write_set_format_pax_restricted(m_archive);
    archive_write_open_filename(m_archive, path.c_str());
  }
  Tarball(const Tarball&) = delete;
  Tarball& operator=(const Tarball&) = delete;
  Tarball(Tarball&&) = delete;
  Tarball& operator=(Tarball&&) = delete;
  ~Tarball() { archive_write_free(m_archive); }

  void add(const std::string& name, const std::string& content,
           const std::function<void(archive_entry*)>& change = {}) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0755);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    if (change) {
      change(entry);
    }
    archive_write_header(m_archive, entry);
    archive_write_data(m_archive, content.data(), content.size());
    archive_entry_free(entry);
  }

private:
  archive* m_archive;
};

/// Unpacks an honest package with one more entry; the exit code of the refusal, or nothing.
std::optional<ExitCode> refusal(const std::function<void(Tarball&)>& more, const UnpackLimits& limits = {}) {
  const TempDirectory directory;
  const fs::path path = directory.path() / "package.tgz";
  {
    Tarball tarball(path);
    tarball.add("package/bin/agent", "program");
    more(tarball);
  }
  fs::create_directory(directory.path() / "out");
  try {
    unpack_package(path, directory.path() / "out", k_layout, limits);
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

} // namespace

TEST_CASE("a package is unpacked: wanted files only, with plain modes") {
  const TempDirectory directory;
  const fs::path path = directory.path() / "package.tgz";
  {
    Tarball tarball(path);
    tarball.add("package/bin/agent", "program");
    tarball.add("package/data/file.json", "{}", [](archive_entry* e) { archive_entry_set_perm(e, 0600); });
    tarball.add("package/voice/lib.so", "unwanted");
    tarball.add("README.md", "outside the prefix");
  }
  const fs::path out = directory.path() / "out";
  fs::create_directory(out);
  unpack_package(path, out, k_layout);
  CHECK(agentbox::support::read_file(out / "bin/agent", 100) == "program");
  CHECK(fs::status(out / "bin/agent").permissions() == fs::perms(0755));
  CHECK(fs::status(out / "data/file.json").permissions() == fs::perms(0644));
  CHECK_FALSE(fs::exists(out / "voice"));
  CHECK_FALSE(fs::exists(out / "README.md"));
}

TEST_CASE("if the layout names files, only these are unpacked") {
  const TempDirectory directory;
  const fs::path path = directory.path() / "package.tgz";
  {
    Tarball tarball(path);
    tarball.add("package/agent", "program");
    tarball.add("package/postinstall.js", "unwanted");
  }
  const fs::path out = directory.path() / "out";
  fs::create_directory(out);
  unpack_package(path, out, {"package/", {"agent"}, {}, "agent"});
  CHECK(fs::exists(out / "agent"));
  CHECK_FALSE(fs::exists(out / "postinstall.js"));
}

TEST_CASE("a hostile package is refused as a whole") {
  CHECK_FALSE(refusal([](Tarball& t) { t.add("package/more", "x"); }));
  const auto named = [](const std::string& name) { return refusal([&](Tarball& t) { t.add(name, "x"); }); };
  for (const char* name :
       {"/etc/passwd", "../escape", "package/../../escape", "package/bin/../../../x", "package//x", "package/./x",
        "package/a b", "package/a\nb", "package/\x1b[0m", "package/a\\b", "elsewhere/../x"}) {
    INFO(name);
    CHECK(named(name) == ExitCode::refused);
  }
  CHECK(refusal([](Tarball& t) {
          t.add("package/link", "", [](archive_entry* e) {
            archive_entry_set_filetype(e, AE_IFLNK);
            archive_entry_set_symlink(e, "/etc");
          });
        }) == ExitCode::refused);
  CHECK(refusal([](Tarball& t) {
          t.add("package/hard", "", [](archive_entry* e) { archive_entry_set_hardlink(e, "package/bin/agent"); });
        }) == ExitCode::refused);
  CHECK(refusal([](Tarball& t) {
          t.add("package/device", "", [](archive_entry* e) { archive_entry_set_filetype(e, AE_IFCHR); });
        }) == ExitCode::refused);
  CHECK(refusal([](Tarball& t) {
          t.add("package/fifo", "", [](archive_entry* e) { archive_entry_set_filetype(e, AE_IFIFO); });
        }) == ExitCode::refused);
  CHECK(refusal([](Tarball& t) {
          t.add("package/setuid", "x", [](archive_entry* e) { archive_entry_set_perm(e, 04755); });
        }) == ExitCode::refused);
  CHECK(refusal([](Tarball& t) { t.add("package/bin/agent", "again"); }) == ExitCode::refused);
}

TEST_CASE("a package that is too large is refused before it fills the disk") {
  const auto more = [](Tarball& t) { t.add("package/large", std::string(5000, 'x')); };
  CHECK_FALSE(refusal(more, {6000, 10}));
  CHECK(refusal(more, {4000, 10}) == ExitCode::refused);
  CHECK(refusal(more, {6000, 1}) == ExitCode::refused);
}

TEST_CASE("a damaged package, or one without the program, fails") {
  const TempDirectory directory;
  const fs::path path = directory.path() / "package.tgz";
  { Tarball(path).add("package/other", std::string(100000, 'x')); }
  const fs::path out = directory.path() / "out";
  fs::create_directory(out);
  CHECK_THROWS_AS(unpack_package(path, out, k_layout), Error);
  fs::resize_file(path, fs::file_size(path) / 2);
  CHECK_THROWS_AS(unpack_package(path, out, k_layout), Error);
  std::ofstream(path) << "this is not an archive";
  CHECK_THROWS_AS(unpack_package(path, out, k_layout), Error);
}
