// SPDX-License-Identifier: Apache-2.0
// Guarantees when an allocation fails. A separate program, because it replaces operator new.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <optional>
#include <string>

#include "catch.hpp"
#include "firewall/names/address_pool.hpp"

namespace {

/// Allocations that still succeed.
unsigned long g_left = std::numeric_limits<unsigned long>::max(); // NOLINT(*-avoid-non-const-global-variables)

/// Runs `action` with the n-th allocation failing, for each n until none fails. `check` runs after every failure.
/// Returns the number of allocations of a successful run.
template <typename Action, typename Check>
unsigned fail_each_allocation(Action action, Check check) {
  for (unsigned succeeding = 0;; ++succeeding) {
    g_left = succeeding;
    bool failed = false;
    try {
      action();
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    g_left = std::numeric_limits<unsigned long>::max();
    if (!failed) {
      return succeeding;
    }
    check();
  }
}

} // namespace

void* operator new(std::size_t size) {
  if (g_left == 0) {
    throw std::bad_alloc();
  }
  --g_left;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) { // NOLINT(*-no-malloc,*-owning-memory)
    return memory;
  }
  throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept { // sanitizers free their own differently
  return std::malloc(size == 0 ? 1 : size);                            // NOLINT(*-no-malloc,*-owning-memory)
}

void operator delete(void* memory) noexcept {
  std::free(memory); // NOLINT(*-no-malloc,*-owning-memory)
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory); // NOLINT(*-no-malloc,*-owning-memory)
}

namespace agentbox::firewall::names {
namespace {

const auto k_start = AddressPool::Clock::time_point() + std::chrono::hours(1);
const std::string k_first(100, 'a'); // too long to be stored without an allocation
const std::string k_new(200, 'b');

TEST_CASE("a name without memory for its entry has no address, and the next try gives it the next one") {
  AddressPool pool(100, 4);
  REQUIRE(pool.address_of(k_first, k_start) == 100);
  std::optional<std::uint32_t> address;
  const unsigned allocations = fail_each_allocation([&] { address = pool.address_of(k_new, k_start); },
                                                    [&] {
                                                      CHECK(pool.used() == 1);
                                                      CHECK(pool.find(101) == nullptr);
                                                      CHECK(pool.find(100)->name == k_first);
                                                    });
  CHECK(address == 101);
  CHECK(allocations >= 4);
  CHECK(pool.find(101)->name == k_new);
  CHECK(pool.address_of(k_first, k_start) == 100);
}

TEST_CASE("a name without memory to take over an address leaves it to its holder") {
  AddressPool pool(100, 1);
  REQUIRE(pool.address_of(k_first, k_start) == 100);
  const auto later = k_start + 2 * AddressPool::k_rest;
  std::optional<std::uint32_t> address;
  const unsigned allocations = fail_each_allocation([&] { address = pool.address_of(k_new, later); },
                                                    [&] { CHECK(pool.find(100)->name == k_first); });
  CHECK(address == 100);
  CHECK(allocations >= 1);
  CHECK(pool.find(100)->name == k_new);
  CHECK_FALSE(pool.address_of(k_first, later));
}

} // namespace
} // namespace agentbox::firewall::names
