// SPDX-License-Identifier: Apache-2.0
// Scans the names in the project before a box starts.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// The names that a scan found. Paths are relative to the root; each list is sorted.
struct TreeNames {
  std::vector<std::string> secrets;  ///< files and links whose name TreeFilter::is_secret
  std::vector<std::string> known;    ///< files, links and directories whose name TreeFilter::is_known, below the top
  std::vector<std::string> channels; ///< Unix sockets and FIFOs: a process of the host may be at the other end
  std::vector<std::string> packages; ///< node_modules, site-packages, conda environments: filled by package managers
  std::vector<std::string> closed;   ///< the user's own directories without permission to read or search them, which
                                     ///< the box could change
  std::vector<std::string> changed;  ///< directories that changed since TreeFilter::changed_since (st_ctime)
  std::vector<std::string> unread;   ///< with changed_since: directories that were not read
  bool complete = true;              ///< false: there is more than the limits allow

  void append(TreeNames&& more);
};

/// Selects what to look for. The predicates are called in several threads.
struct TreeFilter {
  std::function<bool(std::string_view)> is_secret;
  std::function<bool(std::string_view)> is_known;
  std::function<bool(const std::string&)> is_skipped; ///< a directory, by its path: nothing in it matters
  std::int64_t changed_since = 0;                     ///< nanoseconds since the epoch; 0: changes are not looked for
};

struct TreeLimits {
  std::size_t directories = 200'000;
  std::size_t entries = 4'000'000;
  /// Maximum number of bulk directories: those below node_modules, target and the like, which tools filled. Read last.
  std::size_t bulk = 2'000;
};

/// Reads the names below the root of a walk, following no links. Neither objects nor references of Git repositories are
/// read. Most of the time is spent in the kernel, so other threads begin immediately.
class TreeScan {
public:
  TreeScan(const Walk& walk, TreeFilter filter, TreeLimits limits = {});
  TreeScan(const TreeScan&) = delete;
  TreeScan& operator=(const TreeScan&) = delete;
  /// Stops the threads.
  ~TreeScan();

  /// Helps to scan, waits for the end and returns what was found. Throws Error(refused) when a directory cannot be read
  /// for reasons other than its owner or mode.
  TreeNames finish();

private:
  class Reader;
  void work();
  bool next(std::string& path, bool& bulk);

  const Walk& m_walk;
  support::Fd m_root;
  TreeFilter m_filter;
  TreeLimits m_limits;
  std::atomic<std::size_t> m_waiting = 0;
  std::atomic<std::size_t> m_directories = 0;
  std::atomic<std::size_t> m_entries = 0;
  std::mutex m_mutex; ///< guards all members below
  std::condition_variable m_changed;
  std::deque<std::string> m_queue;
  std::deque<std::string> m_bulk; ///< bulk directories, read after all others
  std::size_t m_bulk_read = 0;
  std::size_t m_busy = 0;      ///< threads that are reading
  std::size_t m_bulk_busy = 0; ///< those that read from m_bulk
  bool m_stopped = false;
  std::exception_ptr m_error;
  TreeNames m_found;
  std::vector<std::thread> m_threads; ///< last, so that the other members exist before they run
};

} // namespace agentbox::guard
