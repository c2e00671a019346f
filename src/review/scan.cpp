// SPDX-License-Identifier: Apache-2.0
#include "review/scan.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "review/classify.hpp"
#include "support/fd.hpp"

namespace agentbox::review {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;
using support::Fd;

constexpr std::size_t k_clock_every = 256; // entries between two looks at the clock

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

/// The first bytes of regular file `name`; empty when it cannot be read.
std::string read_file(int folder, const char* name) {
  const Fd fd(openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return {};
  }
  std::string text(k_most_content, '\0');
  const ssize_t count = pread(fd.get(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

std::string read_link(int folder, const char* name) {
  std::array<char, 4096> target{};
  const ssize_t length = readlinkat(folder, name, target.data(), target.size());
  return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string();
}

/// An open folder and what is still to be looked at in it.
struct Level {
  std::unique_ptr<DIR, CloseFolder> folder;
  std::string path;           ///< with a slash at the end, or empty
  bool has_data = false;      ///< objects and refs lie in it
  bool in_repository = false; ///< Git takes it for a repository, or for one with its data elsewhere
  bool in_hooks = false;      ///< the hooks of one
  bool deciding = false;      ///< the names so far decide that the host runs what lies here
  bool renewed = false;       ///< so what is here may be new here, although it is old
};

class Scan {
public:
  Scan(const timespec& since, const std::vector<std::string>& protect, const Held& held, const Limits& limits,
       Report& report)
      : m_since(since), m_protect(protect), m_held(held), m_limits(limits), m_deadline(Clock::now() + limits.time),
        m_report(report) {}

  void tree(const fs::path& root, const std::string& prefix) {
    m_prefix = prefix;
    m_levels.clear();
    enter(Fd(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)), "", false);
    while (!m_levels.empty() && !m_over) {
      const dirent* entry = readdir(m_levels.back().folder.get());
      if (entry == nullptr) {
        m_levels.pop_back();
        continue;
      }
      const std::string name(static_cast<const char*>(entry->d_name));
      if (name != "." && name != "..") {
        count();
        look(name);
      }
    }
  }

  /// What was not looked at, in words.
  void finish() {
    if (m_unread > 0) {
      add_reason(std::to_string(m_unread) + (m_unread == 1 ? " folder" : " folders") + " could not be read");
    }
    if (m_too_deep > 0) {
      add_reason(std::to_string(m_too_deep) + " lie deeper than " + std::to_string(m_limits.depth) + " folders");
    }
  }

private:
  void add_reason(const std::string& reason) { m_report.stopped += (m_report.stopped.empty() ? "" : "; ") + reason; }

  void enter(Fd fd, std::string path, bool hooks_of_repository) {
    const int number = fd.get();
    std::unique_ptr<DIR, CloseFolder> folder(fd ? fdopendir(number) : nullptr);
    if (!folder) {
      ++m_unread;
      return;
    }
    static_cast<void>(fd.release()); // the DIR's now
    const auto has = [&](const char* name) { return faccessat(number, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; };
    Level level{std::move(folder), std::move(path)};
    level.has_data = has("objects") && has("refs");
    level.in_repository = has("HEAD") && (level.has_data || has("commondir")); // as Git decides it (setup.c)
    level.in_hooks = hooks_of_repository;
    decide(level, number);
    m_levels.push_back(std::move(level));
  }

  void decide(Level& level, int folder) const {
    const std::string_view path =
        std::string_view(level.path).substr(0, level.path.size() - (level.path.empty() ? 0 : 1));
    const Level* above = m_levels.empty() ? nullptr : &m_levels.back();
    const bool inherits = above != nullptr && above->deciding;
    level.deciding = inherits || level.in_repository || decides(path, m_protect);
    struct stat info {};
    const bool moved = fstat(folder, &info) != 0 || is_new(info);
    level.renewed =
        level.deciding && !m_held.contains({info.st_dev, info.st_ino}) && (moved || (inherits && above->renewed));
  }

  void count() {
    if (++m_report.looked_at > m_limits.entries) {
      m_over = true;
      add_reason("stopped after " + std::to_string(m_limits.entries) + " files");
    } else if (m_report.looked_at % k_clock_every == 0 && Clock::now() > m_deadline) {
      m_over = true;
      add_reason("stopped after " + std::to_string(m_limits.time.count()) + " ms");
    }
  }

  /// A repository's data: nothing there is run, and there is much of it.
  bool is_data(const Level& level, const std::string& name) const {
    return level.has_data && level.in_repository &&
           (name == "objects" || name == "refs" || name == "logs" || name == "lfs");
  }

  bool is_new(const struct stat& info) const {
    return std::pair(info.st_ctim.tv_sec, info.st_ctim.tv_nsec) >= std::pair(m_since.tv_sec, m_since.tv_nsec);
  }

  void look(const std::string& name) {
    const Level& level = m_levels.back();
    const int folder = dirfd(level.folder.get());
    struct stat info {};
    if (fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return; // gone meanwhile
    }
    if (is_new(info) || level.renewed) {
      note(level, folder, name, info);
    }
    if (!S_ISDIR(info.st_mode) || is_data(level, name)) {
      return;
    }
    if (m_levels.size() >= m_limits.depth) {
      ++m_too_deep;
      return;
    }
    std::string path = level.path + name + "/"; // `level` does not outlive enter()
    const bool hooks = level.in_repository && name == "hooks";
    enter(Fd(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)), std::move(path), hooks);
  }

  void note(const Level& level, int folder, const std::string& name, const struct stat& info) {
    Entry entry;
    entry.path = level.path + name;
    entry.mode = info.st_mode;
    entry.in_repository = level.in_repository;
    entry.in_hooks = level.in_hooks;
    entry.content = [&] {
      return S_ISLNK(info.st_mode) ? read_link(folder, name.c_str()) : read_file(folder, name.c_str());
    };
    auto finding = classify(entry, m_protect);
    if (!finding) {
      return;
    }
    if (++m_report.counts[finding->kind] <= k_most_findings) {
      finding->path = m_prefix + finding->path;
      m_report.findings.push_back(*std::move(finding));
    }
  }

  timespec m_since;
  const std::vector<std::string>& m_protect;
  const Held& m_held;
  const Limits& m_limits;
  Clock::time_point m_deadline;
  Report& m_report;
  std::string m_prefix;
  std::vector<Level> m_levels;
  bool m_over = false;
  std::size_t m_unread = 0;
  std::size_t m_too_deep = 0;
};

timespec clock_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time;
}

constexpr std::int64_t k_second = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * k_second + time.tv_nsec;
}

} // namespace

