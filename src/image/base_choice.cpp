// SPDX-License-Identifier: Apache-2.0
#include "image/base_choice.hpp"

#include <algorithm>
#include <array>
#include <string_view>

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

constexpr std::array k_refused_transports = {
    "containers-storage", "dir",    "docker", "docker-archive", "docker-daemon", "oci",
    "oci-archive",        "ostree", "sif",    "tarball",        "http",          "https"};
constexpr const char* k_base_forms =
    "give an image (docker.io/library/debian:bookworm-slim), or dir:PATH or tar:PATH for a root filesystem";

void check_reference(const std::string& text) {
  constexpr std::string_view k_allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:@";
  constexpr std::string_view k_first = k_allowed.substr(0, 62);
  if (credential_in_text(text)) {
    throw Error(ExitCode::refused, "the name of the base image contains a credential",
                "use podman login REGISTRY instead");
  }
  const auto fail = [&] {
    throw Error(ExitCode::usage, "--base: " + support::in_quotes(text) + " is not a valid image name", k_base_forms);
  };
  if (text.empty() || text.size() > 500 || k_first.find(text.front()) == std::string_view::npos ||
      text.find_first_not_of(k_allowed) != std::string::npos) {
    fail();
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) {
    return;
  }
  if (std::find(k_refused_transports.begin(), k_refused_transports.end(), text.substr(0, colon)) !=
      k_refused_transports.end()) {
    fail();
  }
  // If a slash follows the first colon, the text between them must be a registry's port.
  const std::size_t slash = text.find('/', colon);
  const bool port =
      slash != std::string::npos && support::is_digits(std::string_view(text).substr(colon + 1, slash - colon - 1));
  if (slash != std::string::npos && !port) {
    fail();
  }
}

bool is_inside(const fs::path& path, const fs::path& directory) {
  return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first == directory.end();
}

fs::path checked_path(const std::string& text, BaseChoice::Kind kind, const std::optional<fs::path>& workspace) {
  std::error_code error;
  const fs::path given = text.substr(4);
  fs::path path = fs::canonical(given, error);
  const bool directory = kind == BaseChoice::Kind::directory;
  const bool is_expected_kind =
      !error && (directory ? fs::is_directory(path, error) : fs::is_regular_file(path, error));
  if (given.empty() || !is_expected_kind) {
    throw Error(ExitCode::usage,
                "--base: " + support::in_quotes(given.string()) + " is not an existing " +
                    (directory ? "directory" : "regular file"),
                k_base_forms);
  }
  if (workspace && is_inside(path, *workspace)) {
    throw Error(ExitCode::refused,
                "the base " + support::escape_untrusted(text) +
                    " is inside the workspace, where the agent can change it",
                "move it out of the workspace");
  }
  if (directory && path == path.root_path()) {
    throw Error(ExitCode::refused, "the base dir:/ is this machine itself",
                "use the directory of another root filesystem");
  }
  return path;
}

} // namespace

BaseChoice parse_base(const std::string& text, const std::optional<fs::path>& workspace) {
  if (text.starts_with("dir:")) {
    return {BaseChoice::Kind::directory, text, checked_path(text, BaseChoice::Kind::directory, workspace)};
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
  case BaseChoice::Kind::tarball: return "tar:" + choice.path.string() + "\n" + support::fingerprint(choice.path);
  case BaseChoice::Kind::directory: {
    std::string identity = "dir:" + choice.path.string();
    for (const char* file : {".", "etc", "etc/os-release", "usr/lib/os-release", "var/lib/dpkg/status", "var/lib/rpm",
                             "usr/lib/sysimage/rpm", "lib/apk/db/installed", "var/lib/pacman/local", "etc/passwd"}) {
      identity += "\n" + support::fingerprint(choice.path / file);
    }
    return identity;
  }
  }
  return {};
}

} // namespace agentbox::image
