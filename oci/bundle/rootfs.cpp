// SPDX-License-Identifier: Apache-2.0
#include "oci/bundle/rootfs.hpp"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::oci::bundle {
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;

constexpr mode_t k_permissions = 07777;
constexpr mode_t k_folder_mode = 0755;
constexpr int k_max_depth = 256;

Error failed(const std::string& what, const std::string& path) {
  return support::system_error(ExitCode::failed,
                               "cannot " + what + " " + support::in_quotes(path) + " in the root filesystem", errno);
}

Fd open_beneath(int folder, const std::string& name) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  return Fd(static_cast<int>(syscall(SYS_openat2, folder, name.c_str(), &how, sizeof how)));
}

bool is_folder(int folder, const std::string& name) {
  struct stat info {};
  return fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

/// Nothing is written through a symbolic link, wherever it leads.
Error through_link(const std::string& path) {
  return {ExitCode::refused,
          "the image has an entry below " + support::in_quotes(path) +
              ", which is no folder: it would be written through a link",
          "such an image is broken or hostile; do not use it"};
}

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

} // namespace

Rootfs::Rootfs(const std::filesystem::path& folder, std::vector<IdMapping> uids, std::vector<IdMapping> gids)
    : m_root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)), m_uids(std::move(uids)),
      m_gids(std::move(gids)) {
  if (!m_root) {
    throw support::system_error(ExitCode::failed, "cannot open " + folder.string(), errno);
  }
}

Fd Rootfs::open_folder(const std::vector<std::string>& folders, bool make) {
  Fd current(fcntl(m_root.get(), F_DUPFD_CLOEXEC, 3));
  std::string path;
  for (const std::string& name : folders) {
    path += (path.empty() ? "" : "/") + name;
    Fd next = open_beneath(current.get(), name);
    if (!next && errno == ENOENT && make) {
      if (mkdirat(current.get(), name.c_str(), k_folder_mode) != 0) {
        throw failed("make folder", path);
      }
      next = open_beneath(current.get(), name);
      if (next) {
        own(next.get(), Attributes{0, 0, k_folder_mode, {}, {}}, parse_entry_path(path));
      }
    }
    if (!next) {
      if (errno == ENOENT && !make) {
        return {};
      }
      if (errno == ELOOP || errno == ENOTDIR) {
        throw through_link(path);
      }
      throw failed("open folder", path);
    }
    current = std::move(next);
  }
  return current;
}

/// The folder that holds `path`, or -1 when it is missing and `make` is false.
int Rootfs::parent(const EntryPath& path, bool make) {
  if (path.name.empty()) {
    throw Error(ExitCode::refused, "the image has an entry that would replace the root folder itself");
  }
  // An open folder stays the folder it was, even if a later entry removes it: then writing into it fails.
  if (!m_last_fd || m_last != path.folders) {
    m_last_fd = open_folder(path.folders, make);
    m_last = path.folders;
  }
  return m_last_fd.get();
}

std::uint32_t Rootfs::mapped(std::uint32_t id, const std::vector<IdMapping>& map, const EntryPath& path) const {
  for (const auto& [container_id, host_id, size] : map) {
    if (id >= container_id && id - container_id < size) {
      return host_id + (id - container_id);
    }
  }
  throw Error(ExitCode::refused, "the image's " + support::in_quotes(path.text()) + " belongs to id " +
                                     std::to_string(id) + ", which the box's user namespace does not have");
}

void Rootfs::own(int fd, const Attributes& attributes, const EntryPath& path) const {
  if (!m_uids.empty() && fchown(fd, mapped(attributes.uid, m_uids, path), mapped(attributes.gid, m_gids, path)) != 0) {
    throw failed("set the owner of", path.text());
  }
  struct stat info {};
  const bool keep_open = m_uids.empty() && fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
  if (fchmod(fd, (attributes.mode & k_permissions) | (keep_open ? S_IRWXU : 0U)) !=
      0) { // after fchown, which clears setuid
    throw failed("set the mode of", path.text());
  }
  for (const auto& [name, value] : attributes.xattrs) {
    if (fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0 && errno != EOPNOTSUPP &&
        (errno != EPERM || !m_uids.empty())) {
      throw failed("set attribute " + support::in_quotes(name) + " of", path.text());
    }
  }
}

void Rootfs::folder(const EntryPath& path, const Attributes& attributes) {
  if (path.name.empty()) {
    own(m_root.get(), attributes, path);
    return;
  }
  const int above = parent(path, true);
  if (!is_folder(above, path.name)) {
    remove(path);
    if (mkdirat(above, path.name.c_str(), S_IRWXU) != 0) {
      throw failed("make folder", path.text());
    }
  }
  const Fd made = open_beneath(above, path.name);
  if (!made) {
    throw failed("open folder", path.text());
  }
  own(made.get(), attributes, path);
}

