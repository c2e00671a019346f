// SPDX-License-Identifier: Apache-2.0
#include "homes/kept_home.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/command.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/numbers.hpp"
#include "support/text.hpp"

namespace agentbox::homes {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;
using support::Fd;

// The files of a project's directory.
constexpr const char* k_home = "home";           // mounted in its boxes
constexpr const char* k_lock = "lock";           // shared by its boxes; its mtime is when the last one started
constexpr const char* k_fill_lock = "fill-lock"; // held while the home is filled
constexpr const char* k_format = "format";       // the version of this layout; written when the home is filled
constexpr const char* k_size = "size";           // bytes, after the last box
constexpr const char* k_workspace = "workspace"; // the project's path, for home list

constexpr std::uint64_t k_version = 1;
constexpr std::size_t k_max_record = 8192;
constexpr const char* k_clear_hint = "remove it: agentbox home clear; or start without it: --fresh";

std::string shown_path(const fs::path& path) {
  return support::in_quotes(path.string(), 4096);
}

Fd open_lock(const fs::path& file, int operation) {
  Fd fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  int result = -1;
  while (fd && (result = flock(fd.get(), operation)) != 0 && errno == EINTR) {
  }
  if (!fd || (result != 0 && errno != EWOULDBLOCK)) {
    throw support::system_error(ExitCode::failed, "cannot lock " + file.string(), errno);
  }
  return result == 0 ? std::move(fd) : Fd();
}

/// Returns the number in a file of the project's directory; nothing if there is no such file.
std::optional<std::uint64_t> number_in(const fs::path& file) {
  const auto text = support::read_file_if_exists(file, k_max_record);
  if (!text) {
    return std::nullopt;
  }
  const auto number = support::parse_decimal<std::uint64_t>(support::trim(*text));
  if (!number) {
    throw Error(ExitCode::refused, file.string() + " does not contain a number", k_clear_hint);
  }
  return number;
}

/// Opens `name` below `parent` as a directory, not through a symbolic link.
Fd open_directory(int parent, const char* name) {
  return Fd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

void run(const char* name, std::vector<std::string> arguments) {
  const auto program = support::find_program(name);
  if (!program) {
    throw Error(ExitCode::failed, std::string("program not found: ") + name);
  }
  arguments.insert(arguments.begin(), *program);
  support::capture(support::Command{std::move(arguments), {{"LC_ALL", "C"}}, {}, false});
}

[[noreturn]] void refuse_mount_point(const fs::path& path, int error) {
  throw support::system_error(ExitCode::refused, "cannot mount anything at " + shown_path(path), error,
                              std::string("an earlier box may have replaced it; ") + k_clear_hint);
}

} // namespace

fs::path directory() {
  std::error_code error;
  const fs::path state = support::state_directory();
  fs::path real = fs::weakly_canonical(state, error);
  return (error ? state : real) / "home";
}

fs::path home_of(const fs::path& workspace) {
  constexpr std::size_t k_digits = 32;
  return directory() / support::sha256_hex(workspace.native()).substr(0, k_digits) / k_home;
}

HeldHome::HeldHome(const fs::path& workspace, std::uint64_t limit) : m_project(home_of(workspace).parent_path()) {
  support::make_private_directory(m_project);
  if (const auto version = number_in(m_project / k_format); version && *version > k_version) {
    throw Error(ExitCode::refused, "a newer version of agentbox made the kept home " + shown_path(m_project),
                k_clear_hint);
  }
  if (!fs::exists(fs::symlink_status(m_project / k_workspace))) {
    support::write_file(m_project / k_workspace, workspace.native() + "\n");
  }
  m_lock = open_lock(m_project / k_lock, LOCK_SH);
  futimens(m_lock.get(), nullptr);
  const fs::path home = m_project / k_home;
  if (mkdir(home.c_str(), 0700) != 0 && errno != EEXIST) {
    throw support::system_error(ExitCode::failed, "cannot create the directory " + shown_path(home), errno);
  }
  const Fd fd = open_directory(AT_FDCWD, home.c_str());
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) {
    throw support::system_error(ExitCode::refused, "cannot use the kept home " + shown_path(home), errno, k_clear_hint);
  }
  if (info.st_uid != geteuid()) {
    throw Error(ExitCode::refused, "the kept home " + shown_path(home) + " belongs to another user", k_clear_hint);
  }
  if (fchmod(fd.get(), 0700) != 0) { // an earlier box may have changed its mode
    throw support::system_error(ExitCode::failed, "cannot use the kept home " + shown_path(home), errno, k_clear_hint);
  }
  if (const auto size = number_in(m_project / k_size); size && *size > limit) {
    throw Error(ExitCode::refused,
                "the kept home " + shown_path(home) + " is larger than home.limit: " + std::to_string(*size >> 20U) +
                    " MiB, " + std::to_string(limit >> 20U) + " MiB are allowed",
                std::string("raise the limit in your own configuration, or ") + k_clear_hint);
  }
}

