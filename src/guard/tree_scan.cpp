// SPDX-License-Identifier: Apache-2.0
#include "guard/tree_scan.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "git/layout.hpp"
#include "support/directory.hpp"
#include "support/error.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"
#include "support/tree_changes.hpp"

namespace agentbox::guard {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Returns whether package managers fill a directory called `name`, with hard links to their stores where those are on
/// the same file system.
bool holds_packages(std::string_view name) {
  constexpr std::array<std::string_view, 4> k_names = {"node_modules", "site-packages", "conda-meta", "__pypackages__"};
  return is_one_of(name, k_names);
}

/// Returns whether tools fill a directory called `name`: TreeLimits::bulk.
bool is_bulk(std::string_view name) {
  constexpr std::array<std::string_view, 8> k_names = {"node_modules", "site-packages", "__pycache__", "target",
                                                       ".tox",         ".gradle",       ".yarn",       "conda-meta"};
  return is_one_of(name, k_names);
}

bool is_git_data(std::string_view directory, std::string_view name) {
  constexpr std::array<std::string_view, 5> k_data = {git::k_objects, git::k_refs, git::k_logs, git::k_lfs, "annex"};
  const bool in_git = directory == git::k_git || directory.ends_with("/.git") || directory.find(".git/modules/") == 0 ||
                      directory.find("/.git/modules/") != std::string_view::npos;
  return in_git && is_one_of(name, k_data);
}

void append_to(std::vector<std::string>& list, std::vector<std::string>&& more) {
  list.insert(list.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  support::sort_unique(list);
}

} // namespace

void TreeNames::append(TreeNames&& more) {
  append_to(secrets, std::move(more.secrets));
  append_to(known, std::move(more.known));
  append_to(channels, std::move(more.channels));
  append_to(packages, std::move(more.packages));
  append_to(closed, std::move(more.closed));
  append_to(changed, std::move(more.changed));
  append_to(unread, std::move(more.unread));
  complete = complete && more.complete;
}

/// Reads directories for one thread, and collects what it finds.
class TreeScan::Reader {
public:
  explicit Reader(TreeScan& scan) : m_scan(scan) {}

  void read(const std::string& path, bool bulk) {
    m_bulk = bulk;
    read(support::open_beneath(m_scan.m_root.get(), path, O_RDONLY | O_DIRECTORY | O_NONBLOCK), m_scan.m_root.get(),
         path, path, 0);
  }

