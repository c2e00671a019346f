// SPDX-License-Identifier: Apache-2.0
#include "firewall/names/address_pool.hpp"

#include <chrono>
#include <set>
#include <string>

#include "catch.hpp"

namespace agentbox::firewall::names {
namespace {

using Clock = AddressPool::Clock;
const Clock::time_point k_start = Clock::time_point() + std::chrono::hours(1);
constexpr auto k_rested = AddressPool::k_rest + std::chrono::seconds(1);

TEST_CASE("a name keeps its address", "[names]") {
  AddressPool pool(100, 3);
  CHECK(pool.address_of("a", k_start) == 100);
  CHECK(pool.address_of("b", k_start) == 101);
  CHECK(pool.address_of("a", k_start + k_rested) == 100);
  CHECK(pool.find(101)->name == "b");
  CHECK(pool.find(102) == nullptr);
  CHECK(pool.find(99) == nullptr);
  CHECK(pool.find(0) == nullptr);
}

TEST_CASE("a full pool recycles the address unused for longest", "[names]") {
  AddressPool pool(100, 2);
  pool.address_of("a", k_start);
  pool.address_of("b", k_start + std::chrono::seconds(1));
  CHECK_FALSE(pool.address_of("c", k_start + std::chrono::seconds(2))); // a resolver may still remember both
  pool.address_of("a", k_start + std::chrono::seconds(3));
  CHECK(pool.address_of("c", k_start + k_rested + std::chrono::seconds(1)) == 101);
  CHECK(pool.find(101)->name == "c");
  CHECK(pool.address_of("a", k_start + k_rested + std::chrono::seconds(1)) == 100);
  CHECK_FALSE(pool.address_of("b", k_start + k_rested + std::chrono::seconds(1)));
}

TEST_CASE("a held address is never recycled", "[names]") {
  AddressPool pool(100, 2);
  pool.address_of("a", k_start);
  pool.address_of("b", k_start);
  {
    const auto held = pool.find(100);
    CHECK(pool.address_of("c", k_start + k_rested) == 101);
    CHECK(held->name == "a");
    const auto other = pool.find(101);
    CHECK_FALSE(pool.address_of("d", k_start + 3 * k_rested));
  }
  CHECK(pool.address_of("d", k_start + 5 * k_rested));
}

TEST_CASE("70,000 names under a wildcard neither grow without bound nor touch the others", "[names]") {
  VirtualAddresses addresses({});
  const auto api = addresses.address_of("api.example.com", false, k_start);
  std::set<std::uint32_t> given;
  unsigned refused = 0;
  for (int i = 0; i < 70000; ++i) {
    const auto address = addresses.address_of("n" + std::to_string(i) + ".example.org", true, k_start);
    if (address) {
      given.insert(*address);
    } else {
      ++refused;
    }
  }
  CHECK(given.size() == VirtualAddresses::k_wildcard_names);
  CHECK(refused == 70000 - VirtualAddresses::k_wildcard_names);
  CHECK_FALSE(given.contains(*api));
  CHECK(addresses.find(*api)->name == "api.example.com");
  CHECK(addresses.address_of("new.example.com", false, k_start)); // names that are listed in full still get theirs
  CHECK(*given.begin() >= 0xC6120001U);
  CHECK(*given.rbegin() <= 0xC613FFFEU);
}

TEST_CASE("a small range is divided as well", "[names]") {
  VirtualAddresses addresses({0x0A000000U, 24});
  CHECK(addresses.address_of("a.example", false, k_start) == 0x0A000001U);
  CHECK(addresses.address_of("b.example", true, k_start) == 0x0A000080U);
  CHECK(addresses.find(0x0A000000U) == nullptr);
  CHECK(addresses.find(0x0A0000FFU) == nullptr);
}

} // namespace
} // namespace agentbox::firewall::names
