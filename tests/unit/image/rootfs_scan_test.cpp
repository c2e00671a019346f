// SPDX-License-Identifier: Apache-2.0
// Archives are written by libarchive, or by hand where libarchive would not write what is tested.
#include "image/rootfs_scan.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
namespace fs = std::filesystem;

namespace {

// Concatenated, so that scanners of repositories do not report this file.
const std::string k_key = std::string("-----BEGIN OPENSSH PRIV") + "ATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n";

struct Member {
  std::string name;
  std::string content = "x";
  std::string hard_link = {};
  std::string symbolic_link = {};
};

class RootfsArchive {
public:
  explicit RootfsArchive(const std::string& file = "base.tar", int filter = ARCHIVE_FILTER_NONE)
      : m_path(m_directory / file), m_writer(archive_write_new()) {
    archive_write_add_filter(m_writer, filter);
    archive_write_set_format_pax(m_writer);
    archive_write_set_options(m_writer, "hdrcharset=BINARY");
    REQUIRE(archive_write_open_filename(m_writer, m_path.c_str()) == ARCHIVE_OK);
  }
  RootfsArchive(const RootfsArchive&) = delete;
  RootfsArchive& operator=(const RootfsArchive&) = delete;
  RootfsArchive(RootfsArchive&&) = delete;
  RootfsArchive& operator=(RootfsArchive&&) = delete;
  ~RootfsArchive() { archive_write_free(m_writer); }

  RootfsArchive& add(const Member& member) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.name.c_str());
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_filetype(entry, AE_IFREG);
    if (!member.hard_link.empty()) {
      archive_entry_set_hardlink(entry, member.hard_link.c_str());
    } else if (!member.symbolic_link.empty()) {
      archive_entry_set_filetype(entry, AE_IFLNK);
      archive_entry_set_symlink(entry, member.symbolic_link.c_str());
    } else {
      archive_entry_set_size(entry, static_cast<la_int64_t>(member.content.size()));
    }
    REQUIRE(archive_write_header(m_writer, entry) == ARCHIVE_OK);
    archive_write_data(m_writer, member.content.data(), member.content.size());
    archive_entry_free(entry);
    return *this;
  }

  /// Returns what the scan throws; "" when it accepts.
  std::string refusal() {
    archive_write_close(m_writer);
    return refusal_of(m_path);
  }

  static std::string refusal_of(const fs::path& archive) {
    try {
      image::refuse_credentials_in_rootfs(archive, "tar:base");
    } catch (const support::Error& error) {
      CHECK((error.code() == support::ExitCode::refused || error.code() == support::ExitCode::usage));
      return error.what();
    }
    return "";
  }

  const tests::TempDirectory& directory() const { return m_directory; }

private:
  tests::TempDirectory m_directory;
  fs::path m_path;
  archive* m_writer;
};

std::string refusal_of(const Member& member) {
  return RootfsArchive().add({"root/.bashrc"}).add(member).refusal();
}

} // namespace

TEST_CASE("an ordinary root filesystem is accepted") {
  CHECK(RootfsArchive()
            .add({"./bin", "", "", "usr/bin"})
            .add({"./root/.bashrc", "export PATH"})
            .add({"./usr/share/doc/sample/id_rsa", k_key})
            .add({"./usr/lib/python3/test/key.pem", k_key})
            .add({"./etc/ssh/ssh_config"})
            .add({"./etc/ssl/private/ssl-cert-snakeoil.key", k_key})
            .add({"./etc/pacman.d/gnupg/private-keys-v1.d/1.key"})
            .add({"./var/lib/unbound/root.key"})
            .add({"./home/me/.cache/uv/x", "", "./usr/lib/python3/test/x"})
            .refusal()
            .empty());
}

TEST_CASE("credentials are found by their names, however the archive writes them") {
  const std::string name =
      GENERATE("root/.ssh/id_ed25519", "./root/.ssh/id_ed25519", "/root/.ssh/id_ed25519", "usr/../root//.ssh/./id_rsa",
               "home/me/.netrc", "var/home/me/.aws/credentials", "srv/x/server.key", "etc/ssh/ssh_host_rsa_key",
               "var/lib/app/.ssh/id_rsa", "opt/app/.env", "home/\xff\xfe/id_rsa", "home/\xc3\xa4/id_rsa");
  INFO(name);
  CHECK_THAT(refusal_of({name}), Catch::Contains("looks like a credential"));
  CHECK_THAT(refusal_of({name, "", "usr/x"}), Catch::Contains("looks like a credential"));
  CHECK_THAT(refusal_of({name, "", "", "/usr/x"}), Catch::Contains("looks like a credential"));
}

TEST_CASE("keys in homes and data are found by their content, in files of any size") {
  const std::string filler(3U << 20U, '.');
  CHECK_THAT(refusal_of({"home/me/notes", k_key}), Catch::Contains("a private key: /home/me/notes"));
  CHECK_THAT(refusal_of({"srv/blob", filler + "\n" + k_key + filler}), Catch::Contains("a private key: /srv/blob"));
  for (const std::size_t cut : {65536U, 262144U}) { // a key across a boundary of the reader's blocks
    CHECK_THAT(refusal_of({"root/log", std::string(cut - 40, '.') + k_key}), Catch::Contains("a private key"));
  }
  CHECK(refusal_of({"srv/blob", filler}).empty());
}

