// SPDX-License-Identifier: Apache-2.0
#include "support/file.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <iterator>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "support/error.hpp"

namespace agentbox::support {
namespace fs = std::filesystem;
namespace {

std::string read_open_file(const Fd& fd, const fs::path& path, std::size_t max_bytes) {
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) {
    throw system_error(ExitCode::failed, "cannot read " + path.string(), errno);
  }
  if (!S_ISREG(info.st_mode)) {
    throw Error(ExitCode::failed, "cannot read " + path.string() + ": it is not a regular file");
  }
  return read_all(fd.get(), path.string(), max_bytes);
}

std::optional<std::string> passwd_field(char* passwd::*field) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  const bool known = getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return known && found->*field != nullptr ? std::optional<std::string>(found->*field) : std::nullopt;
}

std::optional<fs::path> directory_from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || value[0] != '/') {
    return std::nullopt;
  }
  return fs::path(value);
}

} // namespace

std::string read_all(int fd, const std::string& name, std::size_t max_bytes) {
  std::string content;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      throw system_error(ExitCode::failed, "cannot read " + name, errno);
    }
    if (count == 0) {
      return content;
    }
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > max_bytes) {
      throw Error(ExitCode::failed, name + " is larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

void write_all(int fd, std::string_view content, const std::string& name) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno != EINTR) {
      throw system_error(ExitCode::failed, "cannot write " + name, errno,
                         errno == ENOSPC || errno == EDQUOT ? "free some disk space" : "");
    }
    content.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
}

std::optional<std::string> read_file_if_exists(const fs::path& path, std::size_t max_bytes) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) {
    return std::nullopt;
  }
  if (!fd) {
    throw system_error(ExitCode::failed, "cannot open " + path.string(), errno);
  }
  return read_open_file(fd, path, max_bytes);
}

std::string read_file(const fs::path& path, std::size_t max_bytes) {
  auto content = read_file_if_exists(path, max_bytes);
  if (!content) {
    throw Error(ExitCode::failed, "cannot open " + path.string() + ": no such file");
  }
  return *std::move(content);
}

std::optional<std::string> read_file_beneath(const fs::path& directory, const fs::path& relative,
                                             std::size_t max_bytes) {
  fs::path path = directory;
  Fd fd(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    throw system_error(ExitCode::failed, "cannot open " + directory.string(), errno);
  }
  for (auto part = relative.begin(); part != relative.end(); ++part) {
    path /= *part;
    if (part->empty() || *part == "." || *part == ".." || part->has_root_directory()) {
      throw Error(ExitCode::refused, path.string() + " does not stay inside " + directory.string());
    }
    const bool is_last = std::next(part) == relative.end();
    const int flags = is_last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY;
    Fd next(openat(fd.get(), part->c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
    if (!next) {
      const int error = errno;
      struct stat info {};
      if (fstatat(fd.get(), part->c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode)) {
        throw Error(ExitCode::refused, path.string() + " is a symbolic link, which is not followed here");
      }
      if (error == ENOENT || error == ENOTDIR) {
        return std::nullopt;
      }
      throw system_error(ExitCode::failed, "cannot open " + path.string(), error);
    }
    fd = std::move(next);
  }
  return read_open_file(fd, path, max_bytes);
}

void write_file(const fs::path& path, std::string_view content, mode_t mode) {
  const fs::path temporary = path.string() + "." + std::to_string(getpid()) + ".new";
  unlink(temporary.c_str());
  {
    Fd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd) {
      throw system_error(ExitCode::failed, "cannot create " + temporary.string(), errno);
    }
    try {
      write_all(fd.get(), content, path.string());
      if (close(fd.release()) != 0) { // a full disk or quota, on file systems that write late
        throw system_error(ExitCode::failed, "cannot write " + path.string(), errno);
      }
    } catch (...) {
      unlink(temporary.c_str());
      throw;
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(temporary.c_str());
    throw system_error(ExitCode::failed, "cannot write " + path.string(), error);
  }
}

std::string fingerprint(const fs::path& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return "missing";
  }
  return std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec) + " " + std::to_string(info.st_ctim.tv_sec) + "." +
         std::to_string(info.st_ctim.tv_nsec) + " " + std::to_string(info.st_ino);
}

void make_private_directory(const fs::path& path) {
  if (path.has_parent_path() && path.parent_path() != path && !fs::exists(path.parent_path())) {
    make_private_directory(path.parent_path());
  }
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    throw system_error(ExitCode::failed, "cannot create the directory " + path.string(), errno);
  }
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    throw system_error(ExitCode::failed, "cannot examine " + path.string(), errno);
  }
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 022U) != 0) {
    throw Error(ExitCode::failed, path.string() + " must be a directory of yours that nobody else can write to",
                "remove it, or: chmod go-w " + path.string());
  }
}

std::optional<fs::path> passwd_home() {
  const auto home = passwd_field(&passwd::pw_dir);
  return home && home->starts_with('/') ? std::optional<fs::path>(*home) : std::nullopt;
}

std::optional<std::string> passwd_name() {
  return passwd_field(&passwd::pw_name);
}

fs::path home_directory() {
  if (auto home = directory_from_environment("HOME")) {
    return *std::move(home);
  }
  if (auto home = passwd_home()) {
    return *std::move(home);
  }
  throw Error(ExitCode::failed, "cannot find your home directory", "set HOME");
}

fs::path config_directory() {
  return directory_from_environment("XDG_CONFIG_HOME").value_or(home_directory() / ".config") / "agentbox";
}

fs::path state_directory() {
  return directory_from_environment("XDG_STATE_HOME").value_or(home_directory() / ".local/state") / "agentbox";
}

fs::path cache_directory() {
  return directory_from_environment("XDG_CACHE_HOME").value_or(home_directory() / ".cache") / "agentbox";
}

fs::path runtime_directory() {
  if (auto directory = directory_from_environment("XDG_RUNTIME_DIR")) {
    return *directory / "agentbox";
  }
  const std::string uid = std::to_string(geteuid());
  const fs::path standard = "/run/user/" + uid;
  if (access(standard.c_str(), W_OK) == 0) {
    return standard / "agentbox";
  }
  return "/tmp/agentbox-" + uid;
}

} // namespace agentbox::support
