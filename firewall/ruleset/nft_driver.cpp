// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/nft_driver.hpp"

#include <memory>
#include <nftables/libnftables.h>
#include <nlohmann/json.hpp>

#include "firewall/ruleset/in_child.hpp"
#include "firewall/ruleset/nft_json.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::firewall::ruleset {
namespace {

using support::Error;
using support::ExitCode;

struct FreeContext {
  void operator()(nft_ctx* context) const noexcept { nft_ctx_free(context); }
};

/// A libnftables context whose output, messages and errors are kept in buffers.
class Nft {
public:
  Nft() : m_context(nft_ctx_new(NFT_CTX_DEFAULT)) {
    if (!m_context) {
      throw Error(ExitCode::failed, "cannot open libnftables");
    }
    nft_ctx_output_set_flags(m_context.get(),
                             NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_PRIO | NFT_CTX_OUTPUT_NUMERIC_PROTO);
    if (nft_ctx_buffer_output(m_context.get()) != 0 || nft_ctx_buffer_error(m_context.get()) != 0) {
      throw Error(ExitCode::failed, "out of memory in libnftables");
    }
  }

  /// Runs `command` and returns what it printed.
  std::string run(const std::string& command) {
    if (nft_run_cmd_from_buffer(m_context.get(), command.c_str()) != 0) {
      const char* text = nft_ctx_get_error_buffer(m_context.get());
      throw Error(
          ExitCode::failed, "the kernel refused the ruleset: " + support::escape_untrusted(text == nullptr ? "" : text),
          "the host's kernel needs nf_tables, nft_chain_nat, nft_redir, nft_ct, nft_fib_inet, nft_reject_inet and "
          "nft_log; `agentbox doctor` tells which one is missing");
    }
    const char* output = nft_ctx_get_output_buffer(m_context.get());
    return output == nullptr ? std::string() : std::string(output);
  }

private:
  std::unique_ptr<nft_ctx, FreeContext> m_context;
};

void load_and_verify(const Ruleset& ruleset, const std::string& document) {
  Nft nft;
  nft.run(document);
  const std::string listed = nft.run(R"({"nftables":[{"list":{"table":{"family":"inet","name":"agentbox"}}}]})");
  const auto json = nlohmann::json::parse(listed, nullptr, false);
  if (json.is_discarded() || !json.contains("nftables")) {
    throw Error(ExitCode::failed, "the kernel's ruleset cannot be read back");
  }
  if (const std::string problem = difference(comparable_lines(ruleset), json); !problem.empty()) {
    throw Error(ExitCode::failed, "the kernel's ruleset differs from the one loaded: " + problem);
  }
}

} // namespace

std::string NftDriver::render(const Ruleset& ruleset) const {
  return to_nft_json(ruleset).dump(2) + '\n';
}

void NftDriver::load(const Ruleset& ruleset) const {
  // libnftables keeps megabytes allocated after its first use; a child process frees them when it exits.
  in_child([&] { load_and_verify(ruleset, render(ruleset)); });
}

void NftDriver::unload() const {
  in_child([] {
    const nlohmann::ordered_json table = {{"table", {{"family", "inet"}, {"name", k_table}}}};
    // Adds the table before deleting it, so that a missing table does not fail.
    const nlohmann::ordered_json commands = {{{"add", table}}, {{"delete", table}}};
    Nft().run(nlohmann::ordered_json{{"nftables", commands}}.dump());
  });
}

} // namespace agentbox::firewall::ruleset
