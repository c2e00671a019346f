// SPDX-License-Identifier: Apache-2.0
#include "session/host_resolver.hpp"

#include "catch.hpp"
#include "support/file.hpp"
#include "temp_folder.hpp"

namespace agentbox::session {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

TEST_CASE("the host's name servers are passed on when they change", "[session]") {
  const tests::TempFolder folder;
  const ResolverFiles files{folder / "resolv.conf", folder / "systemd"};
  const auto to = folder / "passed-on";
  const auto passed = [&] { return support::read_file_if_exists(to, 1U << 16U); };
  support::write_file(files.resolv_conf, "nameserver 192.0.2.1\n");
  support::write_file(files.systemd, "nameserver 192.0.2.53\n");
  auto now = Clock::now();
  HostResolver resolver(to, files);
  const auto look = [&] { resolver.look(now += seconds(2)); };
  look();
  CHECK_FALSE(passed()); // Podman has written these
  support::write_file(files.systemd, "nameserver 192.0.2.54\n");
  look();
  CHECK_FALSE(passed()); // not in use
  support::write_file(files.resolv_conf, "nameserver 198.51.100.1\n");
  resolver.look(now);
  CHECK_FALSE(passed()); // once a second
  look();
  CHECK(passed() == "nameserver 198.51.100.1\n");
  SECTION("also back again") {
    support::write_file(files.resolv_conf, "nameserver 192.0.2.1\n");
    look();
    CHECK(passed() == "nameserver 192.0.2.1\n");
  }
  SECTION("a moment without the file says nothing") {
    std::filesystem::remove(files.resolv_conf);
    look();
    CHECK(passed() == "nameserver 198.51.100.1\n");
  }
  SECTION("behind the stub of systemd-resolved") {
    support::write_file(files.resolv_conf, "nameserver 127.0.0.53\n");
    look();
    CHECK(passed() == "nameserver 127.0.0.53\n\nnameserver 192.0.2.54\n");
    support::write_file(files.systemd, "nameserver 192.0.2.55\n");
    look();
    CHECK(passed() == "nameserver 127.0.0.53\n\nnameserver 192.0.2.55\n");
  }
  SECTION("not a file") {
    std::filesystem::remove(files.resolv_conf);
    std::filesystem::create_directory(files.resolv_conf);
    CHECK_NOTHROW(look());
  }
  SECTION("a session that is gone") {
    HostResolver late(folder / "gone" / "passed-on", files);
    support::write_file(files.resolv_conf, "nameserver 192.0.2.9\n");
    CHECK_NOTHROW(late.look(now += seconds(2)));
  }
}

} // namespace
} // namespace agentbox::session
