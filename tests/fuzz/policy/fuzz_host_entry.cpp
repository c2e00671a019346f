// SPDX-License-Identifier: Apache-2.0
// One line of a list of hosts, and the decisions that follow from it. "ENTRY\nHOST" asks about HOST.
#include "policy/allow_entry.hpp"
#include "policy/egress_index.hpp"
#include "require.hpp"

namespace policy = agentbox::policy;
using agentbox::fuzz::require;

namespace {

template <typename Item>
void check_problem(const std::variant<Item, policy::EntryProblem>& result) {
  if (const auto* problem = std::get_if<policy::EntryProblem>(&result)) {
    require(!problem->message.empty(), "a refusal has a reason");
    require(!agentbox::fuzz::has_control_bytes(problem->message + problem->hint), "messages are safe on a terminal");
  }
}

void check_name(std::string_view text) {
  const auto name = policy::canonical_name(text);
  require(name.has_value() == policy::name_problem(text).empty(), "a name is refused exactly when there is a reason");
  if (name) {
    require(policy::is_canonical_name(*name) && policy::canonical_name(*name) == name, "the canonical form is stable");
    require(name->size() <= 253 && name->find('.') != std::string::npos, "a name is bounded and has two labels");
  }
  require(!policy::is_canonical_name(text) || name == text, "is_canonical_name agrees with canonical_name");
}

void check_decision(const policy::HostEntry& entry, std::string_view host) {
  policy::EgressPolicy egress;
  egress.allow = {entry};
  const policy::EgressIndex open(egress);
  // Ports of this machine have a form of entry for them; no host name and no wildcard refers to it.
  const bool expected = policy::is_canonical_name(host) && host != policy::k_host_name && entry.pattern.matches(host);
  require(open.decide(host).allowed() == expected, "the index agrees with the pattern");
  require(open.decide(host, entry.port).allowed() == expected, "the index agrees with the entry");
  require(!open.decide(host, static_cast<std::uint16_t>(entry.port + 1)).allowed(), "another port is refused");
  egress.block = {entry.pattern};
  const policy::EgressIndex closed(std::move(egress));
  require(!closed.decide(host).allowed() && !closed.decide(host, entry.port).allowed(), "a block wins");
}

void check_services(std::string_view text) {
  const auto allowed = policy::parse_allow_entry(text);
  check_problem(allowed);
  check_problem(policy::parse_upstream_proxy(text));
  check_problem(policy::parse_upload_limit(text));
  if (const auto* any = std::get_if<policy::AllowEntry>(&allowed)) {
    if (const auto* address = std::get_if<policy::AddressEntry>(any)) {
      require(policy::parse_address_entry(address->text()) ==
                  std::variant<policy::AddressEntry, policy::EntryProblem>(*address),
              "an address' text means the address");
      require(address->covers(address->base) && address->port != 0, "a block has its first address");
      require(policy::classify(address->base) != policy::AddressClass::forbidden, "no forbidden address is listed");
    }
  }
  const auto proxy = policy::parse_upstream_proxy(text);
  if (const auto* found = std::get_if<policy::UpstreamProxy>(&proxy)) {
    require(policy::parse_upstream_proxy(found->text()) == proxy, "a proxy's text means the proxy");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view bytes = agentbox::fuzz::text_of(data, size);
  const auto line = bytes.find('\n');
  const std::string_view text = bytes.substr(0, line);
  const std::string_view host = line == std::string_view::npos ? text : bytes.substr(line + 1);
  check_name(text);
  check_name(host);
  check_problem(policy::parse_host_pattern(text));
  check_problem(policy::parse_block_pattern(text));
  const auto result = policy::parse_host_entry(text);
  check_problem(result);
  if (const auto* entry = std::get_if<policy::HostEntry>(&result)) {
    require(policy::parse_host_entry(entry->text()) == result, "an entry's text means the entry");
    require(entry->port != 0, "port 0 is refused");
    check_decision(*entry, host);
  }
  check_services(text);
  return 0;
}
