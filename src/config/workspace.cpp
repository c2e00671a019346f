// SPDX-License-Identifier: Apache-2.0
#include "config/workspace.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "config/host_paths.hpp"
#include "policy/path_rules.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr const char* k_hint = "run agentbox in a project's folder";

/// Of the system, with everything below.
constexpr std::array<std::string_view, 13> k_system_trees = {
    "/etc", "/usr", "/boot", "/proc", "/sys", "/dev", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/efi", "/run"};
/// Of the system or of everybody; a folder further down may well be a project.
constexpr std::array<std::string_view, 8> k_shared_folders = {"/tmp", "/home", "/mnt", "/media",
                                                              "/opt", "/srv",  "/var", "/var/tmp"};
/// Below the home folder: credentials.
constexpr std::array<std::string_view, 5> k_credential_folders = {".ssh", ".gnupg", ".aws", ".kube", ".docker"};

std::string shown(const fs::path& path) {
  return support::in_quotes(path.string(), 4096);
}

bool is_system_folder(const fs::path& path) {
  const std::string& text = path.native();
  const bool is_media = policy::contains_path("/run/media", text) && std::distance(path.begin(), path.end()) > 4;
  const auto in_tree = [&](std::string_view tree) { return policy::contains_path(tree, text); };
  const bool in_system = std::any_of(k_system_trees.begin(), k_system_trees.end(), in_tree) && !is_media;
  const bool is_shared = std::find(k_shared_folders.begin(), k_shared_folders.end(), text) != k_shared_folders.end();
  // /var/lib, /var/log, …; /var/lib/NAME/… may be the home folder of an account.
  const bool right_below_var = path.parent_path() == "/var";
  return in_system || is_shared || right_below_var;
}

fs::path canonical_home(const fs::path& home) {
  std::error_code error;
  fs::path result = fs::canonical(home, error);
  return error ? home.lexically_normal() : result;
}

/// Why `path` cannot be a workspace; empty when it can.
std::string problem_of(const fs::path& path, const fs::path& home) {
  if (path == "/") {
    return "it is the whole host";
  }
  if (path == home) {
    return "it is your home folder, with your keys and settings";
  }
  if (policy::contains_path(path.native(), home.native())) {
    return "your home folder lies in it";
  }
  if (is_system_folder(path)) {
    return "it belongs to the system";
  }
  if (const auto own = support::passwd_home(); own && !own->empty()) { // HOME may say something else
    const fs::path real = canonical_home(*own);
    if (policy::contains_path(path.native(), real.native())) {
      return "your home folder lies in it";
    }
  }
  for (const std::string_view name : k_credential_folders) {
    if (policy::contains_path((home / name).native(), path.native())) {
      return "credentials are kept there";
    }
  }
  for (const fs::path& own : own_folders()) {
    if (policy::overlap(path.native(), own.native())) {
      return "agentbox keeps its own files in " + own.string();
    }
  }
  return {};
}

/// What a box's name is made from: the folder's name with only a-z, 0-9 and single '-'.
std::string simple_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || upper;
    if (plain) {
      name += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name = name.substr(0, 30);
  while (!name.empty() && name.back() == '-') {
    name.pop_back();
  }
  return name.empty() ? "box" : name;
}

} // namespace

WorkspaceChoice choose_workspace(const fs::path& asked, const fs::path& home) {
  WorkspaceChoice choice;
  // What was asked for is opened once, before its path is looked at: a path can lead elsewhere a moment later.
  const support::Fd meant(open(asked.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::error_code error;
  choice.given = fs::absolute(asked, error).lexically_normal();
  if (!choice.given.has_filename() && choice.given != "/") {
    choice.given = choice.given.parent_path(); // a trailing slash
  }
  choice.path = fs::canonical(choice.given, error);
  if (error) {
    throw Error(ExitCode::usage, "the workspace " + shown(choice.given) + " cannot be used: " + error.message(),
                k_hint);
  }
  if (!support::is_utf8(choice.path.native())) {
    throw Error(ExitCode::refused,
                "the workspace " + shown(choice.path) +
                    " has a name that is not UTF-8, which no runtime "
                    "configuration can carry",
                "rename the folder");
  }
  if (const std::string problem = problem_of(choice.path, canonical_home(home)); !problem.empty()) {
    throw Error(ExitCode::refused, "the workspace " + shown(choice.path) + " is refused: " + problem, k_hint);
  }
  const support::Fd fd(open(choice.path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) {
    throw support::system_error(ExitCode::usage, "the workspace " + shown(choice.path) + " cannot be used", errno,
                                k_hint);
  }
  struct stat first {};
  if (!meant || fstat(meant.get(), &first) != 0 || first.st_dev != info.st_dev || first.st_ino != info.st_ino) {
    throw Error(ExitCode::refused, "the workspace " + shown(choice.path) + " was replaced while it was looked at",
                "start again when nobody renames it");
  }
  if (info.st_uid != geteuid()) {
    throw Error(ExitCode::refused, "the workspace " + shown(choice.path) + " belongs to another user", k_hint);
  }
  choice.device = info.st_dev;
  choice.inode = info.st_ino;
  return choice;
}

std::string default_box_name(const fs::path& workspace) {
  return simple_name(workspace.filename().string()) + "-" + support::sha256_hex(workspace.native()).substr(0, 4);
}

} // namespace agentbox::config
