// SPDX-License-Identifier: Apache-2.0
#include "network/history.hpp"

#include <algorithm>
#include <fcntl.h>
#include <iterator>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "network/sums.hpp"
#include "protocol/protocol.hpp"
#include "support/fd.hpp"

namespace agentbox::network {
namespace {

namespace fs = std::filesystem;
using firewall::audit::AuditRecord;

constexpr std::string_view k_suffix = protocol::k_log_suffix;
constexpr std::string_view k_old_suffix = protocol::k_old_log_suffix;
constexpr std::string_view k_totals_suffix = protocol::k_totals_suffix;
constexpr off_t k_max_read = off_t{64} << 20;

/// Returns the end of `path`, at most k_max_read bytes; empty if it cannot be read.
std::string read_end(const fs::path& path) {
  const support::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return {};
  }
  off_t at = std::max<off_t>(0, info.st_size - k_max_read);
  std::string text(static_cast<std::size_t>(info.st_size - at), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t count = pread(file.get(), text.data() + have, text.size() - have, at);
    if (count <= 0) {
      break;
    }
    have += static_cast<std::size_t>(count);
    at += count;
  }
  text.resize(have);
  return text;
}

void add_lines(const fs::path& path, const Filter& filter, std::string& oldest, std::vector<AuditRecord>& records) {
  const std::string text = read_end(path);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    auto record = firewall::audit::from_json_line(line);
    if (record && (oldest.empty() || record->time < oldest)) {
      oldest = record->time;
    }
    if (record && filter.wants(*record)) {
      records.push_back(*std::move(record));
    }
  }
}

/// Returns the box whose log or totals `file` is; empty for other files.
std::string box_of(const std::string& file) {
  const std::string box = file.substr(0, file.find('.'));
  const std::string_view suffix = std::string_view(file).substr(box.size());
  // NAME.totals.PID.new: the firewall was killed while it wrote.
  const bool is_ours = suffix == k_suffix || suffix == k_old_suffix || suffix.starts_with(k_totals_suffix);
  return is_ours && protocol::is_box_name(box) ? box : "";
}

void add_box(const fs::path& directory, const std::string& box, const Filter& filter, History& history) {
  std::vector<AuditRecord> lines;
  std::string oldest; // time of the oldest line, whether or not it is wanted
  add_lines(directory / (box + std::string(k_old_suffix)), filter, oldest, lines);
  add_lines(directory / (box + std::string(k_suffix)), filter, oldest, lines);
  std::vector<AuditRecord> all = read_totals(directory / (box + std::string(k_totals_suffix)));
  std::erase_if(all, [&](const AuditRecord& sum) { return !filter.wants(sum); });
  for (const AuditRecord& sum : all) {
    if (oldest.empty() || sum.time < oldest) {
      history.displaced.push_back(sum);
    }
    if (filter.since && sum.first < *filter.since && *filter.since < oldest) {
      history.lines_begin = std::max(history.lines_begin, oldest);
    }
  }
  all = filter.since ? sums_since(*filter.since, all, lines) : all.empty() ? summed(lines) : std::move(all);
  std::move(all.begin(), all.end(), std::back_inserter(history.sums));
  std::move(lines.begin(), lines.end(), std::back_inserter(history.lines));
}

} // namespace

bool Filter::wants(const AuditRecord& record) const {
  return (!box || record.box == *box) && (!since || record.time >= *since);
}

std::vector<std::string> boxes_with_history(const fs::path& directory) {
  std::set<std::string> boxes;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (std::string box = box_of(entry->path().filename().string()); !box.empty()) {
      boxes.insert(std::move(box));
    }
  }
  return {boxes.begin(), boxes.end()};
}

History read_history(const fs::path& directory, const Filter& filter) {
  const auto by_time = [](const AuditRecord& a, const AuditRecord& b) { return a.time < b.time; };
  History history;
  for (const std::string& box : boxes_with_history(directory)) {
    if (!filter.box || box == *filter.box) {
      add_box(directory, box, filter, history);
    }
  }
  for (auto* records : {&history.lines, &history.sums, &history.displaced}) {
    std::stable_sort(records->begin(), records->end(), by_time);
  }
  return history;
}

void prune_history(const fs::path& directory, std::uintmax_t max_bytes, const std::vector<std::string>& keep) {
  struct Log {
    fs::file_time_type written;
    std::uintmax_t bytes = 0;
    fs::path path;
    bool totals = false;
  };
  std::vector<Log> logs;
  std::uintmax_t total = 0;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string box = box_of(entry->path().filename().string());
    std::error_code unreadable;
    if (box.empty() || !entry->is_regular_file(unreadable) || entry->is_symlink(unreadable)) {
      continue;
    }
    const Log log{entry->last_write_time(unreadable), entry->file_size(unreadable), entry->path(),
                  entry->path().extension() == k_totals_suffix};
    total += unreadable ? 0 : log.bytes;
    if (!unreadable && std::find(keep.begin(), keep.end(), box) == keep.end()) {
      logs.push_back(log);
    }
  }
  std::sort(logs.begin(), logs.end(),
            [](const Log& a, const Log& b) { return a.totals != b.totals ? b.totals : a.written < b.written; });
  std::set<std::string> pruned;
  for (const Log& log : logs) {
    if (total <= max_bytes) {
      break;
    }
    if (fs::remove(log.path, error)) {
      total -= log.bytes;
      pruned.insert(box_of(log.path.filename().string()));
    }
  }
  for (const std::string& box : boxes_with_history(directory)) {
    pruned.erase(box);
  }
  for (const std::string& box : pruned) { // nothing of it is left
    fs::remove(directory / (box + protocol::k_log_lock_suffix), error);
  }
}

} // namespace agentbox::network
