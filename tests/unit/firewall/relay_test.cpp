// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/relay.hpp"

#include <array>
#include <asio/write.hpp>
#include <string>

#include "catch.hpp"

namespace agentbox::firewall::proxy {
namespace {

using asio::ip::tcp;

/// A TCP connection over the loopback interface.
struct Connected {
  tcp::socket ours;
  tcp::socket theirs;

  explicit Connected(asio::io_context& context) : ours(context), theirs(context) {
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    theirs.connect(acceptor.local_endpoint());
    acceptor.accept(ours);
    ours.native_non_blocking(true);
  }
};

/// One direction that is pumped, and how it ended.
struct Upload {
  Connected box;
  Connected host;
  std::uint64_t bytes = 0;
  bool active = false;
  FlowEnd end = FlowEnd::broken;

  Upload(asio::io_context& context, PipePool& pipes, std::uint64_t& budget) : box(context), host(context) {
    asio::co_spawn(
        context,
        [this, &pipes, &budget]() -> asio::awaitable<void> {
          const Flow flow{box.ours, host.ours, bytes, active, {}, &budget};
          end = co_await pump(flow, pipes);
        },
        asio::detached);
  }
};

TEST_CASE("a budget that another connection uses up cuts the upload", "[proxy]") {
  asio::io_context context{1};
  PipePool pipes;
  std::uint64_t budget = 10;
  Upload first(context, pipes, budget);
  Upload second(context, pipes, budget);
  context.poll(); // both wait for bytes
  for (Upload* upload : {&first, &second}) {
    asio::write(upload->box.theirs, asio::buffer(std::string(10, 'x')));
  }
  while (first.end != FlowEnd::over_budget && second.end != FlowEnd::over_budget) {
    REQUIRE(context.run_one_for(std::chrono::seconds(60)) == 1);
  }
  CHECK(first.bytes + second.bytes == 10);
  CHECK(budget == 0);
  const Upload& winner = first.bytes == 0 ? second : first;
  const Upload& loser = first.bytes == 0 ? first : second;
  CHECK(winner.bytes == 10);
  CHECK(winner.end == FlowEnd::broken); // still open: it has sent no more than it may
  CHECK(loser.end == FlowEnd::over_budget);
}

} // namespace
} // namespace agentbox::firewall::proxy
