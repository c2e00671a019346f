// SPDX-License-Identifier: Apache-2.0
#include "guard/tree_look.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "git/layout.hpp"
#include "support/directory.hpp"

namespace agentbox::guard {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Filled by package managers, with hard links to their stores where those are on the same file system.
bool holds_packages(std::string_view name) {
  constexpr std::array<std::string_view, 4> k_names = {"node_modules", "site-packages", "conda-meta", "__pypackages__"};
  return is_one_of(name, k_names);
}

/// Full of what tools generated.
bool is_bulk(std::string_view name) {
  constexpr std::array<std::string_view, 8> k_names = {"node_modules", "site-packages", "__pycache__", "target",
                                                       ".tox",         ".gradle",       ".yarn",       "conda-meta"};
  return is_one_of(name, k_names);
}

bool is_git_data(std::string_view folder, std::string_view name) {
  constexpr std::array<std::string_view, 5> k_data = {git::k_objects, git::k_refs, git::k_logs, git::k_lfs, "annex"};
  const bool in_git = folder == git::k_git || folder.ends_with("/.git") || folder.find(".git/modules/") == 0 ||
                      folder.find("/.git/modules/") != std::string_view::npos;
  return in_git && is_one_of(name, k_data);
}

class Look {
public:
  Look(const Walk& walk, const std::function<bool(std::string_view)>& is_wanted)
      : m_root(walk.open_folder("")), m_is_wanted(is_wanted) {}

  TreeLook run() {
    m_folders.emplace_back();
    while (!m_folders.empty() || !m_bulk.empty()) {
      const bool bulk = m_folders.empty();
      auto& queue = bulk ? m_bulk : m_folders;
      const std::string path = std::move(queue.front());
      queue.pop_front();
      m_bulk_read += bulk ? 1 : 0;
      if (m_bulk_read > k_max_bulk_folders_read) {
        break; // filled by tools: not worth a message
      }
      if (++m_read > k_max_folders_read || m_entries > k_max_entries_read) {
        m_look.unread = path;
        break;
      }
      read(path, bulk);
    }
    return std::move(m_look);
  }

private:
  void read(const std::string& path, bool bulk) {
    const support::Directory folder =
        support::read_directory(support::Fd(openat(m_root.get(), path.empty() ? "." : path.c_str(),
                                                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)));
    if (!folder || faccessat(dirfd(folder.get()), ".", X_OK, 0) != 0) {
      struct stat info {};
      if (errno == EACCES &&
          fstatat(m_root.get(), path.empty() ? "." : path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
          info.st_uid == geteuid()) {
        m_look.closed.push_back(path);
      }
      return; // others' are closed to the box as well; what is gone has nothing in it
    }
    for (const dirent* entry = nullptr; (entry = support::next_entry(folder)) != nullptr;) {
      ++m_entries;
      add(path, static_cast<const char*>(entry->d_name), type_of(folder, *entry), bulk);
    }
  }

  static unsigned char type_of(const support::Directory& folder, const dirent& entry) {
    struct stat info {};
    if (entry.d_type != DT_UNKNOWN ||
        fstatat(dirfd(folder.get()), static_cast<const char*>(entry.d_name), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return entry.d_type;
    }
    return static_cast<unsigned char>(IFTODT(info.st_mode));
  }

  void add(const std::string& folder, std::string_view name, unsigned char type, bool bulk) {
    switch (type) {
    case DT_DIR:
      if (!is_git_data(folder, name)) {
        (bulk || is_bulk(name) ? m_bulk : m_folders).push_back(git::join(folder, name));
      }
      if (holds_packages(name)) {
        m_look.packages.push_back(name == "conda-meta" ? folder : git::join(folder, name));
      }
      break;
    case DT_SOCK:
    case DT_FIFO: m_look.channels.push_back(git::join(folder, name)); break;
    case DT_REG:
    case DT_LNK:
      if (m_is_wanted(name)) {
        m_look.named.push_back(git::join(folder, name));
      }
      break;
    default: break;
    }
  }

  support::Fd m_root;
  const std::function<bool(std::string_view)>& m_is_wanted;
  TreeLook m_look;
  std::deque<std::string> m_folders; ///< to be read
  std::deque<std::string> m_bulk;    ///< to be read last
  std::size_t m_read = 0;
  std::size_t m_bulk_read = 0;
  std::size_t m_entries = 0;
};

} // namespace

TreeLook look_at_tree(const Walk& walk, const std::function<bool(std::string_view)>& is_wanted) {
  return Look(walk, is_wanted).run();
}

} // namespace agentbox::guard