  TreeNames found;

private:
  /// Reads a directory; `name` is the directory's path relative to `above`.
  void read(support::Fd fd, int above, const std::string& name, const std::string& path, int depth) {
    const int error = fd ? 0 : errno;
    struct stat info {};
    const bool examined = fd ? fstat(fd.get(), &info) == 0
                             : fstatat(above, name.empty() ? "." : name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (examined && info.st_uid == geteuid() && (info.st_mode & (S_IRUSR | S_IXUSR)) != (S_IRUSR | S_IXUSR) &&
        S_ISDIR(info.st_mode) && faccessat(above, name.empty() ? "." : name.c_str(), R_OK | X_OK, 0) != 0) {
      found.closed.push_back(path);
      return;
    }
    const std::int64_t since = m_scan.m_filter.changed_since;
    if (since != 0 && fd && examined && support::nanoseconds(info.st_ctim) >= since) {
      found.changed.push_back(path);
    }
    if (++m_scan.m_directories > m_scan.m_limits.directories || m_scan.m_entries > m_scan.m_limits.entries) {
      found.complete = false;
      return;
    }
    support::DirectoryReader reader(std::move(fd));
    std::vector<std::string> inner;
    std::size_t entries = 0;
    while (const support::DirectoryEntry* entry = reader.next()) {
      if (++entries > m_scan.m_limits.entries) {
        found.complete = false;
        break;
      }
      add(path, *entry, inner);
    }
    m_scan.m_entries += entries;
    const int failed = reader ? reader.error() : error;
    // The box cannot read other users' directories either (EACCES); one that is gone or is now a link has nothing to
    // scan.
    if (failed != 0 && failed != EACCES && failed != ENOENT && failed != ENOTDIR && failed != ELOOP) {
      throw support::system_error(support::ExitCode::refused,
                                  "cannot read " + support::escape_untrusted((m_scan.m_walk.root() / path).string()),
                                  failed, "to hide it from boxes, add it to [mask] paths in your own configuration");
    }
    descend(reader.fd(), path, inner, depth);
  }

  void descend(int directory, const std::string& path, std::vector<std::string>& inner, int depth) {
    constexpr std::size_t k_enough = 64; // directories that wait for other threads
    constexpr int k_max_depth = 64;      // of open directories
    for (std::string& name : inner) {
      std::string whole = git::join(path, name);
      if (m_bulk || m_scan.m_waiting < k_enough || depth == k_max_depth) {
        const std::lock_guard lock(m_scan.m_mutex);
        (m_bulk ? m_scan.m_bulk : m_scan.m_queue).push_back(std::move(whole));
        m_scan.m_waiting = m_scan.m_queue.size();
        m_scan.m_changed.notify_one();
        continue;
      }
      support::Fd fd(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
      read(std::move(fd), directory, name, whole, depth + 1);
    }
  }

  void add(const std::string& path, const support::DirectoryEntry& entry, std::vector<std::string>& inner) {
    const std::string_view name = entry.name;
    switch (entry.type) {
    case DT_DIR:
      if (!is_git_data(path, name) && !m_scan.m_filter.is_skipped(git::join(path, name))) {
        if (!m_bulk && is_bulk(name)) {
          const std::lock_guard lock(m_scan.m_mutex);
          m_scan.m_bulk.push_back(git::join(path, name));
        } else {
          inner.emplace_back(name);
        }
      } else if (m_scan.m_filter.changed_since != 0) {
        found.unread.push_back(git::join(path, name));
      }
      if (holds_packages(name)) {
        found.packages.push_back(name == "conda-meta" ? path : git::join(path, name));
      }
      break;
    case DT_SOCK:
    case DT_FIFO: found.channels.push_back(git::join(path, name)); break;
    case DT_REG:
    case DT_LNK:
      if (m_scan.m_filter.is_secret(name)) {
        found.secrets.push_back(git::join(path, name));
      }
      break;
    default: return;
    }
    if (!path.empty() && m_scan.m_filter.is_known(name)) {
      found.known.push_back(git::join(path, name));
    }
  }

  TreeScan& m_scan;
  bool m_bulk = false;
};

TreeScan::TreeScan(const Walk& walk, TreeFilter filter, TreeLimits limits)
    : m_walk(walk), m_root(walk.open_directory("")), m_filter(std::move(filter)), m_limits(limits), m_queue{""} {
  constexpr unsigned k_max_threads = 4;
  sigset_t all{};
  sigset_t before{};
  sigfillset(&all); // signals are for the main thread only
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    for (unsigned i = 1; i < std::clamp(std::thread::hardware_concurrency(), 2U, k_max_threads); ++i) {
      m_threads.emplace_back([this] { work(); });
    }
  } catch (const std::system_error&) { // too many processes: finish() does the work
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TreeScan::~TreeScan() {
  {
    const std::lock_guard lock(m_mutex);
    m_stopped = true;
    m_directories = m_limits.directories;
    m_changed.notify_all();
  }
  for (std::thread& thread : m_threads) {
    thread.join();
  }
}

/// Waits for the next directory. Returns false when none is left, or the scan was stopped.
bool TreeScan::next(std::string& path, bool& bulk) {
  std::unique_lock lock(m_mutex);
  while (!m_stopped) {
    bulk = m_queue.empty() && m_busy == m_bulk_busy;
    auto& queue = bulk ? m_bulk : m_queue;
    if (!queue.empty() && !(bulk && ++m_bulk_read > m_limits.bulk)) {
      path = std::move(queue.front());
      queue.pop_front();
      m_waiting = m_queue.size();
      ++m_busy;
      m_bulk_busy += bulk ? 1 : 0;
      return true;
    }
    if (m_busy == 0) {
      m_stopped = true;
      break;
    }
    m_changed.wait(lock);
  }
  m_changed.notify_all();
  return false;
}

void TreeScan::work() {
  Reader reader(*this);
  std::string path;
  bool bulk = false;
  while (next(path, bulk)) {
    std::exception_ptr error;
    try {
      reader.read(path, bulk);
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(m_mutex);
    --m_busy;
    m_bulk_busy -= bulk ? 1 : 0;
    m_error = m_error ? m_error : error;
    m_stopped = m_stopped || error;
    m_changed.notify_all();
  }
  const std::lock_guard lock(m_mutex);
  m_found.append(std::move(reader.found));
}

TreeNames TreeScan::finish() {
  work();
  for (std::thread& thread : m_threads) {
    thread.join();
  }
  m_threads.clear();
  if (m_error) {
    std::rethrow_exception(m_error);
  }
  if (m_filter.changed_since != 0) {
    append_to(m_found.unread, {m_bulk.begin(), m_bulk.end()});
  }
  return std::move(m_found);
}

} // namespace agentbox::guard
