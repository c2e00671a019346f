// SPDX-License-Identifier: Apache-2.0
#include "image/base_choice.hpp"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <memory>
#include <string_view>

#include "image/archive_reader.hpp"
#include "image/credentials.hpp"
#include "image/state.hpp"
#include "support/ascii.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

constexpr std::array k_transports = {
    "containers-storage", "dir",    "docker", "docker-archive", "docker-daemon", "oci",
    "oci-archive",        "ostree", "sif",    "tarball",        "http",          "https"};
constexpr const char* k_base_forms =
    "an image (docker.io/library/debian:bookworm-slim), dir:PATH or tar:PATH of a root filesystem";

void check_reference(const std::string& text) {
  constexpr std::string_view k_allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:@";
  constexpr std::string_view k_first = k_allowed.substr(0, 62);
  if (credential_in_text(text)) {
    throw Error(ExitCode::refused, "the base image's name holds a credential",
                "podman login REGISTRY keeps it out of the command line");
  }
  const auto fail = [&] {
    throw Error(ExitCode::usage, "--base: \"" + support::escape_untrusted(text) + "\" is no image", k_base_forms);
  };
  if (text.empty() || text.size() > 500 || k_first.find(text.front()) == std::string_view::npos ||
      text.find_first_not_of(k_allowed) != std::string::npos) {
    fail();
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) {
    return;
  }
  if (std::find(k_transports.begin(), k_transports.end(), text.substr(0, colon)) != k_transports.end()) {
    fail();
  }
  // A slash after the first colon means that the colon stands before a registry's port, or in a digest's place.
  const std::size_t slash = text.find('/', colon);
  const bool port =
      slash != std::string::npos && support::is_digits(std::string_view(text).substr(colon + 1, slash - colon - 1));
  if (slash != std::string::npos && !port) {
    fail();
  }
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

fs::path checked_path(const std::string& text, BaseChoice::Kind kind, const std::optional<fs::path>& workspace) {
  std::error_code error;
  const fs::path given = text.substr(4);
  fs::path path = fs::canonical(given, error);
  const bool folder = kind == BaseChoice::Kind::folder;
  const bool right = !error && (folder ? fs::is_directory(path, error) : fs::is_regular_file(path, error));
  if (given.empty() || !right) {
    throw Error(ExitCode::usage,
                "--base: there is no " + std::string(folder ? "folder " : "file ") +
                    support::escape_untrusted(given.string()),
                k_base_forms);
  }
  if (workspace && is_inside(path, *workspace)) {
    throw Error(ExitCode::refused,
                "the base " + support::escape_untrusted(text) +
                    " lies inside the workspace, where the agent can change it",
                "move it to another folder");
  }
  if (folder && path == path.root_path()) {
    throw Error(ExitCode::refused, "the base dir:/ is this machine itself",
                "name the folder of another root filesystem");
  }
  return path;
}

/// Only names count: contents of a whole system would take minutes, and hold samples of everything.
bool is_suspicious(std::string_view path) {
  const bool home = path.starts_with("root/") || path.starts_with("home/");
  const bool host_key = path.starts_with("etc/ssh/ssh_host_");
  return (home || host_key) && is_credential_file(path);
}

[[noreturn]] void refuse(const std::string& path, const BaseChoice& choice) {
  throw Error(ExitCode::refused,
              "the base " + choice.text + " holds what looks like a credential: /" + support::escape_untrusted(path),
              "remove it from the root filesystem; what is in the base stays in the image");
}

void look_through_folder(const BaseChoice& choice) {
  for (const char* below : {"root", "home", "etc/ssh"}) {
    std::error_code error;
    const auto skip = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator entry(choice.path / below, skip, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string path = entry->path().lexically_relative(choice.path).string();
      if (entry->is_regular_file(error) && is_suspicious(path)) {
        refuse(path, choice);
      }
    }
  }
}

void look_through_tarball(const BaseChoice& choice) {
  const ArchiveReader reader(archive_read_new());
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_entry* entry = nullptr;
  constexpr std::size_t k_block = 1U << 18U;
  int result = archive_read_open_filename(reader.get(), choice.path.c_str(), k_block);
  while (result == ARCHIVE_OK && (result = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    const char* name = archive_entry_pathname(entry);
    std::string_view path = name == nullptr ? "" : name;
    while (path.starts_with("./") || path.starts_with('/')) {
      path.remove_prefix(path.front() == '/' ? 1 : 2);
    }
    if (archive_entry_filetype(entry) == AE_IFREG && is_suspicious(path)) {
      refuse(std::string(path), choice);
    }
  }
  if (result != ARCHIVE_EOF && result != ARCHIVE_WARN) {
    const char* why = archive_error_string(reader.get());
    throw Error(ExitCode::usage,
                "--base: " + choice.text + " is no tar archive of a root filesystem (" +
                    (why == nullptr ? "unknown error" : why) + ")",
                k_base_forms);
  }
}

} // namespace

BaseChoice parse_base(const std::string& text, const std::optional<fs::path>& workspace) {
  if (text.starts_with("dir:")) {
    return {BaseChoice::Kind::folder, text, checked_path(text, BaseChoice::Kind::folder, workspace)};
  }
  if (text.starts_with("tar:")) {
    return {BaseChoice::Kind::tarball, text, checked_path(text, BaseChoice::Kind::tarball, workspace)};
  }
  check_reference(text);
  return {BaseChoice::Kind::reference, text, {}};
}

std::string identity_of(const BaseChoice& choice) {
  switch (choice.kind) {
  case BaseChoice::Kind::reference: return choice.text;
  case BaseChoice::Kind::tarball: return "tar:" + choice.path.string() + "\n" + fingerprint(choice.path);
  case BaseChoice::Kind::folder: {
    std::string identity = "dir:" + choice.path.string();
    for (const char* file : {".", "etc", "etc/os-release", "usr/lib/os-release", "var/lib/dpkg/status", "var/lib/rpm",
                             "usr/lib/sysimage/rpm", "lib/apk/db/installed", "var/lib/pacman/local", "etc/passwd"}) {
      identity += "\n" + fingerprint(choice.path / file);
    }
    return identity;
  }
  }
  return {};
}

void refuse_credentials_in_rootfs(const BaseChoice& choice) {
  switch (choice.kind) {
  case BaseChoice::Kind::reference: return;
  case BaseChoice::Kind::folder: look_through_folder(choice); return;
  case BaseChoice::Kind::tarball: look_through_tarball(choice); return;
  }
}

} // namespace agentbox::image
