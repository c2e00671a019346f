// SPDX-License-Identifier: Apache-2.0
#include "image/firewall_archive.hpp"

#include <algorithm>
#include <set>

#include "catch.hpp"
#include "support/command.hpp"
#include "temp_directory.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::image {
namespace {

using tests::contains;
using tests::error_of;

/// A directory with copies of this program as agentbox-firewall and agentbox-nft.
class Programs {
public:
  Programs() {
    for (const char* name : {"agentbox-firewall", "agentbox-nft"}) {
      std::filesystem::copy_file("/proc/self/exe", m_directory / name);
    }
  }
  std::vector<ImageEntry> entries(policy::FirewallDriver driver) const {
    return firewall_image_entries(m_directory / "agentbox-firewall", driver);
  }

private:
  tests::TempDirectory m_directory;
};

bool has(const std::vector<ImageEntry>& entries, const std::string& path) {
  return std::any_of(entries.begin(), entries.end(), [&](const ImageEntry& entry) { return entry.path == path; });
}

TEST_CASE("the dynamic loader's list is parsed") {
  const char* output = "\tlinux-vdso.so.1 (0x00007ffd)\n"
                       "\tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007f1)\n"
                       "\tlibc.so.6 => /lib64/libc.so.6 (0x00007f2)\n"
                       "\t/lib64/ld-linux-x86-64.so.2 (0x00007f3)\n";
  CHECK(parse_loader_list(output, "/p") ==
        std::vector<LoadedObject>{{"libstdc++.so.6", "/lib/x86_64-linux-gnu/libstdc++.so.6"},
                                  {"libc.so.6", "/lib64/libc.so.6"}});
  CHECK(parse_loader_list("", "/p").empty());
}

TEST_CASE("a missing library and an invalid list are errors") {
  const auto problem = [](const char* output) {
    return error_of([&] { parse_loader_list(output, "/p"); }, support::ExitCode::failed);
  };
  CHECK(contains(problem("\tlibx.so.1 => not found\n"), "libx.so.1"));
  CHECK(contains(problem("\tnot a dynamic executable\n"), "parse"));
  CHECK(contains(problem("\n"), "parse"));
}

TEST_CASE("the image of a dynamic program holds its loader and libraries, and no shell") {
  const auto entries = Programs().entries(policy::FirewallDriver::nftables);
  CHECK(has(entries, "/agentbox-firewall"));
  CHECK(has(entries, "/agentbox-nft"));
  CHECK(std::any_of(entries.begin(), entries.end(),
                    [](const auto& e) { return e.path.find("/ld-linux-") != std::string::npos; }));
  CHECK(std::any_of(entries.begin(), entries.end(), [](const auto& e) { return e.path.ends_with("/libc.so.6"); }));
  for (const char* path :
       {"/etc/agentbox/egress.json", "/run/agentbox", "/var/log/agentbox", "/etc/resolv.conf", "/proc"}) {
    CHECK(has(entries, path));
  }
  CHECK_FALSE(has(entries, "/bin/sh"));
  CHECK_FALSE(has(entries, "/workspace"));
}

TEST_CASE("the driver iptables puts that program and its modules into the image, or says what is missing") {
  const Programs programs;
  const auto make = [&] { return programs.entries(policy::FirewallDriver::iptables); };
  if (!support::find_program("xtables-nft-multi")) {
    CHECK(contains(error_of(make, support::ExitCode::refused), "iptables"));
    return;
  }
  const auto entries = make();
  for (const char* path : {"/usr/sbin/xtables-multi", "/usr/lib/xtables/libxt_standard.so",
                           "/usr/lib/xtables/libxt_NFLOG.so", "/usr/lib/xtables/libip6t_REJECT.so"}) {
    CHECK(has(entries, path));
  }
  CHECK(std::any_of(entries.begin(), entries.end(),
                    [](const auto& e) { return e.path.find("libxtables") != std::string::npos; }));
  CHECK_FALSE(has(entries, "/agentbox-nft"));
  CHECK_FALSE(has(entries, "/bin/sh"));
  std::set<std::string> paths;
  for (const ImageEntry& entry : entries) {
    CHECK(paths.insert(entry.path).second);
  }
}

TEST_CASE("the firewall's image is the same each time") {
  const tests::TempDirectory directory;
  const Programs programs;
  const auto write = [&](const char* name, const char* version) {
    return write_firewall_image(directory / name, programs.entries(policy::FirewallDriver::nftables), version).id;
  };
  const std::string first = write("a.tar", "1");
  CHECK(first == write("b.tar", "1"));
  CHECK(first != write("c.tar", "2"));
}

} // namespace
} // namespace agentbox::image
