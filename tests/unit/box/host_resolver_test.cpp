// SPDX-License-Identifier: Apache-2.0
#include "box/host_resolver.hpp"

#include "catch.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

namespace agentbox::box {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

const std::string k_head = "# the host's name servers\n";

TEST_CASE("the host's name servers are passed on when they change", "[session]") {
  const tests::TempDirectory directory;
  const ResolverFiles files{directory / "resolv.conf", directory / "systemd"};
  const auto to = directory / "passed-on";
  const auto passed = [&] { return support::read_file_if_exists(to, 1U << 16U); };
  support::write_file(files.resolv_conf, "nameserver 192.0.2.1\n");
  support::write_file(files.systemd, "nameserver 192.0.2.53\n");
  auto now = Clock::now();
  HostResolver resolver(to, LoopbackResolver::forwarded, files);
  CHECK(resolver.at_start() == k_head + "nameserver 192.0.2.1\n"); // Podman may write others
  const auto refresh_later = [&] { resolver.refresh(now += seconds(2)); };
  refresh_later();
  CHECK_FALSE(passed()); // it is written at the start
  support::write_file(files.systemd, "nameserver 192.0.2.54\n");
  refresh_later();
  CHECK_FALSE(passed()); // not in use
  support::write_file(files.resolv_conf, "nameserver 198.51.100.1\n");
  resolver.refresh(now);
  CHECK_FALSE(passed()); // once a second
  refresh_later();
  CHECK(passed() == k_head + "nameserver 198.51.100.1\n");
  SECTION("and when they change back") {
    support::write_file(files.resolv_conf, "nameserver 192.0.2.1\n");
    refresh_later();
    CHECK(passed() == k_head + "nameserver 192.0.2.1\n");
  }
  SECTION("but not when the file is missing for a moment") {
    std::filesystem::remove(files.resolv_conf);
    refresh_later();
    CHECK(passed() == k_head + "nameserver 198.51.100.1\n");
  }
  SECTION("behind the stub of systemd-resolved") {
    support::write_file(files.resolv_conf, "nameserver 127.0.0.53\n");
    refresh_later();
    CHECK(passed() == k_head + "nameserver 127.0.0.53\n\nnameserver 192.0.2.54\n");
    support::write_file(files.systemd, "nameserver 192.0.2.55\n");
    refresh_later();
    CHECK(passed() == k_head + "nameserver 127.0.0.53\n\nnameserver 192.0.2.55\n");
  }
  SECTION("not a file") {
    std::filesystem::remove(files.resolv_conf);
    std::filesystem::create_directory(files.resolv_conf);
    CHECK_NOTHROW(refresh_later());
  }
  SECTION("a session that is gone") {
    HostResolver late(directory / "gone" / "passed-on", LoopbackResolver::forwarded, files);
    support::write_file(files.resolv_conf, "nameserver 192.0.2.9\n");
    CHECK_NOTHROW(late.refresh(now += seconds(2)));
  }
}

TEST_CASE("name servers on the host's loopback, with pasta", "[session]") {
  const tests::TempDirectory directory;
  const ResolverFiles files{directory / "resolv.conf", directory / "systemd"};
  const auto to = directory / "passed-on";
  support::write_file(files.systemd, "nameserver 192.0.2.53\n");
  const auto becomes = [&](LoopbackResolver loopback, const char* start, const char* later) {
    support::write_file(files.resolv_conf, start);
    HostResolver resolver(to, loopback, files);
    support::write_file(files.resolv_conf, later);
    resolver.refresh(Clock::now() + seconds(2));
    return support::read_file_if_exists(to, 1U << 16U).value_or("");
  };
  const char* const lan = "nameserver 192.0.2.1\n";
  const char* const stub = "nameserver 127.0.0.53\n";
  const char* const local = "nameserver 127.0.0.1\n";
  SECTION("dnsmasq has an address where pasta can map it") {
    CHECK(becomes(LoopbackResolver::mapped, lan, local) == k_head + "nameserver 169.254.1.3\n");
    CHECK(becomes(LoopbackResolver::fixed, lan, local) == k_head + local);
    CHECK(becomes(LoopbackResolver::forwarded, lan, local) == k_head + local);
  }
  SECTION("the forwarder asks the stub if that was first at the start, else the servers behind it") {
    CHECK(becomes(LoopbackResolver::mapped, lan, stub) == k_head + "\nnameserver 192.0.2.53\n");
    CHECK(becomes(LoopbackResolver::mapped, stub, "nameserver 127.0.0.53\noptions edns0\n") ==
          k_head + stub + "options edns0\n\nnameserver 192.0.2.53\n");
  }
  SECTION("an empty list of name servers is written as well") {
    CHECK(HostResolver(to, LoopbackResolver::mapped, {directory / "none", directory / "none"}).at_start() == k_head);
  }
}

} // namespace
} // namespace agentbox::box
