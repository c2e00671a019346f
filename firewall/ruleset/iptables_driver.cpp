// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/iptables_driver.hpp"

#include <array>
#include <chrono>
#include <map>
#include <system_error>

#include "firewall/ruleset/iptables_text.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::firewall::ruleset {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr const char* k_in_image = "/usr/sbin/xtables-multi";
constexpr const char* k_modules_in_image = "/usr/lib/xtables";

/// Returns the program that contains all of iptables. Prefers the nft one: the other needs CAP_NET_RAW.
std::string program() {
  std::error_code ignored;
  if (fs::exists(k_in_image, ignored)) {
    return k_in_image;
  }
  for (const char* name : {"xtables-nft-multi", "xtables-legacy-multi"}) {
    if (const auto found = support::find_program(name)) {
      return *found;
    }
  }
  throw Error(ExitCode::failed, "the driver iptables needs iptables-restore, which is not installed",
              "sudo apt-get install iptables, or: sudo dnf install iptables-nft");
}

std::string run(const std::string& multi, const char* applet, const std::string& input, const fs::path& scratch) {
  std::map<std::string, std::string> env = {{"XTABLES_LOCKFILE", (scratch / "xtables.lock").string()}};
  std::error_code ignored;
  if (multi == k_in_image && fs::exists(k_modules_in_image, ignored)) {
    env["XTABLES_LIBDIR"] = k_modules_in_image;
  }
  const auto result =
      support::capture({{multi, applet}, std::move(env), {}}, input, {1U << 20U, std::chrono::seconds(10)});
  if (!result.status.ok()) {
    throw Error(ExitCode::failed,
                std::string(applet) + " refused the ruleset: " + support::escape_untrusted(result.err, 1000),
                "`agentbox doctor` shows what the host lacks; the driver nftables needs no program");
  }
  return result.out;
}

struct FamilyPrograms {
  Family family;
  const char* restore;
  const char* save;
};

// IPv6 first: after an interruption it is closed as well.
constexpr std::array<FamilyPrograms, 2> k_families = {
    {{Family::six, "ip6tables-restore", "ip6tables-save"}, {Family::four, "iptables-restore", "iptables-save"}}};

} // namespace

std::string IptablesDriver::render(const Ruleset& ruleset) const {
  return "# iptables-restore\n" + to_iptables(ruleset, Family::four) + "# ip6tables-restore\n" +
         to_iptables(ruleset, Family::six);
}

void IptablesDriver::load(const Ruleset& ruleset) const {
  const std::string multi = program();
  for (const auto& [family, restore, save] : k_families) {
    const std::string text = to_iptables(ruleset, family);
    run(multi, restore, text, m_scratch);
    if (const auto problem = iptables_difference(text, run(multi, save, {}, m_scratch)); !problem.empty()) {
      throw Error(ExitCode::failed, "the kernel's ruleset differs from the one loaded: " + problem);
    }
  }
}

void IptablesDriver::unload() const {
  const std::string multi = program();
  for (const auto& [family, restore, save] : k_families) {
    run(multi, restore, empty_iptables(), m_scratch);
  }
}

} // namespace agentbox::firewall::ruleset
