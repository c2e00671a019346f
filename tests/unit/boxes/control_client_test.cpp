// SPDX-License-Identifier: Apache-2.0
#include "boxes/control_client.hpp"

#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "box.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

using namespace agentbox;
using namespace agentbox::boxes;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;

namespace {

/// Answers one connection with `reply`, whatever it is asked.
class Server {
public:
  Server(const fs::path& path, std::string reply) : m_socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(m_socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(m_socket.get(), 1) == 0);
    m_thread = std::thread([this, reply = std::move(reply)] {
      const support::Fd client(accept(m_socket.get(), nullptr, nullptr));
      char byte = 0;
      while (read(client.get(), &byte, 1) == 1 && byte != '\n') {
      }
      static_cast<void>(!write(client.get(), reply.data(), reply.size()));
    });
  }
  ~Server() {
    shutdown(m_socket.get(), SHUT_RDWR);
    m_thread.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;

private:
  support::Fd m_socket;
  std::thread m_thread;
};

} // namespace

TEST_CASE("only a socket in the session is used, and only a valid reply accepted") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("b", session_test::k_somewhere);
  fs::create_directory(claim.paths.run());
  const fs::path socket = claim.paths.run() / protocol::k_control_socket;
  const auto ask = [&] { return ask_firewall(claim.paths, {}); };
  SECTION("an invalid reply") {
    const Server server(socket, "hello\n");
    CHECK_THROWS_WITH(ask(), Contains("sent an invalid reply"));
  }
  SECTION("a link to another socket of the user's") {
    const Server server(directory.path() / "other", "hello\n");
    fs::create_symlink(directory.path() / "other", socket);
    CHECK_THROWS_WITH(ask(), Contains("does not respond"));
  }
  SECTION("not a socket") {
    fs::create_directory(socket);
    CHECK_THROWS_WITH(ask(), Contains("does not respond"));
  }
  SECTION("no socket") {
    CHECK_THROWS_WITH(ask(), Contains("does not respond"));
  }
}
