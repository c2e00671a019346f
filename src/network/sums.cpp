// SPDX-License-Identifier: Apache-2.0
#include "network/sums.hpp"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "firewall/audit/sum.hpp"
#include "support/fd.hpp"

namespace agentbox::network {
namespace {

namespace audit = firewall::audit;
using audit::AuditRecord;

constexpr std::size_t k_max_places = 65536; // more than a firewall ever makes
constexpr int k_attempts = 5;

/// The place that begins at `at`; read again when the firewall writes to it just now.
std::optional<audit::Sum> read_place(int file, off_t at) {
  std::string bytes(audit::k_place, '\0');
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    if (pread(file, bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size())) {
      return std::nullopt;
    }
    if (auto sum = audit::from_place(bytes)) {
      return sum;
    }
  }
  return std::nullopt;
}

using ByKey = std::map<std::string, AuditRecord>;

std::string box_key(const AuditRecord& record) {
  return record.box + ' ' + audit::key_of(record);
}

void add_to(ByKey& sums, const AuditRecord& record) {
  const auto [place, is_new] = sums.try_emplace(box_key(record), record);
  if (!is_new) {
    audit::add(place->second, record);
  } else if (record.first.empty()) {
    place->second.first = record.time;
  }
}

std::vector<AuditRecord> values_of(ByKey&& sums) {
  std::vector<AuditRecord> records;
  records.reserve(sums.size());
  for (auto& [key, record] : sums) {
    records.push_back(std::move(record));
  }
  std::stable_sort(records.begin(), records.end(),
                   [](const AuditRecord& a, const AuditRecord& b) { return a.time < b.time; });
  return records;
}

} // namespace

std::vector<AuditRecord> read_totals(const std::filesystem::path& path) {
  const support::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return {};
  }
  ByKey sums; // others of the same kind come from several places
  const std::size_t places = std::min(static_cast<std::size_t>(info.st_size) / audit::k_place, k_max_places);
  for (std::size_t i = 0; i < places; ++i) {
    if (const auto sum = read_place(file.get(), static_cast<off_t>(i * audit::k_place))) {
      add_to(sums, sum->record);
      if (const auto others = audit::others_of(*sum)) {
        add_to(sums, *others);
      }
    }
  }
  return values_of(std::move(sums));
}

std::vector<AuditRecord> summed(const std::vector<AuditRecord>& records) {
  ByKey sums;
  for (const AuditRecord& record : records) {
    add_to(sums, record);
  }
  return values_of(std::move(sums));
}

std::vector<AuditRecord> sums_since(const std::string& since, const std::vector<AuditRecord>& all,
                                    const std::vector<AuditRecord>& lines) {
  ByKey sums;
  for (const AuditRecord& line : lines) {
    add_to(sums, line);
  }
  for (const AuditRecord& record : all) {
    if (record.first >= since) {
      sums[box_key(record)] = record;
    }
  }
  return values_of(std::move(sums));
}

} // namespace agentbox::network
