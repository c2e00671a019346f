// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/lookup.hpp"

#include <ares.h>
#include <chrono>
#include <memory>

#include "catch.hpp"

namespace agentbox::firewall::upstream {
namespace {

using Family = Lookup::Family;
using std::chrono::milliseconds;
using std::chrono::seconds;

const policy::Address16 k_four = policy::parse_address("203.0.113.5").value();
const policy::Address16 k_six = policy::parse_address("2001:db8::5").value();

Lookup::FamilyAnswer answer(std::vector<policy::Address16> addresses, seconds ttl = seconds(20)) {
  return {addresses.empty() ? ARES_ENODATA : ARES_SUCCESS, 0, std::move(addresses), ttl};
}
Lookup::FamilyAnswer failure(int status) {
  return {status, 0, {}, {}};
}

/// A lookup, and a caller that waits for it.
struct Waited {
  asio::io_context context{1};
  std::shared_ptr<Lookup> lookup = std::make_shared<Lookup>(context);
  bool enough = false;
  bool complete = false;

  Waited() {
    asio::co_spawn(context, wait(), asio::detached);
    lookup->when_complete([this] { complete = true; });
    turn();
  }
  asio::awaitable<void> wait() {
    co_await lookup->wait();
    enough = true;
  }
  void turn() {
    context.restart();
    context.poll();
  }
  void add(Family family, Lookup::FamilyAnswer given) {
    lookup->add(family, std::move(given));
    turn();
  }
};

TEST_CASE("an A answer is enough, and a late AAAA answer joins", "[upstream]") {
  Waited waited;
  CHECK_FALSE(waited.enough);
  waited.add(Family::v4, answer({k_four}));
  CHECK(waited.enough);
  CHECK_FALSE(waited.complete);
  CHECK(waited.lookup->usable(Lookup::Clock::now()));
  waited.add(Family::v6, answer({k_six}));
  CHECK(waited.complete);
  CHECK(waited.lookup->addresses() == std::vector{k_four, k_six});
}

TEST_CASE("an AAAA answer waits a moment for the A answer", "[upstream]") {
  Waited waited;
  const auto start = Lookup::Clock::now();
  waited.add(Family::v6, answer({k_six}));
  CHECK_FALSE(waited.enough);
  SECTION("which is enough") {
    waited.add(Family::v4, answer({k_four}));
    CHECK(waited.enough);
    CHECK(waited.lookup->addresses() == std::vector{k_four, k_six});
  }
  SECTION("and no more") {
    while (!waited.enough && Lookup::Clock::now() - start < seconds(10)) {
      waited.context.restart();
      waited.context.run_one_for(seconds(1));
    }
    CHECK(waited.enough);
    CHECK(Lookup::Clock::now() - start >= milliseconds(50));
    CHECK_FALSE(waited.complete);
  }
}

TEST_CASE("an answer without addresses waits for the other family", "[upstream]") {
  Waited waited;
  waited.add(Family::v4, answer({}));
  CHECK_FALSE(waited.enough);
  waited.add(Family::v6, answer({}));
  CHECK(waited.enough);
  CHECK(waited.lookup->problem() == "the name has no address");
  CHECK_FALSE(waited.lookup->usable(Lookup::Clock::now()));
}

TEST_CASE("a name that does not exist needs only one answer", "[upstream]") {
  Waited a;
  a.add(Family::v4, failure(ARES_ENOTFOUND));
  CHECK(a.enough);
  CHECK(a.lookup->problem() == ares_strerror(ARES_ENOTFOUND));
  // The answer that a name has no AAAA record proves nothing about its A record.
  Waited aaaa;
  aaaa.add(Family::v6, failure(ARES_ENOTFOUND));
  CHECK_FALSE(aaaa.enough);
  aaaa.add(Family::v4, answer({k_four}));
  CHECK(aaaa.lookup->problem().empty());
}

TEST_CASE("an answer is cached for the shorter TTL, at most 30 s", "[upstream]") {
  const auto now = Lookup::Clock::now();
  Waited waited;
  waited.add(Family::v4, answer({k_four}, seconds(100'000)));
  CHECK(waited.lookup->usable(now + seconds(29)));
  CHECK_FALSE(waited.lookup->usable(now + seconds(40)));
  waited.add(Family::v6, answer({k_six}, seconds(5)));
  CHECK(waited.lookup->usable(now + seconds(4)));
  CHECK_FALSE(waited.lookup->usable(now + seconds(10)));
  Waited never;
  never.add(Family::v4, answer({k_four}, seconds(0)));
  CHECK(never.enough);
  CHECK_FALSE(never.lookup->usable(Lookup::Clock::now()));
}

TEST_CASE("an AAAA answer is not cached if the A query failed", "[upstream]") {
  Waited waited;
  waited.add(Family::v6, answer({k_six}));
  CHECK(waited.lookup->usable(Lookup::Clock::now()));
  waited.add(Family::v4, failure(ARES_ETIMEOUT));
  CHECK(waited.lookup->addresses() == std::vector{k_six});
  CHECK_FALSE(waited.lookup->usable(Lookup::Clock::now()));
  Waited none;
  none.add(Family::v6, answer({k_six}));
  none.add(Family::v4, answer({}));
  CHECK(none.lookup->usable(Lookup::Clock::now()));
}

} // namespace
} // namespace agentbox::firewall::upstream
