// SPDX-License-Identifier: Apache-2.0
#include "review/scan.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>

#include "git/layout.hpp"
#include "review/classify.hpp"
#include "review/directory_queue.hpp"
#include "review/hard_links.hpp"
#include "review/hidden_changes.hpp"
#include "support/directory.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace agentbox::review {
namespace {

using Clock = std::chrono::steady_clock;

/// Returns the CPU time of this thread: a busy machine must not end a scan early.
std::chrono::nanoseconds cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}
using support::Fd;
using support::open_beneath;

constexpr std::size_t k_clock_every = 256; // files between two readings of the clock
constexpr int k_max_waiting = 4;           // times the time limit, for a slow disk
constexpr std::size_t k_max_turn = 1024;   // files of a large directory that are examined before the next one
constexpr std::size_t k_max_reading = 4 * k_max_turn; // names that are read in a turn

/// Returns the first `max` bytes of regular file `name`; empty when it cannot be read.
std::string read_file(int directory, const char* name, std::size_t max = k_max_content) {
  const Fd fd(openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return {};
  }
  std::string text(std::min(max, static_cast<std::size_t>(info.st_size)), '\0');
  const ssize_t count = pread(fd.get(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

std::string read_link(int directory, const char* name) {
  std::array<char, 4096> target{};
  const ssize_t length = readlinkat(directory, name, target.data(), target.size());
  return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string();
}

/// Returns whether a directory of that name usually contains a directory of programs.
bool has_programs_below(std::string_view path) {
  constexpr std::array<std::string_view, 8> k_names = {".local", ".tox",         ".venv",  "env",
                                                       "local",  "node_modules", "vendor", "venv"};
  return std::find(k_names.begin(), k_names.end(), path.substr(path.find_last_of('/') + 1)) != k_names.end();
}

/// A directory that is being examined.
struct Level {
  std::string path;           ///< with a slash at the end, or empty
  bool has_data = false;      ///< it contains objects and refs
  bool in_repository = false; ///< a repository for Git, perhaps with its data elsewhere
  bool mounted = false;       ///< it was a mount in the box, which cannot move it
  bool unchanged = false;     ///< nothing was created, removed or renamed in it
  bool arrived = false;       ///< it, or a directory above it, was moved here
  RepositoryPart part;
  std::size_t depth = 1;
  bool deciding = false; ///< its path makes the host run what is here (decides())
  bool renewed = false;  ///< so even old files may be new here
};

class Scan {
public:
  Scan(const timespec& since, const executes::Matcher& known, const MountedFiles& mounted, const ScanLimits& limits,
       ReviewReport& report)
      : m_since(since), m_names(known), m_mounted(mounted), m_limits(limits),
        m_deadline(Clock::now() + k_max_waiting * limits.time), m_cpu_deadline(cpu_time() + limits.time),
        m_report(report) {}

  /// Scans in the order of DirectoryQueue: a large directory uses up the limits only when the others were examined.
  void tree(const ReviewedTree& tree, const KnownDirectories& known, const std::string& prefix) {
    m_prefix = prefix;
    m_tree = &tree;
    m_known = &known;
    m_queue = {};
    m_root = Fd(open(tree.root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    for (std::optional<PendingDirectory> next = PendingDirectory{}; next && !m_over; next = m_queue.pop()) {
      visit(*next);
    }
  }

  /// Adds what was not examined to the report.
  void finish() {
    m_links.report_to(m_report);
    if (m_unread > 0) {
      add_reason(std::to_string(m_unread) + (m_unread == 1 ? " directory" : " directories") + " could not be read");
    }
    if (m_too_deep > 0) {
      add_reason(std::to_string(m_too_deep) + (m_too_deep == 1 ? " is" : " are") + " more than " +
                 std::to_string(m_limits.depth) + " directories deep");
    }
  }

private:
  void add_reason(const std::string& reason) { m_report.stopped += (m_report.stopped.empty() ? "" : "; ") + reason; }

  void visit(PendingDirectory& pending) {
    if (!pending.rest) {
      pending.rest = std::make_shared<DirectoryRest>(open_beneath(m_root.get(), pending.path, O_RDONLY | O_DIRECTORY));
    }
    const int number = pending.rest->reader.fd();
    if (!pending.rest->reader) {
      ++m_unread;
      return;
    }
    const auto has = [&](const char* name) { return faccessat(number, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; };
    Level level;
    level.path = pending.path + (pending.path.empty() ? "" : "/");
    level.has_data = has(git::k_objects) && has(git::k_refs);
    level.in_repository = has(git::k_head) && (level.has_data || has(git::k_commondir)); // as Git decides it (setup.c)
    level.part = pending.part;
    level.depth = pending.depth;
    decide(level, number, pending);
    for (const std::string& name : next_names(level, *pending.rest)) {
      count(level);
      if (m_over) {
        return;
      }
      examine(level, number, name);
    }
    if (pending.rest->more || !pending.rest->files.empty()) {
      m_queue.push_rest(std::move(pending));
    }
  }

  /// Returns the names of a directory that are examined in this turn: of a large one, directories and some files. The
  /// first turn begins with known names that were not read; those need no reading.
  std::vector<std::string> next_names(const Level& level, DirectoryRest& rest) {
    std::vector<std::string> now;
    std::size_t read = 0;
    const bool first = !rest.more;
    rest.more = false;
    while (const support::DirectoryEntry* entry = rest.reader.next()) {
      std::string name(entry->name);
      const std::string path = level.path + name;
      const bool early = entry->type == DT_DIR || name == git::k_git || m_names.is_name(path);
      if (!rest.known.contains(name)) {
        (early ? now : rest.files).push_back(std::move(name));
      }
      if (++read == k_max_reading) {
        rest.more = true;
        break;
      }
    }
    m_unread += rest.reader.error() != 0 ? 1 : 0;
    if (first && rest.more) {
      rest.known = known_names(level, rest.reader.fd());
      for (auto* list : {&now, &rest.files}) {
        std::erase_if(*list, [&](const std::string& name) { return rest.known.contains(name); });
      }
      now.insert(now.begin(), rest.known.begin(), rest.known.end());
    }
    const auto turn = rest.files.begin() + static_cast<std::ptrdiff_t>(std::min(rest.files.size(), k_max_turn));
    now.insert(now.end(), std::make_move_iterator(rest.files.begin()), std::make_move_iterator(turn));
    rest.files.erase(rest.files.begin(), turn);
    return now;
  }

  /// Returns what exists of known names, and of directories that were there before the box.
  std::set<std::string> known_names(const Level& level, int directory) const {
    std::set<std::string> known = {git::k_git};
    for (const std::string_view one : m_names.first_parts()) {
      known.emplace(one);
    }
    for (auto one = m_known->inodes.lower_bound(level.path);
         one != m_known->inodes.end() && one->first.starts_with(level.path); ++one) {
      known.insert(one->first.substr(level.path.size(), one->first.find('/', level.path.size()) - level.path.size()));
    }
    std::erase_if(known, [&](const std::string& name) {
      return faccessat(directory, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    });
    return known;
  }

  void decide(Level& level, int directory, const PendingDirectory& pending) const {
    const std::string_view path =
        std::string_view(level.path).substr(0, level.path.size() - (level.path.empty() ? 0 : 1));
    level.deciding = pending.above_decides || level.in_repository || decides(path, m_names) ||
                     is_referenced(path, true, m_tree->referenced, m_tree->command_files);
    struct stat info {};
    level.unchanged = fstat(directory, &info) == 0 && !is_new(info.st_ctim);
    level.mounted = m_mounted.contains({info.st_dev, info.st_ino});
    level.renewed = level.deciding && !level.mounted && (!level.unchanged || pending.above_renewed);
    level.arrived = !path.empty() && !level.mounted && (pending.above_arrived || has_arrived(path, info));
  }

  /// Returns whether directory `path` was moved there since `m_since`. A rename changes st_ctime, but so does
  /// every new file in it: without a baseline, a directory of programs, or one that usually contains such a directory,
  /// counts as moved.
  bool has_arrived(std::string_view path, const struct stat& info) const {
    if (!is_new(info.st_ctim)) {
      return false;
    }
    if (const auto known = m_known->inodes.find(std::string(path)); known != m_known->inodes.end()) {
      return known->second != info.st_ino;
    }
    const auto slash = path.find_last_of('/');
    const std::string above(slash == std::string_view::npos ? "" : path.substr(0, slash));
    return m_known->read.contains(above) || !is_new(info.st_mtim) || holds_programs(path) || has_programs_below(path);
  }

  void count(const Level& level) {
    const std::string top = level.path.substr(0, level.path.find('/') + 1); // npos + 1 is 0
    const std::size_t mine = ++m_used[m_prefix + top];
    if (mine > m_most) {
      m_most = mine;
      m_largest = m_prefix + top;
    }
    if (m_report.looked_at >= m_limits.entries) {
      stop(std::to_string(m_limits.entries) + " files");
    } else if (++m_report.looked_at % k_clock_every == 0 &&
               (cpu_time() > m_cpu_deadline || Clock::now() > m_deadline)) {
      stop(std::to_string(m_limits.time.count()) + " ms");
    }
  }

  void stop(const std::string& limit) {
    m_over = true;
    const std::string where = m_largest.empty() ? "the top directory" : support::escape_untrusted(m_largest, 80);
    add_reason("stopped after " + limit + "; most files were in " + where);
  }

  /// Returns whether `level` is a repository whose data cannot have been replaced. Any directory can be laid out like a
  /// repository.
  static bool is_real(const Level& level) {
    return level.has_data && level.in_repository &&
           (level.mounted || (level.unchanged && ("/" + level.path).ends_with("/.git/")));
  }

  /// Returns whether `name` is large, and never run.
  static bool is_data(const Level& level, const std::string& name) {
    return is_real(level) && (name == git::k_objects || name == git::k_lfs);
  }

  static RepositoryPart part_of(const Level& level, const std::string& name) {
    const bool records = level.in_repository && (name == git::k_refs || name == git::k_logs);
    return {level.in_repository && name == git::k_hooks, level.part.records || records,
            level.part.links_only || (records && is_real(level)), inside(level, name)};
  }

  /// Returns the path of `name` in the repository that contains it; empty when none does.
  static std::string inside(const Level& level, const std::string& name) {
    return level.in_repository ? name : level.part.below.empty() ? std::string() : level.part.below + "/" + name;
  }

  bool is_new(const timespec& time) const {
    return std::pair(time.tv_sec, time.tv_nsec) >= std::pair(m_since.tv_sec, m_since.tv_nsec);
  }

  void examine(const Level& level, int directory, const std::string& name) {
    struct stat info {};
    if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return; // gone meanwhile
    }
    if (is_new(info.st_ctim)) {
      m_links.add(m_prefix + level.path + name, info);
    }
    const bool moved_program = level.arrived && !S_ISDIR(info.st_mode) &&
                               holds_programs(std::string_view(level.path).substr(0, level.path.size() - 1));
    if (is_new(info.st_ctim) || level.renewed || moved_program) {
      report(level, directory, name, info);
    }
    if (!S_ISDIR(info.st_mode)) {
      return;
    }
    if (is_data(level, name)) {
      m_links.add_objects(directory, name.c_str(), m_prefix + level.path + name,
                          [&](const timespec& time) { return is_new(time); });
      const std::string more = name + "/" + git::k_info;
      if (name == git::k_objects && faccessat(directory, more.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        m_queue.push({level.path + more, {false, false, false, more}, level.depth + 2, false, false, false, nullptr},
                     true);
      }
      return;
    }
    if (level.depth >= m_limits.depth) {
      ++m_too_deep;
      return;
    }
    const bool known = level.deciding || name == git::k_git || m_names.is_name(level.path + name);
    m_queue.push({level.path + name, part_of(level, name), level.depth + 1, level.deciding,
                  level.deciding && level.renewed, level.arrived, nullptr},
                 known);
  }

  /// Returns what a file of a repository hides.
  std::optional<ReviewFinding> hidden_by(const Level& level, int directory, const std::string& name) const {
    const std::string path = inside(level, name);
    if (path.empty()) {
      return std::nullopt;
    }
    std::string how;
    const auto content = [&] { return read_file(directory, name.c_str(), k_max_index); };
    if (path == "index" || path.starts_with("sharedindex.")) {
      const bool of_tree = level.path == std::string(git::k_git) + "/";
      const auto exists = [&](const std::string& file) {
        const std::string whole =
            level.path.substr(0, level.path.size() - std::min<std::size_t>(level.path.size(), 5)) + file;
        return !("/" + level.path).ends_with("/.git/") ||
               faccessat(m_root.get(), whole.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
      };
      how = newly_hidden(content(), of_tree ? m_known->hidden : std::set<std::string>(), exists,
                         [&](const std::string& beside) { return read_file(directory, beside.c_str(), k_max_index); });
    } else {
      how = hides_changes(path, content);
    }
    return how.empty() ? std::nullopt
                       : std::optional(ReviewFinding{FindingKind::hides_changes, level.path + name, how});
  }

  void report(const Level& level, int directory, const std::string& name, const struct stat& info) {
    ChangedFile entry;
    entry.path = level.path + name;
    entry.mode = info.st_mode;
    entry.in_repository = level.in_repository;
    entry.in_hooks = level.part.hooks;
    entry.in_records = level.part.records;
    entry.referenced = is_referenced(entry.path, S_ISLNK(info.st_mode), m_tree->referenced, m_tree->command_files);
    entry.content = [&] {
      return S_ISLNK(info.st_mode) ? read_link(directory, name.c_str()) : read_file(directory, name.c_str());
    };
    std::optional<ReviewFinding> finding;
    if (!level.part.links_only || S_ISLNK(info.st_mode)) {
      finding = classify(entry, m_names);
    }
    if (!finding && S_ISREG(info.st_mode)) {
      finding = hidden_by(level, directory, name);
    }
    if (finding) {
      finding->path = m_prefix + finding->path;
      add_finding(m_report, *std::move(finding));
    }
  }

  timespec m_since;
  const executes::Matcher& m_names;
  const MountedFiles& m_mounted;
  const ReviewedTree* m_tree = nullptr;
  const KnownDirectories* m_known = nullptr;
  const ScanLimits& m_limits;
  Clock::time_point m_deadline;
  std::chrono::nanoseconds m_cpu_deadline;
  ReviewReport& m_report;
  std::string m_prefix;
  Fd m_root;
  DirectoryQueue m_queue;
  std::unordered_map<std::string, std::size_t> m_used; ///< entries examined, by directory of the top
  std::size_t m_most = 0;
  std::string m_largest; ///< the directory with the most
  HardLinks m_links;
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

void scan(const std::vector<ReviewedTree>& trees, const timespec& since, const std::vector<std::string>& protect,
          const Baseline& before, const ScanLimits& limits, ReviewReport& report) {
  const executes::Matcher known(protect);
  Scan scan(since, known, before.mounted, limits, report);
  const KnownDirectories nothing;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const KnownDirectories& directories = i < before.directories.size() ? before.directories[i] : nothing;
    scan.tree(trees[i], directories, i == 0 ? "" : trees[i].root.string() + "/");
  }
  scan.finish();
  std::sort(report.findings.begin(), report.findings.end(), [](const ReviewFinding& a, const ReviewFinding& b) {
    return std::tie(a.kind, a.path) < std::tie(b.kind, b.path);
  });
}

} // namespace agentbox::review
