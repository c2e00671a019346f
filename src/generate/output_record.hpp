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

/// agentbox.json, which lies beside every generated set: what it was made from, so that a later one can be compared
/// with it in words, and the digests of its files, so that changes by hand are seen.
struct Record {
  std::string format;                         ///< format_text()
  policy::PolicyFields policy;                ///< credentials hidden
  std::map<std::string, std::string> options; ///< what the format needed besides: "seccomp" -> "runtime"
  std::map<std::string, std::string> files;   ///< path -> SHA-256, hex
};

inline constexpr const char* k_record_file = "agentbox.json";

/// The text of a set's record. Same input, same bytes.
std::string record_text(oci::OutputFormat format, const policy::Policy& policy,
                        const std::map<std::string, std::string>& options, const oci::GeneratedSet& set);

/// Reads the record of the set in `folder`. Throws support::Error(usage) when the folder holds none.
Record read_record(const std::filesystem::path& folder);

/// Those files of the set in `folder` that are not as they were written: changed, or missing.
std::vector<std::string> changed_by_hand(const Record& record, const std::filesystem::path& folder);

/// Whether `folder` holds nothing but a set as agentbox wrote it, and what a bundle's `start` adds. A damaged record is
/// none of ours.
bool is_untouched_set(const std::filesystem::path& folder);

} // namespace agentbox::generate
