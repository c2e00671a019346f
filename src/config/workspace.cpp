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
#include "support/ascii.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr const char* k_hint = "run agentbox in a project directory";

/// System directories, with everything below.
constexpr std::array<std::string_view, 13> k_system_trees = {
    "/etc", "/usr", "/boot", "/proc", "/sys", "/dev", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/efi", "/run"};
/// Shared directories; one of their subdirectories may be a project.
constexpr std::array<std::string_view, 8> k_shared_folders = {"/tmp", "/home", "/mnt", "/media",
                                                              "/opt", "/srv",  "/var", "/var/tmp"};
/// Credentials, below the home directory.
constexpr std::array<std::string_view, 5> k_credential_folders = {".ssh", ".gnupg", ".aws", ".kube", ".docker"};

std::string shown(const fs::path& path) {
  return support::in_quotes(path.string(), 4096);
}

bool is_system_folder(const fs::path& path) {
  const std::string& text = path.native();
  const bool is_media = policy::contains_path("/run/media", text) && std::distance(path.begin(), path.end()) > 4;
  const auto in_tree = [&](std::string_view tree) { return policy::contains_path(tree, text); };
  const bool in_system = std::any_of(k_system_trees.begin(), k_system_trees.end(), in_tree) && !is_media;
  const bool is_shared = support::contains(k_shared_folders, text);
  // /var/lib, /var/log, …; /var/lib/NAME/… may be the home directory of an account.
  const bool right_below_var = path.parent_path() == "/var";
  return in_system || is_shared || right_below_var;
}

fs::path canonical_home(const fs::path& home) {
  std::error_code error;
  fs::path result = fs::canonical(home, error);
  return error ? home.lexically_normal() : result;
}

/// Returns why `path` cannot be a workspace, or empty.
std::string problem_of(const fs::path& path, const fs::path& home) {
  if (path == "/") {
    return "it is the root directory";
  }
  if (path == home) {
    return "it is your home directory, which contains your keys and settings";
  }
  if (policy::contains_path(path.native(), home.native())) {
    return "it contains your home directory";
  }
  if (is_system_folder(path)) {
    return "it is a system directory";
  }
  if (const auto own = support::passwd_home(); own && !own->empty()) { // $HOME may differ
    const fs::path real = canonical_home(*own);
    if (policy::contains_path(path.native(), real.native())) {
      return "it contains your home directory";
    }
  }
  for (const std::string_view name : k_credential_folders) {
    if (policy::contains_path((home / name).native(), path.native())) {
      return "it contains credentials";
    }
  }
  for (const fs::path& own : own_folders()) {
    if (policy::overlap(path.native(), own.native())) {
      return "it contains files of agentbox itself: " + own.string();
    }
  }
  return {};
}

/// Returns the directory's name with only a-z, 0-9 and single '-'.
std::string simple_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    if (support::is_letter(c) || support::is_digit(c)) {
      name += support::to_lower(c);
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
  // Opened before its path is resolved, so that both belong to the same directory.
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
                    " has a name that is not UTF-8, which a runtime "
                    "configuration requires",
                "rename the directory");
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
    throw Error(ExitCode::refused, "the workspace " + shown(choice.path) + " was replaced while it was checked",
                "try again");
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
