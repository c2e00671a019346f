// SPDX-License-Identifier: Apache-2.0
#include "selinux/relabel.hpp"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <map>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "support/directory.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::selinux {
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;

constexpr std::size_t k_max_entries = 5'000'000;
constexpr std::size_t k_progress_step = 50'000;

/// A file with several names that needs another label.
struct LinkedFile {
  std::string path; ///< one of them
  nlink_t names = 0;
  nlink_t seen = 0;
};

struct PendingDirectory {
  std::string path;        ///< relative to the top
  bool everything = false; ///< its label was wrong, so those of its entries may be too
  bool alone = false;      ///< it has changed; changed directories below it are listed separately
};

Fd open_top(const Relabelling& what) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC | (what.tree ? O_DIRECTORY : 0);
  how.resolve = RESOLVE_NO_SYMLINKS;
  Fd fd(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, what.path.c_str(), &how, sizeof how)));
  if (!fd) {
    throw support::system_error(ExitCode::refused, "cannot label " + support::in_quotes(what.path.string(), 4096),
                                errno, errno == ELOOP ? "part of the path has become a symbolic link" : "");
  }
  return fd;
}

class Relabeller {
public:
  Relabeller(const Relabelling& what, FileLabels& labels, const std::function<void(std::size_t)>& progress)
      : m_what(what), m_labels(labels), m_progress(progress), m_top(open_top(what)) {}

  RelabelReport run() {
    struct stat info {};
    fstat(m_top.get(), &info);
    if (m_what.identity && protocol::FileId{info.st_dev, info.st_ino} != *m_what.identity) {
      throw Error(ExitCode::refused,
                  support::in_quotes(m_what.path.string(), 4096) + " was replaced after it was checked",
                  "start the box again");
    }
    m_device = info.st_dev;
    const std::optional<std::string> wanted = new_context(m_labels.context_of(m_top.get()));
    if (!m_what.tree) {
      if (wanted && S_ISREG(info.st_mode) && info.st_nlink > 1) {
        keep(m_what.path.string(), m_report.linked, m_report.first_linked);
        return m_report;
      }
      label_top(wanted);
      return m_report;
    }
    const bool was_right = !wanted;
    if (!label_top(wanted)) {
      return m_report;
    }
    walk(m_what.changed_since == 0 || !was_right);
    if (m_incomplete_links) { // all names of a file are only seen when everything is examined
      m_links.clear();
      walk(true);
    }
    label_linked();
    return m_report;
  }

private:
  /// Returns the context to set in place of `current`; nothing when that is right.
  std::optional<std::string> new_context(const std::string& current) const {
    auto context = parse_context(current);
    if (!context) {
      context = Context{"system_u", "object_r", "", ""};
    }
    if (has_label(*context, m_what.label)) {
      return std::nullopt;
    }
    context->type = m_what.label.type;
    context->level = m_what.label.level;
    return to_text(*context);
  }

  /// Labels the top. Returns false when that is not possible.
  bool label_top(const std::optional<std::string>& wanted) {
    ++m_report.examined;
    if (wanted) {
      m_report.error = m_labels.set_context(m_top.get(), *wanted);
      m_report.changed += m_report.error == 0 ? 1 : 0;
    }
    return m_report.error == 0;
  }

  void walk(bool everything) {
    std::vector<PendingDirectory> pending;
    if (everything || !m_what.changes) {
      pending.push_back({"", everything});
    } else {
      for (const std::string& path : m_what.changes->changed) {
        pending.push_back({path, false, true});
      }
      for (const std::string& path : m_what.changes->unread) {
        pending.push_back({path});
      }
    }
    while (!pending.empty()) {
      const PendingDirectory directory = std::move(pending.back());
      pending.pop_back();
      walk_directory(directory, everything, pending);
    }
  }

  void walk_directory(const PendingDirectory& directory, bool whole, std::vector<PendingDirectory>& pending) {
    constexpr int k_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    support::DirectoryReader reader(support::open_beneath(m_top.get(), directory.path, k_flags));
    struct stat info {};
    if (!reader || fstat(reader.fd(), &info) != 0 || info.st_dev != m_device) {
      return; // gone, not ours to read, or another file system
    }
    const bool examine =
        directory.everything || directory.alone || support::nanoseconds(info.st_ctim) >= m_what.changed_since;
    const std::string prefix = directory.path.empty() ? "" : directory.path + "/";
    while (const support::DirectoryEntry* entry = reader.next()) {
      if (entry->type != DT_DIR && entry->type != DT_REG && entry->type != DT_LNK) {
        continue;
      }
      const std::string name(entry->name);
      bool changed = false;
      if (examine) {
        count();
        if (const auto wanted = new_context(m_labels.context_in(reader.fd(), name.c_str()))) {
          changed = label_entry(reader.fd(), name, prefix + name, *wanted, whole);
        }
      }
      if (entry->type == DT_DIR && (changed || !directory.alone)) {
        pending.push_back({prefix + name, directory.everything || changed});
      }
    }
  }

  void count() {
    if (++m_report.examined > k_max_entries) {
      throw Error(ExitCode::refused,
                  support::in_quotes(m_what.path.string(), 4096) + " has too many files to label (5,000,000)",
                  "use a smaller directory, or label it yourself: [selinux] label = \"never\"");
    }
    if (m_report.examined % k_progress_step == 0 && m_progress) {
      m_progress(m_report.examined);
    }
  }

  /// Returns whether the entry got its label.
  bool label_entry(int directory, const std::string& name, const std::string& path, const std::string& wanted,
                   bool whole) {
    const Fd file(openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!file || fstat(file.get(), &info) != 0 || info.st_dev != m_device) {
      return false;
    }
    if (!S_ISDIR(info.st_mode) && info.st_nlink > 1) {
      m_incomplete_links = !whole;
      LinkedFile& linked = m_links.try_emplace(info.st_ino, LinkedFile{path, info.st_nlink, 0}).first->second;
      ++linked.seen;
      return false;
    }
    return set(file, path, wanted);
  }

  bool set(const Fd& file, const std::string& path, const std::string& wanted) {
    if (m_labels.set_context(file.get(), wanted) != 0) {
      keep(path, m_report.denied, m_report.first_denied);
      return false;
    }
    ++m_report.changed;
    return true;
  }

  /// Labels the files with several names if all of them are below the top.
  void label_linked() {
    for (const auto& [inode, linked] : m_links) {
      const Fd file = support::open_beneath(m_top.get(), linked.path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
      struct stat info {};
      const bool same = file && fstat(file.get(), &info) == 0 && info.st_ino == inode && info.st_dev == m_device;
      if (!same) {
        continue;
      }
      if (info.st_nlink > linked.seen) {
        keep(linked.path, m_report.linked, m_report.first_linked);
      } else if (const auto wanted = new_context(m_labels.context_of(file.get()))) {
        set(file, linked.path, *wanted);
      }
    }
  }

  static void keep(const std::string& path, std::size_t& count, std::string& first) {
    if (count++ == 0) {
      first = path;
    }
  }

  const Relabelling& m_what;
  FileLabels& m_labels;
  const std::function<void(std::size_t)>& m_progress;
  Fd m_top;
  dev_t m_device = 0;
  std::map<ino_t, LinkedFile> m_links;
  bool m_incomplete_links = false;
  RelabelReport m_report;
};

} // namespace

RelabelReport relabel(const Relabelling& what, FileLabels& labels, const std::function<void(std::size_t)>& progress) {
  return Relabeller(what, labels, progress).run();
}

} // namespace agentbox::selinux
