// SPDX-License-Identifier: Apache-2.0
#include "network/sums.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "firewall/audit/sum.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::network {
namespace {

namespace audit = firewall::audit;
using audit::AuditRecord;

using ByKey = std::map<std::string, AuditRecord>;

std::string box_key(const AuditRecord& record) {
  return record.box + ' ' + audit::key_of(record);
}

void add_to(ByKey& sums, const AuditRecord& record) {
  const auto [place, is_new] = sums.try_emplace(box_key(record), record);
  if (is_new) {
    place->second.first = record.first_time();
  } else {
    audit::add(place->second, record);
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
  try {
    const auto text = support::read_file_beneath(path.parent_path(), path.filename(), audit::k_max_totals_bytes);
    return summed(audit::parse_totals(text.value_or("")));
  } catch (const support::Error&) { // a link or a FIFO: not written by a firewall
    return {};
  }
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
