// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "oci/pod/generated_set.hpp"
#include "oci/pod/output_format.hpp"
#include "policy/policy.hpp"

namespace agentbox::generate {

/// agentbox.json, which is part of every generated set: its policy, so that a later set can be compared with it, and
/// the digests of its files, so that manual changes are detected.
struct Record {
  std::string format;                         ///< format_text()
  policy::PolicyFields policy;                ///< credentials hidden
  std::map<std::string, std::string> options; ///< options of the format: "seccomp" -> "runtime"
  std::map<std::string, std::string> files;   ///< path -> SHA-256, hex
};

inline constexpr const char* k_record_file = "agentbox.json";

/// Returns the text of a set's record. Same input, same bytes.
std::string record_text(oci::OutputFormat format, const policy::Policy& policy,
                        const std::map<std::string, std::string>& options, const oci::GeneratedSet& set);

/// Reads the record of the set in `directory`. Throws support::Error(usage) when the directory holds none.
Record read_record(const std::filesystem::path& directory);

/// Returns the files of the set in `directory` that were changed or are missing.
std::vector<std::string> changed_by_hand(const Record& record, const std::filesystem::path& directory);

/// Returns whether `directory` contains nothing but an unchanged set and the files that a bundle's `start` adds. False
/// for a damaged record.
bool is_untouched_set(const std::filesystem::path& directory);

} // namespace agentbox::generate
