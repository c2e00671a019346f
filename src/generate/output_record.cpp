// SPDX-License-Identifier: Apache-2.0
#include "generate/output_record.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "oci/bundle/bundle.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::generate {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t k_record_bytes = 64U << 20U; // a policy may list 200,000 hosts
constexpr std::size_t k_file_bytes = 64U << 20U;

/// Returns whether `directory` contains nothing but the files of `record` and what is added to a bundle.
bool has_only(const Record& record, const fs::path& directory) {
  std::set<fs::path> files = {k_record_file};
  std::set<fs::path> parents;
  std::set<fs::path> whole; // with everything below them
  if (record.format == oci::format_text(oci::OutputFormat::oci)) {
    files.insert(oci::k_start_files.begin(), oci::k_start_files.end());
    whole.insert(oci::k_bundle_directories.begin(), oci::k_bundle_directories.end());
  }
  for (const auto& [name, digest] : record.files) {
    files.insert(name);
    for (fs::path parent = fs::path(name).parent_path(); parent.has_relative_path(); parent = parent.parent_path()) {
      parents.insert(parent);
    }
  }
  for (fs::recursive_directory_iterator entry(directory), end; entry != end; ++entry) {
    const fs::path path = entry->path().lexically_relative(directory);
    const fs::file_status status = entry->symlink_status();
    if (fs::is_directory(status) && whole.contains(path)) {
      entry.disable_recursion_pending();
    } else if (!(fs::is_directory(status) ? parents : files).contains(path) ||
               !(fs::is_directory(status) || fs::is_regular_file(status))) {
      return false;
    }
  }
  return true;
}

} // namespace

std::string record_text(oci::OutputFormat format, const policy::Policy& policy,
                        const std::map<std::string, std::string>& options, const oci::GeneratedSet& set) {
  json files = json::object();
  for (const oci::GeneratedFile& file : set) {
    files[file.path] = support::sha256_hex(file.content);
  }
  const json record = {{"version", 1},
                       {"format", oci::format_text(format)},
                       {"options", options},
                       {"policy", json::parse(policy::to_json(policy))},
                       {"files", std::move(files)}};
  return record.dump(2, ' ', true) + "\n";
}

Record read_record(const fs::path& directory) {
  const fs::path path = directory / k_record_file;
  const auto text = support::read_file_if_exists(path, k_record_bytes);
  if (!text) {
    throw support::Error(support::ExitCode::usage,
                         support::in_quotes(directory.string()) + " does not contain a set that agentbox generated",
                         "give the directory of an earlier agentbox generate --output");
  }
  try {
    const json document = json::parse(*text);
    if (document.at("version") != 1) {
      throw support::Error(support::ExitCode::usage, path.string() + " was written by another version of agentbox");
    }
    return {document.at("format").get<std::string>(),
            policy::fields_from_json(document.at("policy").dump(), path.string()),
            document.at("options").get<std::map<std::string, std::string>>(),
            document.at("files").get<std::map<std::string, std::string>>()};
  } catch (const json::exception& error) {
    throw support::Error(support::ExitCode::usage,
                         path.string() + " is damaged: " + support::escape_untrusted(error.what()));
  }
}

std::vector<std::string> changed_by_hand(const Record& record, const fs::path& directory) {
  const auto is_unchanged = [&](const std::string& name, const std::string& digest) {
    try {
      const auto text = support::read_file_beneath(directory, name, k_file_bytes);
      return text && support::sha256_hex(*text) == digest;
    } catch (const support::Error&) { // a link, too large, or not inside
      return false;
    }
  };
  std::vector<std::string> result;
  for (const auto& [name, digest] : record.files) {
    if (!is_unchanged(name, digest)) {
      result.push_back(name);
    }
  }
  return result;
}

bool is_untouched_set(const fs::path& directory) {
  try {
    const Record record = read_record(directory);
    return changed_by_hand(record, directory).empty() && has_only(record, directory);
  } catch (const support::Error&) {
    return false;
  } catch (const fs::filesystem_error&) { // a directory that cannot be read
    return false;
  }
}

} // namespace agentbox::generate