Fd Rootfs::file(const EntryPath& path) {
  const int above = parent(path, true);
  constexpr int k_flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Fd made(openat(above, path.name.c_str(), k_flags, S_IRUSR | S_IWUSR));
  if (!made && errno == EEXIST) {
    remove(path);
    made.reset(openat(above, path.name.c_str(), k_flags, S_IRUSR | S_IWUSR));
  }
  if (!made) {
    throw failed("make", path.text());
  }
  return made;
}

void Rootfs::finish(const EntryPath& path, const Fd& file, const Attributes& attributes) {
  own(file.get(), attributes, path);
  const timespec times[2] = {attributes.modified, attributes.modified};
  if (futimens(file.get(), times) != 0) {
    throw failed("set the time of", path.text());
  }
}

void Rootfs::symbolic_link(const EntryPath& path, const std::string& target, const Attributes& attributes) {
  const int above = parent(path, true);
  remove(path);
  if (symlinkat(target.c_str(), above, path.name.c_str()) != 0) {
    throw failed("make link", path.text());
  }
  if (!m_uids.empty() && fchownat(above, path.name.c_str(), mapped(attributes.uid, m_uids, path),
                                  mapped(attributes.gid, m_gids, path), AT_SYMLINK_NOFOLLOW) != 0) {
    throw failed("set the owner of", path.text());
  }
}

void Rootfs::hard_link(const EntryPath& path, const EntryPath& target) {
  const Fd from = target.name.empty() ? Fd() : open_folder(target.folders, false);
  struct stat info {};
  if (!from || fstatat(from.get(), target.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    throw Error(ExitCode::refused, "the image's " + support::in_quotes(path.text()) + " is a hard link to " +
                                       support::in_quotes(target.text()) + ", which is not there");
  }
  if (S_ISDIR(info.st_mode)) {
    throw Error(ExitCode::refused, "the image's " + support::in_quotes(path.text()) + " is a hard link to a folder");
  }
  if (path.text() == target.text()) {
    return;
  }
  const int above = parent(path, true);
  remove(path);
  if (linkat(from.get(), target.name.c_str(), above, path.name.c_str(), 0) != 0) {
    throw failed("make hard link", path.text());
  }
}

void Rootfs::fifo(const EntryPath& path, const Attributes& attributes) {
  const int above = parent(path, true);
  remove(path);
  if (mkfifoat(above, path.name.c_str(), attributes.mode & k_permissions) != 0) {
    throw failed("make FIFO", path.text());
  }
  if (!m_uids.empty() && fchownat(above, path.name.c_str(), mapped(attributes.uid, m_uids, path),
                                  mapped(attributes.gid, m_gids, path), AT_SYMLINK_NOFOLLOW) != 0) {
    throw failed("set the owner of", path.text());
  }
}

void Rootfs::remove(const EntryPath& path) {
  const int above = parent(path, false);
  if (above < 0) {
    m_last_fd.reset();
    return;
  }
  if (unlinkat(above, path.name.c_str(), 0) == 0 || errno == ENOENT) {
    return;
  }
  if (errno != EISDIR && errno != EPERM) {
    throw failed("remove", path.text());
  }
  const Fd doomed = open_beneath(above, path.name);
  if (!doomed) {
    throw failed("remove", path.text());
  }
  clear_open(
      doomed.get(), path.text(), [](const std::string&) { return false; }, 0);
  if (unlinkat(above, path.name.c_str(), AT_REMOVEDIR) != 0) {
    throw failed("remove", path.text());
  }
}

void Rootfs::clear(const EntryPath& path, const std::function<bool(const std::string&)>& keep) {
  m_last_fd.reset(); // it may be among what goes
  std::vector<std::string> folders = path.folders;
  if (!path.name.empty()) {
    folders.push_back(path.name);
  }
  if (const Fd folder = open_folder(folders, false)) {
    clear_open(folder.get(), path.text(), keep, 0);
  }
}

void Rootfs::clear_open(int fd, const std::string& path, const std::function<bool(const std::string&)>& keep,
                        int depth) {
  if (depth > k_max_depth) {
    throw Error(ExitCode::refused, "the image's " + support::in_quotes(path) + " is too deep to be removed");
  }
  const int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  const Folder folder(fdopendir(own_fd), closedir);
  if (!folder) {
    ::close(own_fd);
    throw failed("read folder", path);
  }
  rewinddir(folder.get());
  while (const dirent* entry = readdir(folder.get())) {
    const std::string name = entry->d_name;
    const std::string below = path.empty() ? name : path + "/" + name;
    if (name == "." || name == "..") {
      continue;
    }
    const bool kept = keep(below);
    if (is_folder(fd, name)) {
      const Fd inner = open_beneath(fd, name);
      if (!inner) {
        throw failed("open folder", below);
      }
      clear_open(inner.get(), below, keep, depth + 1); // a kept folder keeps only what this layer put there
      if (!kept && unlinkat(fd, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOTEMPTY) {
        throw failed("remove", below);
      }
    } else if (!kept && unlinkat(fd, name.c_str(), 0) != 0) {
      throw failed("remove", below);
    }
  }
}

} // namespace agentbox::oci::bundle