TEST_CASE("keys are found where packages are installed, but not in what packages publish") {
  const std::string program =
      GENERATE("usr/lib/app/key.pem", "usr/local/etc/app/config", "usr/local/lib/app/tests/x.pem", "usr/share/x",
               "usr/bin/x", "lib/x", "opt/x", "etc/ssl/private/x.pem", "var/lib/x", "nix/store/x");
  INFO(program);
  CHECK_THAT(refusal_of({program, k_key}), Catch::Contains("a private key: /" + program));
  CHECK_THAT(refusal_of({program, std::string("glpat") + "-0123456789abcdefghij"}), Catch::Contains("a GitLab token"));
  const std::string published = GENERATE(
      "usr/lib/python3.11/test/keycert.pem", "usr/lib/x86_64-linux-gnu/libgnutls.so.30", "usr/share/doc/x/rsakey.pem",
      "usr/lib/python3/dist-packages/PyJWT-2.6.0.egg-info/PKG-INFO", "usr/local/lib/node_modules/npm/docs/npmrc.md");
  INFO(published);
  CHECK(refusal_of({published, k_key}).empty());
}

TEST_CASE("addresses with a password are found in configuration, and nowhere else") {
  const std::string pip = std::string("[global]\nindex-url = https://user:") + "t0ken@pypi.example.com/simple\n";
  const std::string git = std::string("[http]\n\textraheader = AUTHORIZATION: basic ") + "eC1hY2Nlc3M6dG9rZW4=\n";
  for (const char* path : {"root/.config/pip/pip.conf", "etc/pip.conf", "home/me/.gitconfig", "srv/x/.git/config",
                           "etc/apt/sources.list", "etc/environment"}) {
    INFO(path);
    CHECK_THAT(refusal_of({path, pip}), Catch::Contains("an address with a password"));
    CHECK_THAT(refusal_of({path, git}), Catch::Contains("an HTTP header"));
    CHECK(refusal_of({path, "https://user@example.com https://user:${TOKEN}@example.com"}).empty());
  }
  CHECK(refusal_of({"home/me/README", pip}).empty());
  CHECK_THAT(refusal_of({"etc/apt/auth.conf.d/x.conf"}), Catch::Contains("looks like a credential"));
}

TEST_CASE("a hard link from elsewhere to a published file has that file's content searched, even through other links") {
  const std::string sample = "usr/share/doc/x";
  CHECK(RootfsArchive().add({sample, k_key}).add({"usr/share/doc/y", "", sample}).refusal().empty());
  CHECK_THAT(RootfsArchive().add({sample, k_key}).add({"home/me/x", "", sample}).refusal(),
             Catch::Contains("a private key: /" + sample));
  CHECK_THAT(RootfsArchive()
                 .add({sample, k_key})
                 .add({"usr/share/doc/y", "", sample})
                 .add({"usr/share/doc/z", "", "usr/share/doc/y"})
                 .add({"home/me/x", "", "usr/share/doc/z"})
                 .refusal(),
             Catch::Contains("a private key: /" + sample));
  CHECK(RootfsArchive().add({"home/a", "", "home/b"}).add({"home/b", "", "home/a"}).refusal().empty());
}

TEST_CASE("an entry below a symbolic link is refused: it would be extracted elsewhere") {
  CHECK_THAT(RootfsArchive().add({"usr/a", "", "", "/root"}).add({"usr/a/.ssh/id_rsa"}).refusal(),
             Catch::Contains("below a symbolic link: /usr/a/.ssh/id_rsa"));
}

TEST_CASE("compressed archives are scanned") {
  for (const int filter : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD}) {
    INFO(filter);
    CHECK_THAT(RootfsArchive("base.tar", filter).add({"root/.netrc"}).refusal(), Catch::Contains("/root/.netrc"));
  }
}

TEST_CASE("a warning of the reader does not end the scan") {
  // A pax header with a malformed attribute before an ordinary entry: libarchive warns and continues.
  const tests::TempDirectory directory;
  const auto make = [&](const std::string& script) {
    const std::string command = "cd '" + directory.path().string() + "' && python3 -c '" + script + "'";
    return std::system(command.c_str()); // NOLINT(concurrency-mt-unsafe): a test
  };
  REQUIRE(make("import tarfile, io\n"
               "with tarfile.open(\"base.tar\", \"w\", format=tarfile.PAX_FORMAT) as tar:\n"
               "    for name in (\"etc/hostname\", \"root/.ssh/id_rsa\"):\n"
               "        member = tarfile.TarInfo(name)\n"
               "        member.pax_headers = {\"SCHILY.acl.access\": \"nonsense\", \"LIBARCHIVE.xattr.x\": \"%%%\"}\n"
               "        tar.addfile(member, io.BytesIO())\n") == 0);
  CHECK_THAT(RootfsArchive::refusal_of(directory / "base.tar"), Catch::Contains("/root/.ssh/id_rsa"));
}

TEST_CASE("anything but a complete tar archive is refused") {
  const tests::TempDirectory directory;
  CHECK_THAT(RootfsArchive::refusal_of(directory.write("text", std::string(2000, 'x'))),
             Catch::Contains("is not a tar archive"));
  CHECK_THAT(RootfsArchive::refusal_of(directory / "missing"), Catch::Contains("is not a tar archive"));
  RootfsArchive archive;
  archive.add({"srv/blob", std::string(100'000, '.')});
  CHECK(archive.refusal().empty());
  fs::resize_file(archive.directory() / "base.tar", 20'000);
  CHECK_THAT(RootfsArchive::refusal_of(archive.directory() / "base.tar"), Catch::Contains("is not a tar archive"));
}
