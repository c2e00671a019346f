// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/nft_driver.hpp"

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "firewall/ruleset/nft_json.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::firewall::ruleset {
namespace {

using support::Error;
using support::ExitCode;

constexpr const char* k_nft_program = "agentbox-nft";
constexpr const char* k_list = R"({"nftables":[{"list":{"table":{"family":"inet","name":"agentbox"}}}]})";

/// Runs the documents in `lines`, one per line, and returns what was listed.
std::string nft(const std::string& lines) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / k_nft_program;
  const auto result = support::capture({{program.string()}, {}, {}}, lines, {16U << 20U, std::chrono::seconds(10)});
  if (!result.status.ok()) {
    throw Error(
        ExitCode::failed, "the kernel refused the ruleset: " + support::escape_untrusted(result.err, 1000),
        "the host's kernel needs nf_tables, nft_chain_nat, nft_redir, nft_ct, nft_fib_inet, nft_reject_inet and "
        "nft_log; `agentbox doctor` tells which one is missing");
  }
  return result.out;
}

} // namespace

std::string NftDriver::render(const Ruleset& ruleset) const {
  return to_nft_json(ruleset).dump(2) + '\n';
}

void NftDriver::load(const Ruleset& ruleset) const {
  const std::string listed = nft(to_nft_json(ruleset).dump() + '\n' + k_list + '\n');
  const auto json = nlohmann::json::parse(listed, nullptr, false);
  if (json.is_discarded() || !json.contains("nftables")) {
    throw Error(ExitCode::failed, "the kernel's ruleset cannot be read back");
  }
  if (const std::string problem = difference(comparable_lines(ruleset), json); !problem.empty()) {
    throw Error(ExitCode::failed, "the kernel's ruleset differs from the one loaded: " + problem);
  }
}

void NftDriver::unload() const {
  const nlohmann::ordered_json table = {{"table", {{"family", "inet"}, {"name", k_table}}}};
  // Adds the table before deleting it, because deleting a missing table would fail.
  const nlohmann::ordered_json commands = {{{"add", table}}, {{"delete", table}}};
  nft(nlohmann::ordered_json{{"nftables", commands}}.dump() + '\n');
}

} // namespace agentbox::firewall::ruleset
