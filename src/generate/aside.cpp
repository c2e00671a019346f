// SPDX-License-Identifier: Apache-2.0
#include "generate/aside.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "support/error.hpp"

namespace agentbox::generate {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;
using support::Fd;

constexpr int k_attempts = 10; // each is lost to another run that cleans up at the very moment
constexpr std::size_t k_mark_bytes = 256;
constexpr std::size_t k_random_letters = 6; // of mkdtemp(3)

std::string prefix_for(const fs::path& output) {
  return "." + output.filename().string() + ".agentbox-";
}

Fd open_folder(const fs::path& path) {
  return Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Fd open_mark(const Fd& folder, int flags) {
  return Fd(openat(folder.get(), k_mark, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600));
}

bool is_ours(const Fd& fd, mode_t type) {
  struct stat info {};
  return fstat(fd.get(), &info) == 0 && info.st_uid == geteuid() && (info.st_mode & S_IFMT) == type;
}

bool is_linked(const Fd& file) {
  struct stat info {};
  return fstat(file.get(), &info) == 0 && info.st_nlink > 0;
}

/// 0, or: EWOULDBLOCK somebody else holds it, ENOENT it was removed meanwhile, EOPNOTSUPP no locks on this file system.
int lock(const Fd& mark) {
  if (flock(mark.get(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? EWOULDBLOCK : EOPNOTSUPP;
  }
  return is_linked(mark) ? 0 : ENOENT;
}

int write_machine(const Fd& mark) {
  const std::string machine = machine_name();
  const ssize_t size = write(mark.get(), machine.data(), machine.size());
  return size == static_cast<ssize_t>(machine.size()) ? 0 : size < 0 ? errno : ENOSPC;
}

Error cannot_write(const fs::path& folder, int error) {
  return support::system_error(ExitCode::failed, "cannot write to " + folder.string(), error,
                               "choose another --output");
}

} // namespace

Aside::Aside(fs::path path, Fd folder, Fd mark)
    : m_path(std::move(path)), m_folder(std::move(folder)), m_mark(std::move(mark)) {}

/// Nothing when another run took it for a leftover before it was marked and locked, and removed it.
std::optional<Aside> Aside::try_make(const fs::path& output) {
  std::string path = output.parent_path() / (prefix_for(output) + "XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    throw cannot_write(output.parent_path(), errno);
  }
  Fd folder = open_folder(path);
  Fd mark = folder ? open_mark(folder, O_CREAT | O_EXCL) : Fd();
  int error = mark ? lock(mark) : errno;
  if (mark && error == EOPNOTSUPP) { // no locks here: without its mark nobody takes the folder for a leftover
    unlinkat(folder.get(), k_mark, 0);
    mark.reset();
    error = 0;
  } else if (error == 0) {
    error = write_machine(mark);
  }
  if (error == 0 && mkdirat(folder.get(), k_new_set, 0700) != 0) {
    error = errno;
  }
  if (error == ENOENT || error == EWOULDBLOCK) {
    return std::nullopt;
  }
  if (error != 0) {
    if (mark) {
      unlinkat(folder.get(), k_mark, 0);
    }
    rmdir(path.c_str());
    throw cannot_write(path, error);
  }
  return Aside(path, std::move(folder), std::move(mark));
}

Aside Aside::make(const fs::path& output) {
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    if (std::optional<Aside> made = try_make(output)) {
      return std::move(*made);
    }
  }
  throw cannot_write(output.parent_path(), EAGAIN);
}

std::optional<Aside> Aside::take(const fs::path& output, const std::string& name, std::string& why) {
  why.clear();
  const fs::path path = output.parent_path() / name;
  Fd folder = open_folder(path);
  if (!folder || !is_ours(folder, S_IFDIR)) {
    return std::nullopt;
  }
  Fd mark = open_mark(folder, 0);
  if (!mark && errno == ENOENT) {
    // Killed between two steps, and nothing in it. Where somebody is at those steps now, this fails, or he makes
    // another.
    if (rmdir(path.c_str()) == 0) {
      return std::nullopt;
    }
    mark = open_mark(folder, 0);
  }
  if (!mark || !is_ours(mark, S_IFREG)) {
    struct stat info {};
    const bool there = lstat(path.c_str(), &info) == 0;
    why = there ? std::string("it does not have the mark of agentbox generate (") + k_mark + ")" : "";
    return std::nullopt;
  }
  if (const int error = lock(mark); error != 0) {
    why = error == EOPNOTSUPP ? "its mark cannot be locked" : "";
    return std::nullopt;
  }
  return Aside(path, std::move(folder), std::move(mark));
}

std::vector<std::string> Aside::parts() const {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc/self/fd/" + std::to_string(m_folder.get()))) {
    if (entry.path().filename() != k_mark) {
      names.push_back(entry.path().filename().string());
    }
  }
  return names;
}

std::string Aside::machine() const {
  std::array<char, k_mark_bytes> text{};
  const ssize_t size = pread(m_mark.get(), text.data(), text.size(), 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

bool Aside::rename_part(const char* from, const char* to) const {
  return syscall(SYS_renameat2, m_folder.get(), from, m_folder.get(), to, k_rename_noreplace) == 0;
}

void Aside::remove(const RemoveTree& remove_tree) const {
  for (const char* part : {k_rubbish, k_new_set, k_exchanged}) {
    if (part == k_rubbish || rename_part(part, k_rubbish)) {
      remove_tree(m_path / k_rubbish);
    }
  }
  unlinkat(m_folder.get(), k_mark, 0);
  if (rmdir(m_path.c_str()) != 0 && errno != ENOENT) {
    throw support::system_error(ExitCode::failed, "cannot remove " + m_path.string(), errno);
  }
}

std::string machine_name() {
  struct utsname names {};
  uname(&names);
  return std::string(static_cast<const char*>(names.nodename)) + "\n";
}

bool is_aside_name(const fs::path& output, std::string_view name) {
  const std::string prefix = prefix_for(output);
  const std::string_view random = name.substr(std::min(prefix.size(), name.size()));
  return name.starts_with(prefix) && random.size() == k_random_letters &&
         std::all_of(random.begin(), random.end(), [](unsigned char letter) { return std::isalnum(letter) != 0; });
}

bool rename_with(const fs::path& from, const fs::path& to, unsigned flags) {
  return syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0;
}

} // namespace agentbox::generate
