// SPDX-License-Identifier: Apache-2.0
#include "firewall/control/control_server.hpp"

#include <array>
#include <asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "catch.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "temp_directory.hpp"

namespace agentbox::firewall::control {
namespace {

using support::Fd;

/// A control server in its own thread, which a pipe stops, because Asio is built without locks.
class Rig {
public:
  Rig() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    m_end.assign(ends[0]);
    m_to_end = Fd(ends[1]);
    m_end.async_wait(asio::posix::descriptor_base::wait_read, [this](std::error_code) { m_context.stop(); });
    m_server.start();
    m_thread = std::thread([this] { m_context.run(); });
  }
  ~Rig() {
    m_to_end.reset();
    m_thread.join();
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  Rig(Rig&&) = delete;
  Rig& operator=(Rig&&) = delete;

  Fd connect() const {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    m_path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
  }
  const std::filesystem::path& path() const { return m_path; }

private:
  tests::TempDirectory m_temp;
  std::filesystem::path m_path = m_temp / protocol::k_control_socket;
  names::Directory m_directory{policy::EgressPolicy{}};
  Controller m_controller{m_directory, [](const audit::AuditRecord&) { return true; }, [] {}};
  asio::io_context m_context{1};
  ControlServer m_server{m_context, m_path, m_controller};
  asio::posix::stream_descriptor m_end{m_context};
  Fd m_to_end;
  std::thread m_thread;
};

/// Reads until the other end closes.
std::string read_all(const Fd& fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    pollfd watched{fd.get(), POLLIN, 0};
    REQUIRE(::poll(&watched, 1, 60'000) == 1);
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count <= 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::optional<ControlReply> ask(const Fd& fd, const std::string& line) {
  // A refusal may come, and the other end be closed, before all of a long message is written.
  [[maybe_unused]] const ssize_t ignored = ::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL);
  const std::string text = read_all(fd);
  return text.empty() ? std::nullopt : parse_reply(text.substr(0, text.size() - 1));
}

std::string good() {
  return to_line(ControlRequest{ControlRequest::Verb::allow, "api.github.com", 600});
}

TEST_CASE("one request gets one reply, over a private socket", "[control]") {
  const Rig rig;
  struct stat status {};
  REQUIRE(::stat(rig.path().c_str(), &status) == 0);
  CHECK(S_ISSOCK(status.st_mode));
  CHECK((status.st_mode & 0777U) == 0600U);
  const auto reply = ask(rig.connect(), good());
  REQUIRE(reply);
  CHECK(reply->ok);
  CHECK(reply->message == "api.github.com:443 is allowed for 10 minutes");
}

TEST_CASE("malformed, oversized and incomplete messages do no harm", "[control]") {
  const Rig rig;
  for (const std::string& message :
       {std::string("\n"), std::string("garbage\n"), std::string(3, '\0') + "\n", std::string(k_max_message * 4, 'x'),
        std::string(k_max_message - 1, '[') + "\n", std::string("{\"verb\":\n")}) {
    const auto reply = ask(rig.connect(), message);
    CHECK((!reply || !reply->ok));
  }
  {
    const Fd half = rig.connect();
    REQUIRE(::send(half.get(), "{\"verb\"", 7, MSG_NOSIGNAL) == 7);
  } // hangs up
  {
    const Fd half = rig.connect();
    REQUIRE(::send(half.get(), "{\"verb\"", 7, MSG_NOSIGNAL) == 7);
    ::shutdown(half.get(), SHUT_WR);
    const std::string text = read_all(half);
    CHECK(text.find("incomplete") != std::string::npos);
  }
  CHECK(ask(rig.connect(), good())->ok);
}

TEST_CASE("a silent client is disconnected and does not block others for long", "[control]") {
  const Rig rig;
  std::vector<Fd> silent;
  for (std::size_t i = 0; i < ControlServer::k_max_connections; ++i) {
    silent.push_back(rig.connect());
  }
  read_all(rig.connect()); // one more is closed immediately
  for (const Fd& fd : silent) {
    read_all(fd); // after two seconds
  }
  const auto reply = ask(rig.connect(), good());
  REQUIRE(reply);
  CHECK(reply->ok);
}

TEST_CASE("another user gets no reply, whatever the file's mode", "[control]") {
  if (::geteuid() != 0) {
    SUCCEED("only root can become another user");
    return;
  }
  const Rig rig;
  std::filesystem::permissions(rig.path().parent_path(), std::filesystem::perms(0755));
  std::filesystem::permissions(rig.path(), std::filesystem::perms(0777));
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t k_nobody = 65534;
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    rig.path().string().copy(address.sun_path, sizeof address.sun_path - 1);
    std::array<char, 64> buffer{};
    const bool connected = ::setresuid(k_nobody, k_nobody, k_nobody) == 0 &&
                           ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const std::string line = good();
    [[maybe_unused]] const ssize_t ignored = ::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL);
    ::_exit(!connected ? 2 : ::read(fd.get(), buffer.data(), buffer.size()) > 0 ? 1 : 0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(ask(rig.connect(), good())->ok); // the server's own user does
}

TEST_CASE("a connection that outlives its server does not touch it", "[control]") { // AddressSanitizer would report it
  const tests::TempDirectory temp;
  const auto path = temp / protocol::k_control_socket;
  names::Directory directory{policy::EgressPolicy{}};
  Controller controller{directory, [](const audit::AuditRecord&) { return true; }, [] {}};
  asio::io_context context{1};
  auto server = std::make_unique<ControlServer>(context, path, controller);
  server->start();
  asio::local::stream_protocol::socket client(context);
  client.connect(path.string());
  context.poll();
  server.reset();
}

TEST_CASE("a socket of an earlier run is replaced, and a missing directory is an error", "[control]") {
  const tests::TempDirectory temp;
  temp.write(protocol::k_control_socket, "old");
  names::Directory directory{policy::EgressPolicy{}};
  Controller controller{directory, [](const audit::AuditRecord&) { return true; }, [] {}};
  asio::io_context context{1};
  CHECK_NOTHROW(ControlServer(context, temp / protocol::k_control_socket, controller));
  CHECK_THROWS_AS(ControlServer(context, temp.path() / "missing" / protocol::k_control_socket, controller),
                  support::Error);
}

} // namespace
} // namespace agentbox::firewall::control