void HeldHome::fill(const std::function<void(const fs::path&)>& copy) const {
  const Fd lock = open_lock(m_project / k_fill_lock, LOCK_EX); // another box may be filling it
  if (!number_in(m_project / k_format)) {
    copy(m_project / k_home);
    support::write_file(m_project / k_format, std::to_string(k_version) + "\n");
  }
}

void HeldHome::make_mount_points(const std::vector<MountPoint>& points) const {
  const fs::path home = m_project / k_home;
  for (const MountPoint& point : points) {
    Fd at = open_directory(AT_FDCWD, home.c_str());
    const fs::path parent = point.is_directory ? point.path : point.path.parent_path();
    for (const fs::path& part : parent) {
      if (at && mkdirat(at.get(), part.c_str(), 0755) != 0 && errno != EEXIST) {
        refuse_mount_point(home / point.path, errno);
      }
      at = at ? open_directory(at.get(), part.c_str()) : Fd();
    }
    if (!at) {
      refuse_mount_point(home / point.path, errno);
    }
    if (!point.is_directory) {
      const Fd file(openat(at.get(), point.path.filename().c_str(),
                           O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
      struct stat info {};
      const bool exists = file || errno == EACCES; // without permission to read: any file will do
      if (!exists || fstatat(at.get(), point.path.filename().c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
          !S_ISREG(info.st_mode)) {
        refuse_mount_point(home / point.path, exists ? EINVAL : errno);
      }
    }
  }
}

void HeldHome::remove_link(const fs::path& path, const std::string& target) const {
  Fd at = open_directory(AT_FDCWD, (m_project / k_home).c_str());
  for (const fs::path& part : path.parent_path()) {
    at = at ? open_directory(at.get(), part.c_str()) : Fd();
  }
  std::array<char, 256> found{};
  const ssize_t length = at ? readlinkat(at.get(), path.filename().c_str(), found.data(), found.size()) : -1;
  if (length > 0 && std::string_view(found.data(), static_cast<std::size_t>(length)).starts_with(target)) {
    unlinkat(at.get(), path.filename().c_str(), 0);
  }
}

std::uint64_t HeldHome::record_size() const {
  const std::uint64_t bytes = size_of(m_project / k_home);
  support::write_file(m_project / k_size, std::to_string(bytes) + "\n");
  return bytes;
}

std::vector<KeptHome> find_homes() {
  std::vector<KeptHome> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory(), error)) {
    const fs::path& project = entry.path();
    struct stat info {};
    if (!fs::is_directory(fs::symlink_status(project / k_home)) || stat((project / k_lock).c_str(), &info) != 0) {
      continue;
    }
    KeptHome home{project, {}, size_of(project / k_home), info.st_mtim.tv_sec, false};
    home.workspace = support::trim(support::read_file_if_exists(project / k_workspace, k_max_record).value_or(""));
    home.in_use = !open_lock(project / k_lock, LOCK_EX | LOCK_NB);
    found.push_back(std::move(home));
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw support::system_error(ExitCode::failed, "cannot read " + directory().string(), error.value());
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.workspace < b.workspace; });
  return found;
}

std::uint64_t size_of(const fs::path& home) {
  const auto program = support::find_program("du"); // copes with any depth, and with hard links
  if (!program) {
    throw Error(ExitCode::failed, "program not found: du");
  }
  const support::Captured result = support::capture(
      support::Command{{*program, "-s", "-k", "-x", "--", home.string()}, {{"LC_ALL", "C"}}, {}, false});
  constexpr std::uint64_t k_kib = 1024;
  const auto kib = support::parse_decimal<std::uint64_t>(result.out.substr(0, result.out.find('\t')));
  return kib.value_or(0) * k_kib; // nothing: it was removed meanwhile
}

void clear(const KeptHome& home) {
  const Fd lock = open_lock(home.project / k_lock, LOCK_EX | LOCK_NB);
  if (!lock) {
    throw Error(ExitCode::refused, "a running box uses the home of " + shown_path(home.workspace),
                "list the boxes: agentbox ps; stop one: agentbox stop NAME");
  }
  for (const char* name : {k_format, k_size}) {
    fs::remove(home.project / name);
  }
  const std::string path = (home.project / k_home).string();
  run("rm", {"-rf", "--", path});
  if (fs::exists(fs::symlink_status(path))) { // package managers make directories read-only
    run("chmod", {"-R", "u+rwX", "--", path});
    run("rm", {"-rf", "--", path});
  }
  if (fs::exists(fs::symlink_status(path))) {
    throw Error(ExitCode::failed, "cannot remove all of " + shown_path(path),
                "chmod -R u+rwX " + support::shell_quote({path}) + " && agentbox home clear");
  }
}

} // namespace agentbox::homes
