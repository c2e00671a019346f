// SPDX-License-Identifier: Apache-2.0
#include "network/live_notices.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "boxes/registry.hpp"
#include "support/command.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::network {
namespace {

using namespace std::chrono_literals;
using network::Notice;

constexpr auto k_repeat_interval = 60s;  // the same notice is shown at most once a minute
constexpr std::size_t k_max_recent = 20; // different things in that time
constexpr auto k_between_notifications = 10s;
constexpr auto k_quiet = 60ms;     // without output of the agent: no escape sequence is incomplete
constexpr auto k_patience = 600ms; // the longest wait for such a moment
constexpr std::size_t k_max_title = 120;

/// Returns how many bytes the descendants of `process` have written, as far as the kernel reports it.
std::uint64_t written_by_children(pid_t process, int depth = 0) {
  constexpr int k_max_depth = 4;
  const std::string directory = fmt::format("/proc/{}", process);
  std::uint64_t sum = 0;
  if (depth > 0) {
    const std::string io = support::read_file_if_exists(directory + "/io", 4096).value_or("");
    if (const auto at = io.find("wchar: "); at != std::string::npos) {
      std::uint64_t bytes = 0;
      std::from_chars(io.data() + at + 7, io.data() + io.size(), bytes);
      sum += bytes;
    }
  }
  std::istringstream children(
      support::read_file_if_exists(fmt::format("{}/task/{}/children", directory, process), 65536).value_or(""));
  for (pid_t child = 0; depth < k_max_depth && children >> child;) {
    sum += written_by_children(child, depth + 1);
  }
  return sum;
}

std::uint64_t written_so_far() {
  try {
    return written_by_children(getpid());
  } catch (const std::exception&) { // a process that is gone, or a kernel that does not report it
    return 0;
  }
}

/// Writes in one call, and never waits for a terminal that is stopped with Ctrl-S.
void write_to_terminal(const std::string& text) {
  const support::Fd terminal(open("/dev/tty", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (terminal) {
    [[maybe_unused]] const ssize_t ignored = write(terminal.get(), text.data(), text.size());
  }
}

bool supports_titles() {
  const char* term = std::getenv("TERM");
  const std::string_view name = term == nullptr ? "" : term;
  return !name.empty() && name != "dumb" && name != "linux";
}

} // namespace

std::string title_sequence(const std::string& text, bool keep) {
  return std::string(keep ? "\033[22;2t" : "") + "\033]2;" + support::escape_untrusted(text, k_max_title) + "\007";
}

std::string restore_title_sequence() {
  return "\033]2;\007\033[23;2t"; // emptied first: some terminals save no title
}

LiveNotices::LiveNotices(const std::filesystem::path& audit, std::string box, const support::Terminal& terminal,
                         bool notify, KnownRequests known)
    : m_tail(audit, box, network::Watching::by_polling), m_box(std::move(box)), m_known(std::move(known)),
      m_lines(!terminal.interactive() || !terminal.err), m_titles(terminal.interactive() && supports_titles()),
      m_notify(notify) {}

LiveNotices::~LiveNotices() {
  if (m_notifier > 0) {
    waitpid(m_notifier, nullptr, WNOHANG);
  }
  if (m_titled) {
    write_to_terminal(restore_title_sequence());
  }
}

bool LiveNotices::is_worth_reporting(const std::string& what, Clock::time_point now) {
  std::erase_if(m_recent, [&](const auto& one) { return now - one.second >= k_repeat_interval; });
  const bool fresh = m_recent.size() <= k_max_recent && m_recent.emplace(what, now).second;
  if (fresh && m_recent.size() > k_max_recent && m_lines) {
    spdlog::info("more hosts are denied; see them with: agentbox network follow");
  }
  return fresh && m_recent.size() <= k_max_recent;
}

void LiveNotices::report(const Notice& notice) {
  const std::string box =
      boxes::find_sessions().size() > 1 ? m_box : ""; // if several run, the command must name the box
  if (m_lines) {
    spdlog::info("{}", network::line_of(notice, box));
    m_reported.insert(notice.key());
  }
  if (m_titles) {
    const std::string command = network::allow_command(notice, box);
    m_title = fmt::format("{} {} - {}", notice.asked ? "the agent asks for" : "denied", notice.what,
                          command.empty() ? notice.why : command);
    m_title_due = Clock::now() + k_patience;
    m_written.reset();
  }
}

std::vector<Notice> LiveNotices::read_new() {
  constexpr std::size_t k_max_kept = 10000;
  std::vector<Notice> notices;
  for (auto& record : m_tail.read_new()) {
    if (m_on_record) {
      m_on_record(record);
    }
    if (auto notice = m_known.use_up(record) ? std::nullopt : network::notice_of(record)) {
      notices.push_back(*std::move(notice));
      if (m_denied.size() < k_max_kept) {
        m_denied.push_back(std::move(record));
      }
    }
  }
  return notices;
}

const std::vector<firewall::audit::AuditRecord>& LiveNotices::denied() {
  do {
    read_new();
  } while (m_tail.more());
  return m_denied;
}

std::chrono::milliseconds LiveNotices::report_new() {
  const auto now = Clock::now();
  for (const Notice& notice : read_new()) {
    if (is_worth_reporting(notice.key(), now)) {
      report(notice);
      notify_desktop(notice, now);
    }
  }
  if (m_tail.more()) {
    return 0ms;
  }
  return m_title.empty() ? k_pace : write_title_when_quiet(now);
}

// The agent writes to the same terminal. A title inside one of its escape sequences would break both, so it is written
// after a moment without output.
std::chrono::milliseconds LiveNotices::write_title_when_quiet(Clock::time_point now) {
  const std::uint64_t written = written_so_far();
  if (std::exchange(m_written, written) != written && now < m_title_due) {
    return k_quiet;
  }
  write_to_terminal(title_sequence(m_title, !m_titled));
  m_titled = true;
  m_title.clear();
  return k_pace;
}

void LiveNotices::notify_desktop(const Notice& notice, Clock::time_point now) {
  if (!m_notify || (m_notified && now - *m_notified < k_between_notifications)) {
    return;
  }
  const auto program = support::find_program("notify-send");
  if (!program) {
    return;
  }
  m_notified = now;
  if (m_notifier > 0) {
    waitpid(m_notifier, nullptr, WNOHANG);
  }
  support::Command command;
  // A notification may interpret markup, and the name comes from the box: remove characters that no name has.
  std::string what = notice.what;
  std::erase_if(what, [](char c) { return c == '<' || c == '>' || c == '&'; });
  command.argv = {*program,
                  "--app-name=agentbox",
                  "--expire-time=10000",
                  "--",
                  (notice.asked ? "agentbox: the agent asks for " : "agentbox denied ") + what,
                  notice.entry.empty() ? notice.why : network::allow_command(notice, m_box)};
  for (const char* name : {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"}) {
    if (const char* value = std::getenv(name)) {
      command.env[name] = value;
    }
  }
  const support::Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  command.fds = {{0, null.get()}, {1, null.get()}, {2, null.get()}};
  m_notifier = support::spawn(command);
}

} // namespace agentbox::network
