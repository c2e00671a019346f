// SPDX-License-Identifier: Apache-2.0
#include "config/workspace.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "config/host_paths.hpp"
#include "logins/login_kind.hpp"
#include "policy/path_rules.hpp"
#include "support/ascii.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
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
constexpr std::array<std::string_view, 8> k_shared_directories = {"/tmp", "/home", "/mnt", "/media",
                                                                  "/opt", "/srv",  "/var", "/var/tmp"};
/// Credentials, below the home directory.
constexpr std::array<std::string_view, 30> k_credential_directories = {
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".oci",
    ".password-store",
    ".pki",
    ".mozilla",
    ".thunderbird",
    ".config/1Password",
    ".config/Bitwarden",
    ".config/BraveSoftware",
    ".config/chromium",
    ".config/gcloud",
    ".config/gh",
    ".config/google-chrome",
    ".config/keepassxc",
    ".config/microsoft-edge",
    ".config/op",
    ".config/opera",
    ".config/rclone",
    ".config/sops",
    ".config/vivaldi",
    ".librewolf",
    ".local/share/gopass",
    ".local/share/keyrings",
    ".local/share/kwalletd",
    ".local/share/password-store",
};
/// Directories of programs below the home directory, in addition to all directories with a leading dot.
constexpr std::array<std::string_view, 3> k_program_directories = {"bin", "snap", "Library"};

/// A name by which a directory is recognized, wherever it is.
struct Mark {
  std::string_view name;
  std::string_view problem;
};
constexpr std::array<Mark, 8> k_marks = {{
    {".gpg-id", "it is a password store"},
    {"key4.db", "it is a browser's profile"},
    {"logins.json", "it is a browser's profile"},
    {"Login Data", "it is a browser's profile"},
    {"Local State", "it contains a browser's profiles"},
    {"overlay-images", "it is Podman's storage"},
    {"vfs-images", "it is Podman's storage"},
    {"btrfs-images", "it is Podman's storage"},
}};

std::string shown_path(const fs::path& path) {
  return support::in_quotes(path.string(), 4096);
}

bool is_system_directory(const fs::path& path) {
  const std::string& text = path.native();
  const bool is_media = policy::contains_path("/run/media", text) && std::distance(path.begin(), path.end()) > 4;
  const auto in_tree = [&](std::string_view tree) { return policy::contains_path(tree, text); };
  const bool in_system = std::any_of(k_system_trees.begin(), k_system_trees.end(), in_tree) && !is_media;
  const bool is_shared = support::contains(k_shared_directories, text);
  // /var/lib, /var/log, …; /var/lib/NAME/… may be the home directory of an account.
  const bool right_below_var = path.parent_path() == "/var";
  return in_system || is_shared || right_below_var;
}

fs::path canonical_home(const fs::path& home) {
  std::error_code error;
  fs::path result = fs::canonical(home, error);
  return error ? home.lexically_normal() : result;
}

