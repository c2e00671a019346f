// SPDX-License-Identifier: Apache-2.0
#include "image/rootfs_scan.hpp"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "image/archive_reader.hpp"
#include "image/credentials.hpp"
#include "support/error.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

bool starts_with_any(std::string_view path, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return path.starts_with(prefix); });
}

/// Returns whether only package managers write to `path`: programs and their data.
bool is_program_path(std::string_view path) {
  return !path.starts_with("usr/local/") &&
         starts_with_any(path, {"usr/", "bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/", "boot/", "nix/"});
}

bool is_package_path(std::string_view path) {
  return is_program_path(path) ||
         starts_with_any(path, {"usr/local/", "opt/", "etc/", "var/lib/", "var/cache/", "var/log/"});
}

/// Returns whether `path` is known to hold keys that are published: samples, self-tests and trust anchors of packages.
bool is_published(std::string_view path) {
  const auto has = [&](std::string_view piece) { return path.find(piece) != std::string_view::npos; };
  if (path == "etc/ssl/private/ssl-cert-snakeoil.key" ||
      starts_with_any(path, {"usr/share/doc/", "usr/share/man/", "usr/share/info/", "usr/local/go/"}) ||
      has("/node_modules/npm/") || has("/nodejs/npm/")) {
    return true;
  }
  constexpr std::array k_samples = {
      "/test/",     "/tests/",    "/testing/",   "/testdata/",          "/test_data/",       "/test-data/",
      "/fixtures/", "/examples/", "/libgnutls.", ".dist-info/METADATA", ".egg-info/PKG-INFO"};
  return is_program_path(path) && std::any_of(k_samples.begin(), k_samples.end(), has);
}

bool is_suspicious_name(const std::string& path) {
  const bool hidden = path.starts_with('.') || path.find("/.") != std::string::npos;
  return starts_with_any(path, {"etc/apt/auth.conf"}) ||
         (is_credential_file(path) && !is_published(path) &&
          (hidden || !is_package_path(path) || path.starts_with("etc/ssh/ssh_host_")));
}

/// Returns whether programs keep addresses, perhaps with a password, in the file `path`: Git, pip, apt, proxies.
bool is_configuration(std::string_view path) {
  constexpr std::array k_names = {"/.gitconfig", "/.git/config", "/git/config", "/pip.conf",
                                  "/uv.toml",    "/.condarc",    "/.wgetrc",    "/.curlrc"};
  return path.starts_with("etc/") ||
         std::any_of(k_names.begin(), k_names.end(), [&](std::string_view name) { return path.ends_with(name); });
}

std::optional<std::string_view> credential_of(const std::string& path, std::string_view text) {
  const auto kind = is_configuration(path) ? credential_in_text(text) : key_in_text(text);
  // A Google API key in a program identifies the program: vendors publish such keys.
  return kind == k_google_api_key && is_program_path(path) ? std::nullopt : kind;
}

/// Looks for credentials in a file that arrives in pieces.
class ContentScan {
public:
  explicit ContentScan(std::string path) : m_path(std::move(path)) {}
  std::optional<std::string_view> update(std::string_view piece, std::int64_t offset) {
    constexpr std::size_t k_max_credential = 4096;
    if (offset != m_end) {
      m_text.clear(); // there is a hole of a sparse file in between
    }
    m_text.append(piece);
    m_end = offset + static_cast<std::int64_t>(piece.size());
    const auto kind = credential_of(m_path, m_text);
    m_text.erase(0, m_text.size() - std::min(m_text.size(), k_max_credential)); // the next piece may continue one
    return kind;
  }

private:
  std::string m_path;
  std::string m_text;
  std::int64_t m_end = 0;
};

