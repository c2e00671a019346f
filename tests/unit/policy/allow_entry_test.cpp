// SPDX-License-Identifier: Apache-2.0
#include "policy/allow_entry.hpp"

#include <algorithm>
#include <string>

#include "catch.hpp"
#include "policy/egress_index.hpp"
#include "policy/egress_json.hpp"
#include "policy/policy.hpp"
#include "support/error.hpp"

namespace agentbox::policy {
namespace {

/// Returns the entry as it is written back, or "!" and the mistake.
std::string read(std::string_view text) {
  const AllowResult result = parse_allow_entry(text);
  if (const auto* problem = std::get_if<EntryProblem>(&result)) {
    return "!" + problem->message + " " + problem->hint;
  }
  const auto& entry = std::get<AllowEntry>(result);
  if (const auto* host = std::get_if<HostEntry>(&entry)) {
    return "name " + host->text();
  }
  if (const auto* address = std::get_if<AddressEntry>(&entry)) {
    return "address " + address->text();
  }
  return "host " + std::to_string(std::get<HostPort>(entry).port);
}

TEST_CASE("names, addresses, blocks and ports of this machine are entries") {
  CHECK(read("api.example.com") == "name api.example.com");
  CHECK(read("github.com:22") == "name github.com:22");
  CHECK(read("*.example.com:80") == "name *.example.com:80");
  CHECK(read("10.0.0.5:5432") == "address 10.0.0.5:5432");
  CHECK(read("10.0.0.0/24:5432") == "address 10.0.0.0/24:5432");
  CHECK(read("203.0.113.7:22") == "address 203.0.113.7:22");
  CHECK(read("[fd00::5]:5432") == "address [fd00::5]:5432");
  CHECK(read("[FD00:0::5]:5432") == "address [fd00::5]:5432");
  CHECK(read("[fd00::/64]:80") == "address [fd00::/64]:80");
  CHECK(read("host:11434") == "host 11434");
  CHECK(read("host.docker.internal:5432") == "host 5432");
  CHECK(read("host.containers.internal:1") == "host 1");
}

TEST_CASE("an entry that would open more than it says is invalid") {
  for (const char* text : {"10.0.0.5",
                           "10.0.0.5:",
                           "10.0.0.5:0",
                           "10.0.0.5:65536",
                           "10.0.0.5:05",
                           "10.0.0.5:x",
                           "10.0.0.1/24:80",
                           "0.0.0.0/0:80",
                           "10.0.0.0/0:80",
                           "8.0.0.0/8:443",
                           "10.0.0.0/7:80",
                           "10.0.0.0/33:80",
                           "10.0.0.0/:80",
                           "10.0.0.0/032:80",
                           "10.0.0.0/32:80",
                           "127.0.0.1:80",
                           "169.254.169.254:80",
                           "168.63.129.16:80",
                           "0.0.0.0:80",
                           "224.0.0.1:80",
                           "[::1]:80",
                           "[::]:80",
                           "[fe80::1]:80",
                           "[::ffff:10.0.0.5]:80",
                           "[::ffff:127.0.0.1]:80",
                           "fd00::5",
                           "fd00::5:80",
                           "[fd00::5]",
                           "[fd00::5",
                           "[10.0.0.5]:80",
                           "[2001:db8::/32]:80",
                           "[::/0]:80",
                           "[fd00::1/64]:80",
                           "[64:ff9b::7f00:1]:80",
                           "010.0.0.1:80",
                           "10.0.1:80",
                           "0x0a.0.0.1:80",
                           "10.0.0.5%lo:80",
                           "[fe80::1%lo]:80",
                           "host",
                           "host:",
                           "host:0",
                           "host:70000",
                           "host.docker.internal",
                           "*:80",
                           "*.com",
                           "",
                           "host:80:81"}) {
    INFO(text);
    CHECK(read(text).starts_with('!'));
  }
  CHECK(read("10.0.0.5").find("10.0.0.5:5432") != std::string::npos);
  CHECK(read("10.0.0.7/24:80").find("10.0.0.0/24:80") != std::string::npos);
  CHECK(read("fd00::5").find("[fd00::5]:PORT") != std::string::npos);
}

TEST_CASE("upstream proxies are names, addresses or this machine, without credentials") {
  const auto text = [](std::string_view from) {
    const auto result = parse_upstream_proxy(from);
    const auto* proxy = std::get_if<UpstreamProxy>(&result);
    return proxy == nullptr ? "!" + std::get<EntryProblem>(result).message : proxy->text();
  };
  CHECK(text("proxy.example.com:3128") == "proxy.example.com:3128");
  CHECK(text("http://Proxy.Example.com:3128/") == "proxy.example.com:3128");
  CHECK(text("10.0.0.9:8080") == "10.0.0.9:8080");
  CHECK(text("[fd00::9]:8080") == "[fd00::9]:8080");
  CHECK(text("host:3128") == "host:3128");
  CHECK(text("http://me:secret@proxy.example.com:3128").find("secret") == std::string::npos);
  for (const char* wrong : {"proxy.example.com", "https://proxy.example.com:443", "socks5://x.example.com:1080",
                            "127.0.0.1:3128", "169.254.169.254:80", "[::1]:3128", "a@b.example.com:1", "proxy:3128", "",
                            "http://", "x.example.com:0", "proxy.example.com:3128/path", "[proxy.example.com]:1"}) {
    INFO(wrong);
    CHECK(text(wrong).starts_with('!'));
  }
}

EgressPolicy rich() {
  EgressPolicy policy;
  policy.allow = {{{"api.example.com", false}, 443}, {{"example.org", true}, 443}};
  policy.allow_addresses = {std::get<AddressEntry>(parse_address_entry("10.0.0.0/24:5432")),
                            std::get<AddressEntry>(parse_address_entry("[fd00::5]:80"))};
  policy.host_ports = {5432, 11434};
  policy.max_upload = 1000;
  policy.upload_limits = {{{"api.example.com", false}, 5}};
  policy.upstream_proxy = UpstreamProxy{"proxy.example.com", 3128};
  std::sort(policy.allow_addresses.begin(), policy.allow_addresses.end());
  return policy;
}

TEST_CASE("the new keys are in the policy's JSON, and omitted when they are unused") {
  CHECK(egress_from_json(to_json(rich()), "x") == rich());
  const std::string plain = to_json(EgressPolicy{});
  for (const char* key : {"allow_addresses", "host_ports", "max_upload", "upload_limits", "upstream_proxy"}) {
    CHECK(plain.find(key) == std::string::npos);
    CHECK(to_json(rich()).find(key) != std::string::npos);
  }
}

TEST_CASE("a policy's JSON with odd services is refused") {
  const auto with = [](const std::string& member) {
    return R"({"version":1,"mode":"filtered","allow":[],)" + member + "}";
  };
  CHECK_NOTHROW(egress_from_json(with(R"("host_ports":[1,2])"), "x"));
  for (const char* member :
       {R"("host_ports":[0])", R"("host_ports":[2,1])", R"("host_ports":[1,1])", R"("host_ports":[65536])",
        R"("host_ports":[-1])", R"("host_ports":["1"])", R"("max_upload":"1")", R"("max_upload":-1)",
        R"("max_upload":01)", R"("max_upload":99999999999999999999)", R"("allow_addresses":["10.0.0.5"])",
        R"("allow_addresses":["10.0.0.1/24:80"])", R"("allow_addresses":["127.0.0.1:80"])",
        R"("allow_addresses":["[FD00::5]:80"])", R"("allow_addresses":["10.0.0.6:80","10.0.0.5:80"])",
        R"("upload_limits":["a.example.com"])", R"("upload_limits":["*=5"])",
        R"("upstream_proxy":"http://p.example.com:1")", R"("upstream_proxy":"p.example.com")"}) {
    INFO(member);
    CHECK_THROWS_AS(egress_from_json(with(member), "x"), support::Error);
  }
}

TEST_CASE("addresses and this machine are decided by block and port") {
  const EgressIndex index(rich());
  const auto address = [&](const char* text, std::uint16_t port) {
    return index.decide_address(*parse_address(text), port);
  };
  CHECK(address("10.0.0.77", 5432).allowed());
  CHECK(address("10.0.0.77", 5432).rule == "10.0.0.0/24:5432");
  CHECK(address("10.0.0.77", 5433).verdict == EgressDecision::Verdict::port_not_listed);
  CHECK(address("10.0.1.77", 5432).verdict == EgressDecision::Verdict::not_listed);
  CHECK(address("fd00::5", 80).allowed());
  CHECK_FALSE(address("fd00::6", 80).allowed());
  CHECK(index.decide(k_host_name).allowed());
  CHECK(index.decide(k_host_name, 11434).rule == "host:11434");
  CHECK(index.decide(k_host_name, 22).verdict == EgressDecision::Verdict::port_not_listed);
  CHECK_FALSE(EgressIndex(EgressPolicy{}).decide(k_host_name).allowed());
  EgressPolicy blocked = rich();
  blocked.block = {{std::string(k_host_name), false}};
  CHECK_FALSE(EgressIndex(blocked).decide(k_host_name, 11434).allowed());
}

TEST_CASE("the nearest upload limit counts, else the general one, shared by what an entry covers") {
  const EgressIndex index(rich());
  CHECK(index.upload_limit("api.example.com", "api.example.com")->bytes == 5);
  CHECK(index.upload_limit("a.example.org", "*.example.org")->bytes == 1000);
  CHECK(index.upload_limit("a.example.org", "*.example.org")->pattern == "*.example.org");
  CHECK_FALSE(EgressIndex(EgressPolicy{}).upload_limit("api.example.com", "x"));
}

TEST_CASE("the ports of this machine that the firewall may reach include its proxy's") {
  EgressPolicy policy = rich();
  CHECK(reachable_host_ports(policy) == std::vector<std::uint16_t>{5432, 11434});
  policy.upstream_proxy = UpstreamProxy{std::string(k_host_alias), 3128};
  CHECK(reachable_host_ports(policy) == std::vector<std::uint16_t>{3128, 5432, 11434});
}

TEST_CASE("services, limits and proxies that are new or larger are broader") {
  const PolicyFields plain = default_fields();
  const auto directions = [&](auto change) {
    PolicyFields changed = plain;
    change(changed.egress);
    const auto there = diff(plain, changed);
    const auto back = diff(changed, plain);
    REQUIRE(there.size() == 1);
    REQUIRE(back.size() == 1);
    return std::pair(there.front().direction, back.front().direction);
  };
  using D = Change::Direction;
  CHECK(directions([](auto& e) {
          e.allow_addresses = rich().allow_addresses;
          e.allow_addresses.pop_back();
        }) == std::pair(D::broader, D::tighter));
  CHECK(directions([](auto& e) { e.host_ports = {1}; }) == std::pair(D::broader, D::tighter));
  CHECK(directions([](auto& e) { e.max_upload = 1; }) == std::pair(D::tighter, D::broader));
  CHECK(directions([](auto& e) { e.upload_limits = rich().upload_limits; }) == std::pair(D::tighter, D::broader));
  CHECK(directions([](auto& e) { e.upstream_proxy = rich().upstream_proxy; }) == std::pair(D::broader, D::broader));
}

} // namespace
} // namespace agentbox::policy
