// SPDX-License-Identifier: Apache-2.0
#include "generate/output_record.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "policy/policy_json.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::generate {
namespace {

using nlohmann::json;

constexpr std::size_t k_record_bytes = 64U << 20U; // a policy may list 200,000 hosts
constexpr std::size_t k_file_bytes = 64U << 20U;

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
  return record.dump(2) + "\n";
}

Record read_record(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / k_record_file;
  const auto text = support::read_file_if_exists(path, k_record_bytes);
  if (!text) {
    throw support::Error(support::ExitCode::usage,
                         support::in_quotes(folder.string()) + " does not contain a set that agentbox generated",
                         "name the folder of an earlier agentbox generate --output");
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

std::vector<std::string> changed_by_hand(const Record& record, const std::filesystem::path& folder) {
  std::vector<std::string> result;
  for (const auto& [name, digest] : record.files) {
    const std::filesystem::path path(name);
    const bool inside = path.is_relative() && path.lexically_normal() == path && *path.begin() != "..";
    const auto text = inside ? support::read_file_if_exists(folder / path, k_file_bytes) : std::nullopt;
    if (!text || support::sha256_hex(*text) != digest) {
      result.push_back(name);
    }
  }
  return result;
}

bool is_untouched_set(const std::filesystem::path& folder) {
  Record record;
  try {
    record = read_record(folder);
  } catch (const support::Error&) {
    return false;
  }
  if (!changed_by_hand(record, folder).empty()) {
    return false;
  }
  // Including the files that a bundle's `start` adds.
  std::set<std::string> known = {k_record_file, "run", "firewall.pid", "uplink.pid", "uplink.log"};
  for (const auto& [name, digest] : record.files) {
    known.insert(std::filesystem::path(name).begin()->string());
  }
  for (const std::filesystem::directory_entry& entry : std::filesystem::directory_iterator(folder)) {
    if (!known.contains(entry.path().filename().string())) {
      return false;
    }
  }
  return true;
}

} // namespace agentbox::generate