class RootfsScan {
public:
  /// Also examines the content of the files `extra`, wherever they are.
  RootfsScan(const fs::path& archive, std::string base, std::set<std::string> extra)
      : m_reader(archive_read_new()), m_base(std::move(base)), m_extra(std::move(extra)) {
    // Exactly what `podman import` unpacks, and no filter that runs a program. Names are bytes, whatever the locale.
    archive_read_support_filter_gzip(m_reader.get());
    archive_read_support_filter_bzip2(m_reader.get());
    archive_read_support_filter_xz(m_reader.get());
    archive_read_support_filter_zstd(m_reader.get());
    archive_read_support_format_tar(m_reader.get());
    archive_read_set_options(m_reader.get(), "hdrcharset=BINARY");
    constexpr std::size_t k_block = 1U << 18U;
    if (archive_read_open_filename(m_reader.get(), archive.c_str(), k_block) != ARCHIVE_OK) {
      fail();
    }
  }

  /// Returns the files with published keys that have a hard link elsewhere, possibly through other links.
  std::set<std::string> run() {
    archive_entry* entry = nullptr;
    for (int result = 0; (result = archive_read_next_header(m_reader.get(), &entry)) != ARCHIVE_EOF;) {
      if (result != ARCHIVE_OK && result != ARCHIVE_WARN) { // a warning is about an attribute; the entry is whole
        fail();
      }
      check(entry);
    }
    std::set<std::string> linked;
    for (const auto& [name, target] : m_hard_links) {
      std::string last = target;
      for (std::size_t i = 0; !is_published(name) && i < m_hard_links.size() && m_hard_links.contains(last); ++i) {
        last = m_hard_links.at(last);
      }
      if (!is_published(name) && is_published(last)) {
        linked.insert(last);
      }
    }
    return linked;
  }

private:
  /// Normalizes a name: "./a//b/../c" and "/a/c" become "a/c".
  static std::string normal(const char* name) {
    return fs::path("/" + std::string(name)).lexically_normal().relative_path().string();
  }

  void check(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    const auto type = archive_entry_filetype(entry);
    if (name == nullptr || *name == '\0') {
      refuse("has an entry whose name cannot be read");
    }
    const std::string path = normal(name);
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      if (m_links.contains(path.substr(0, slash))) {
        refuse("has an entry below a symbolic link: /" + support::escape_untrusted(path));
      }
    }
    if (type == AE_IFLNK) {
      m_links.insert(path);
    }
    if (type != AE_IFDIR && is_suspicious_name(path)) {
      refuse("contains what looks like a credential: /" + support::escape_untrusted(path));
    }
    const char* target = archive_entry_hardlink(entry);
    if (target != nullptr) {
      m_hard_links[path] = normal(target);
    } else if (type == AE_IFREG && (!is_published(path) || m_extra.contains(path))) {
      check_content(path);
    }
  }

  void check_content(const std::string& path) {
    ContentScan scan(path);
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    int result = ARCHIVE_OK;
    while ((result = archive_read_data_block(m_reader.get(), &bytes, &size, &offset)) == ARCHIVE_OK) {
      support::throw_if_interrupted();
      if (const auto kind = scan.update({static_cast<const char*>(bytes), size}, offset)) {
        refuse("contains " + std::string(*kind) + ": /" + support::escape_untrusted(path));
      }
    }
    if (result != ARCHIVE_EOF) {
      fail();
    }
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ExitCode::refused, "the base " + support::escape_untrusted(m_base) + " " + what,
                "remove it from the root filesystem; everything in the base stays in the image");
  }

  [[noreturn]] void fail() const {
    const char* why = archive_error_string(m_reader.get());
    throw Error(ExitCode::usage,
                "--base: " + support::escape_untrusted(m_base) + " is not a tar archive of a root filesystem (" +
                    support::escape_untrusted(why == nullptr ? "unknown error" : why) + ")",
                "make one with tar, docker export or podman export");
  }

  ArchiveReader m_reader;
  std::string m_base;
  std::set<std::string> m_extra;
  std::set<std::string> m_links;                   ///< paths of the symbolic links read before
  std::map<std::string, std::string> m_hard_links; ///< path and target
};

} // namespace

void refuse_credentials_in_rootfs(const fs::path& archive, const std::string& base) {
  if (const std::set<std::string> linked = RootfsScan(archive, base, {}).run(); !linked.empty()) {
    RootfsScan(archive, base, linked).run();
  }
}

} // namespace agentbox::image
