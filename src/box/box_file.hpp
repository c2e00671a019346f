// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"
#include "policy/policy.hpp"

namespace agentbox::box {

/// Keeps box.json, which the box reads, up to date with what the user changes while the box runs. The launcher alone
/// writes it; it learns of the changes from the firewall's audit log.
class BoxFile {
public:
  BoxFile(std::filesystem::path path, const policy::PolicyFields& fields) : m_path(std::move(path)), m_fields(fields) {}

  /// Replaces the file if `record` is a change by the user, or its end. Only logs a failure, because the box continues.
  void update(const firewall::audit::AuditRecord& record);

private:
  struct Change {
    std::string name;
    std::uint16_t port = 0; ///< 0: every port; never in a grant
    bool allow = false;
    std::string host;
    std::string until;
  };

  std::filesystem::path m_path;
  const policy::PolicyFields& m_fields;
  std::vector<Change> m_changes;
};

} // namespace agentbox::box
