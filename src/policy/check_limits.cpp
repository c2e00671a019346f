// SPDX-License-Identifier: Apache-2.0
// Rules about resources, ports, confinement and the network.
#include <set>

#include "policy/address.hpp"
#include "policy/allow_entry.hpp"
#include "policy/findings.hpp"
#include "policy/path_rules.hpp"
#include "policy/public_suffix.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

constexpr std::uint64_t k_mebibyte = 1ULL << 20U;
constexpr std::uint64_t k_tebibyte = 1ULL << 40U;
constexpr std::size_t k_max_entries = 200'000;

struct Range {
  std::uint64_t lowest;
  std::uint64_t highest;
  std::string_view text;
  std::string_view unit = ""; ///< of the refused value
};

void require_range(std::uint64_t value, Range range, std::string_view where, Findings& findings) {
  findings.require(value >= range.lowest && value <= range.highest, where,
                   "must be " + std::string(range.text) + ", not " + std::to_string(value) + std::string(range.unit));
}

template <typename Item>
void check_list(const std::vector<Item>& list, std::string_view where, Findings& findings,
                std::variant<Item, EntryProblem> (*parse)(std::string_view)) {
  findings.require(support::is_sorted_unique(list), where, "internal error: the list is not sorted and unique");
  for (const Item& item : list) {
    const auto result = parse(item.text());
    if (const auto* problem = std::get_if<EntryProblem>(&result)) {
      findings.add(std::string(where), problem->message, problem->hint);
    } else if (!(std::get<Item>(result) == item)) {
      findings.add(std::string(where), support::in_quotes(item.text()) + " is not in its canonical form");
    }
  }
}

void check_paths(const std::vector<std::string>& paths, const std::vector<std::string>& at_least,
                 std::string_view where, Findings& findings) {
  for (const std::string& path : paths) {
    findings.require(is_normal_absolute(path) && is_clean_text(path), where,
                     support::in_quotes(path) + " is not an absolute, normal path");
  }
  for (const std::string& path : at_least) {
    findings.require(support::contains(paths, path), where, path + " is missing");
  }
}

} // namespace

void check_ports(const std::vector<PublishedPort>& ports, Findings& findings) {
  std::set<std::pair<std::string, std::uint16_t>> used;
  for (const auto& [address, host_port, box_port] : ports) {
    findings.require(parse_address(address).has_value(), "-p",
                     support::in_quotes(address) + " is not a valid IP address");
    findings.require(host_port != 0 && box_port != 0, "-p", "a port must be 1 to 65535");
    findings.require(used.emplace(address, host_port).second, "-p",
                     "port " + std::to_string(host_port) + " of " + support::in_quotes(address) +
                         " is published twice");
  }
}

void check_limits(const Limits& limits, Findings& findings) {
  const auto& [pids, memory_bytes, cpu_millis, shm_bytes, tmp_bytes, open_files] = limits;
  require_range(pids, {16, 32768, "16 to 32768"}, "limits.pids", findings);
  if (memory_bytes) {
    require_range(*memory_bytes, {64 * k_mebibyte, 16 * k_tebibyte, "64MiB to 16TiB", " bytes"}, "limits.memory",
                  findings);
  }
  if (cpu_millis) {
    require_range(*cpu_millis, {50, 1'024'000, "0.05 to 1024 CPUs", " thousandths"}, "limits.cpus", findings);
  }
  require_range(shm_bytes, {k_mebibyte, k_tebibyte, "1MiB to 1TiB"}, "limits.shm", findings);
  require_range(tmp_bytes, {k_mebibyte, k_tebibyte, "1MiB to 1TiB"}, "limits.tmp", findings);
  require_range(open_files, {256, 1'048'576, "256 to 1048576"}, "limits.open_files", findings);
}

void check_confinement(const Confinement& confinement, Findings& findings) {
  const auto& [capabilities, no_new_privileges, firewall_capabilities, masked_paths, readonly_paths, prove_at_start] =
      confinement;
  static_cast<void>(prove_at_start); // no rule
  findings.require(capabilities.empty(), "confinement.capabilities", "the agent cannot have capabilities");
  findings.require(no_new_privileges, "confinement.no_new_privileges", "no_new_privileges cannot be disabled");
  findings.require(firewall_capabilities == Confinement().firewall_capabilities, "confinement.firewall_capabilities",
                   "the firewall must have exactly CAP_NET_ADMIN and CAP_NET_BIND_SERVICE");
  check_paths(masked_paths, default_masked_paths(), "confinement.masked_paths", findings);
  check_paths(readonly_paths, default_readonly_paths(), "confinement.readonly_paths", findings);
}

void check_egress(const EgressPolicy& egress, Findings& findings) {
  const auto& [mode, virtual_range, allow, block, allow_ech, allow_private, allow_addresses, host_ports, max_upload,
               upload_limits, upstream_proxy] = egress;
  const std::size_t entries = allow.size() + block.size() + allow_ech.size() + allow_private.size();
  findings.require(entries <= k_max_entries, "network", "more than 200000 hosts are listed");
  findings.require(parse_virtual_range(virtual_range.text()) == virtual_range, "network.virtual_range",
                   virtual_range.text() + " is not a valid range for virtual addresses");
  check_list(allow, "network.allow_hosts", findings, parse_listed_host);
  check_list(block, "network.block_hosts", findings, parse_block_pattern);
  check_list(allow_ech, "network.allow_ech", findings, parse_listed_pattern);
  check_list(allow_private, "network.allow_private", findings, parse_listed_pattern);
  check_list(allow_addresses, "network.allow_hosts", findings, parse_address_entry);
  check_list(upload_limits, "network.upload_limits", findings, parse_upload_limit);
  findings.require(allow_addresses.size() <= EgressPolicy::k_max_addresses, "network.allow_hosts",
                   "more than 256 addresses are listed", "list the hosts' names, or a block of addresses");
  findings.require(host_ports.size() <= EgressPolicy::k_max_host_ports, "network.allow_hosts",
                   "more than 32 ports of this machine are listed");
  findings.require(support::is_sorted_unique(host_ports) && (host_ports.empty() || host_ports.front() != 0),
                   "network.allow_hosts", "internal error: the ports of this machine are not sorted and unique");
  constexpr std::uint64_t k_max_upload = std::uint64_t{1} << 62U;
  findings.require(max_upload.value_or(0) <= k_max_upload, "network.max_upload", "is too large");
  if (upstream_proxy) {
    const auto result = parse_upstream_proxy(upstream_proxy->text());
    const auto* same = std::get_if<UpstreamProxy>(&result);
    findings.require(same != nullptr && *same == *upstream_proxy, "network.upstream_proxy",
                     support::in_quotes(upstream_proxy->text()) + " is not a valid upstream proxy");
  }
}

} // namespace agentbox::policy