Moment Moment::now() {
  Moment moment;
  // Change times are taken from this clock, which runs behind by up to one tick of the kernel.
  moment.m_wall = clock_of(CLOCK_REALTIME_COARSE);
  moment.m_boot = clock_of(CLOCK_BOOTTIME);
  return moment;
}

timespec Moment::earliest() const {
  constexpr std::int64_t k_slack = 20'000'000; // between the readings of two clocks, and a tick
  const Moment later = now();
  const std::int64_t step =
      (nanoseconds(later.m_wall) - nanoseconds(m_wall)) - (nanoseconds(later.m_boot) - nanoseconds(m_boot));
  if (step > -k_slack) {
    return m_wall;
  }
  const std::int64_t earliest = nanoseconds(m_wall) + step;
  return {earliest / k_second, earliest % k_second};
}

void scan(const std::vector<fs::path>& trees, const timespec& since, const std::vector<std::string>& protect,
          const Held& held, const Limits& limits, Report& report) {
  Scan scan(since, protect, held, limits, report);
  for (const fs::path& tree : trees) {
    scan.tree(tree, &tree == &trees.front() ? "" : tree.string() + "/");
  }
  scan.finish();
  std::sort(report.findings.begin(), report.findings.end(),
            [](const Finding& a, const Finding& b) { return std::tie(a.kind, a.path) < std::tie(b.kind, b.path); });
}

} // namespace agentbox::review