bool lexists(const fs::path& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

/// Returns `home`, which may be $HOME, and the home directory in the user database. Canonical.
std::vector<fs::path> all_homes(const fs::path& home) {
  std::vector<fs::path> homes = {canonical_home(home)};
  if (const auto own = support::passwd_home(); own && !own->empty()) {
    homes.push_back(canonical_home(*own));
  }
  return homes;
}

/// Returns why `path` counts as (part of) a credential store or Podman's storage, or empty.
std::string secrets_in(const fs::path& path, const fs::path& home) {
  for (const std::string_view name : k_credential_directories) {
    if (policy::contains_path((home / name).native(), path.native())) {
      return "it is a credential store";
    }
  }
  if (policy::contains_path((home / ".local/share/containers").native(), path.native())) {
    return "it is Podman's storage";
  }
  for (const auto& [name, problem] : k_marks) {
    if (lexists(path / name)) {
      return std::string(problem) + " (" + std::string(name) + ")";
    }
  }
  return {};
}

/// Returns whether Git on the host treats `path` itself as a working tree.
bool is_working_tree(const fs::path& path) {
  struct stat info {};
  return lstat((path / ".git").c_str(), &info) == 0 &&
         (S_ISREG(info.st_mode) || (S_ISDIR(info.st_mode) && lexists(path / ".git/HEAD")));
}

/// Returns why `path` is not a project but belongs to programs, or empty.
std::string owner_of(const fs::path& path, const fs::path& home) {
  const std::string inside = path.lexically_relative(home).native();
  const bool below_home = policy::contains_path(home.native(), path.native());
  if (below_home && inside.starts_with('.')) {
    return "it contains application settings or data";
  }
  if (below_home && std::any_of(k_program_directories.begin(), k_program_directories.end(),
                                [&](std::string_view name) { return policy::contains_path(name, inside); })) {
    return "it contains programs or their data";
  }
  std::vector<std::string> variables = {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
                                        "XDG_CACHE_HOME",  "GNUPGHOME",     "PASSWORD_STORE_DIR"};
  for (const logins::LoginKind& kind : logins::login_kinds()) {
    variables.push_back(kind.variable);
  }
  for (const std::string& variable : variables) {
    const char* value = std::getenv(variable.c_str());
    if (value != nullptr && *value == '/' && policy::contains_path(canonical_home(value).native(), path.native())) {
      return "it contains application settings or data: $" + variable;
    }
  }
  const char* programs = std::getenv("PATH");
  for (const std::string_view part : support::split(programs == nullptr ? "" : programs, ':')) {
    if (part.starts_with('/') && policy::contains_path(canonical_home(part).native(), path.native())) {
      return "it is in your PATH: files written there can be run as commands";
    }
  }
  return {};
}

/// Returns why `path` cannot be a workspace, or empty.
std::string problem_of(const fs::path& path, const fs::path& home) {
  if (path == "/") {
    return "it is the root directory";
  }
  if (path == home) {
    return "it is your home directory, which contains your keys and configuration";
  }
  if (policy::contains_path(path.native(), home.native())) {
    return "it contains your home directory";
  }
  if (is_system_directory(path)) {
    return "it is a system directory";
  }
  for (const fs::path& one : all_homes(home)) { // $HOME may differ
    if (policy::contains_path(path.native(), one.native())) {
      return "it contains your home directory";
    }
    if (std::string problem = secrets_in(path, one); !problem.empty()) {
      return problem;
    }
  }
  for (const fs::path& own : own_directories()) {
    if (policy::overlap(path.native(), own.native())) {
      return "it contains files of agentbox itself: " + own.string();
    }
  }
  return {};
}

/// Returns whether `path` contains a credential store of the user whose home directory is `home`.
bool contains_credentials(const fs::path& path, const fs::path& home) {
  return std::any_of(k_credential_directories.begin(), k_credential_directories.end(), [&](std::string_view name) {
    return policy::contains_path(path.native(), (home / name).native()) && lexists(home / name);
  });
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
  choice.path = fs::canonical(asked, error);
  if (error) {
    throw Error(ExitCode::usage, "the workspace " + shown_path(asked) + " cannot be used: " + error.message(), k_hint);
  }
  if (!support::is_utf8(choice.path.native())) {
    throw Error(ExitCode::refused,
                "the workspace " + shown_path(choice.path) +
                    " has a name that is not valid UTF-8, which an OCI "
                    "runtime configuration requires",
                "rename the directory");
  }
  if (const std::string problem = problem_of(choice.path, canonical_home(home)); !problem.empty()) {
    throw Error(ExitCode::refused, shown_path(choice.path) + " cannot be a workspace: " + problem, k_hint);
  }
  const support::Fd fd(open(choice.path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) {
    throw support::system_error(ExitCode::usage, "the workspace " + shown_path(choice.path) + " cannot be used", errno,
                                k_hint);
  }
  struct stat first {};
  if (!meant || fstat(meant.get(), &first) != 0 || first.st_dev != info.st_dev || first.st_ino != info.st_ino) {
    throw Error(ExitCode::refused, "the workspace " + shown_path(choice.path) + " was replaced while it was checked",
                "try again");
  }
  if (info.st_uid != geteuid()) {
    throw Error(ExitCode::refused, "the workspace " + shown_path(choice.path) + " belongs to another user", k_hint);
  }
  choice.device = info.st_dev;
  choice.inode = info.st_ino;
  return choice;
}

std::string label_problem(const fs::path& path, const fs::path& home) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0 || info.st_uid != geteuid()) {
    return "it belongs to another user";
  }
  for (const fs::path& one : all_homes(home)) {
    if (contains_credentials(path, one)) {
      return "it contains credential stores";
    }
  }
  return problem_of(path, canonical_home(home));
}

void require_project(const fs::path& workspace, const fs::path& home) {
  for (const fs::path& one : all_homes(home)) {
    std::string problem = contains_credentials(workspace, one) ? "it contains credential stores" : "";
    if (problem.empty() && !is_working_tree(workspace)) {
      problem = owner_of(workspace, one);
    }
    if (!problem.empty()) {
      throw Error(ExitCode::refused,
                  "the workspace " + shown_path(workspace) + " does not look like a project: " + problem,
                  std::string(k_hint) + ", or accept this one with --any-workspace (not needed in a Git repository "
                                        "without credential stores)");
    }
  }
}

std::string default_box_name(const fs::path& workspace) {
  return simple_name(workspace.filename().string()) + "-" + support::sha256_hex(workspace.native()).substr(0, 4);
}

} // namespace agentbox::config
