// SPDX-License-Identifier: Apache-2.0
#include "image/firewall_archive.hpp"

#include <algorithm>
#include <chrono>
#include <link.h>
#include <optional>
#include <span>
#include <system_error>

#include "image/image_store.hpp"
#include "protocol/protocol.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr const char* k_nft_program = "agentbox-nft";                // as in firewall/ruleset
constexpr const char* k_xtables_program = "/usr/sbin/xtables-multi"; // as in firewall/ruleset
constexpr const char* k_xtables_modules = "/usr/lib/xtables";

/// Returns the path of this program's dynamic loader (PT_INTERP), which the firewall's program shares: both come from
/// one build. Empty for a static program.
std::string own_loader() {
  std::string path;
  dl_iterate_phdr(
      [](dl_phdr_info* program, std::size_t /*size*/, void* result) {
        for (const auto& segment : std::span(program->dlpi_phdr, program->dlpi_phnum)) {
          if (segment.p_type == PT_INTERP) {
            const auto address = program->dlpi_addr + segment.p_vaddr;
            *static_cast<std::string*>(result) = reinterpret_cast<const char*>(address); // NOLINT
          }
        }
        return 1; // the first object is the program itself
      },
      &path);
  return path;
}

std::vector<LoadedObject> loaded_objects(const std::string& loader, const fs::path& program) {
  const auto result =
      support::capture({{loader, "--list", program.string()}, {}, {}}, {}, {1U << 20U, std::chrono::seconds(10)});
  if (!result.status.ok()) {
    throw Error(ExitCode::failed, "cannot list the libraries of " + program.string() + ": " +
                                      support::escape_untrusted(result.err.empty() ? result.out : result.err));
  }
  return parse_loader_list(result.out, program.string());
}

/// Adds the files and directories that serve as mount points (the root is read-only), and the user's name for `id`.
void add_fixed_entries(std::vector<ImageEntry>& entries) {
  for (const char* directory :
       {"/proc", "/dev", "/sys", "/tmp", "/etc/agentbox", protocol::k_run_path, protocol::k_audit_path}) {
    entries.push_back({directory, 0755, ImageEntry::Directory{}});
  }
  for (const char* file :
       {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/run/.containerenv", protocol::k_egress_path}) {
    entries.push_back({file, 0644, ImageEntry::Text{}});
  }
  entries.push_back(
      {"/etc/passwd", 0644, ImageEntry::Text{"firewall:x:1000:1000:agentbox firewall:/:/agentbox-firewall\n"}});
  entries.push_back({"/etc/group", 0644, ImageEntry::Text{"firewall:x:1000:\n"}});
}

/// Adds the shared objects that `program` loads, all in the C library's directory, which the loader searches without a
/// cache. Keeps existing entries.
void add_libraries(const fs::path& program, const std::string& loader, std::vector<ImageEntry>& entries) {
  const std::vector<LoadedObject> objects = loaded_objects(loader, program);
  const auto libc =
      std::find_if(objects.begin(), objects.end(), [](const auto& o) { return o.name.starts_with("libc."); });
  if (libc == objects.end()) {
    throw Error(ExitCode::failed, program.string() + " does not load the C library");
  }
  const fs::path directory = libc->source.parent_path();
  for (const LoadedObject& object : objects) {
    const std::string path = (directory / object.name).string();
    const bool exists =
        std::any_of(entries.begin(), entries.end(), [&](const ImageEntry& entry) { return entry.path == path; });
    if (!exists) {
      entries.push_back({path, 0755, ImageEntry::Copy{object.source}});
    }
  }
}

void add_nft(const fs::path& program, const std::string& loader, std::vector<ImageEntry>& entries) {
  entries.push_back({std::string("/") + k_nft_program, 0755, ImageEntry::Copy{program}});
  if (!loader.empty()) {
    add_libraries(program, loader, entries);
  }
}

/// Returns the directory with the modules of iptables, which depends on the distribution.
std::optional<fs::path> xtables_modules() {
  std::error_code ignored;
  for (const char* directory : {"/usr/lib/x86_64-linux-gnu/xtables", "/usr/lib/aarch64-linux-gnu/xtables",
                                "/usr/lib64/xtables", "/usr/lib/xtables", "/lib/xtables"}) {
    if (fs::exists(fs::path(directory) / "libxt_standard.so", ignored)) {
      return directory;
    }
  }
  return std::nullopt;
}

/// Adds the nft variant of iptables: the legacy one opens raw sockets, for which the firewall has no capability.
void add_xtables(const std::string& loader, std::vector<ImageEntry>& entries) {
  const auto program = support::find_program("xtables-nft-multi");
  const auto modules = xtables_modules();
  if (!program || !modules) {
    throw Error(ExitCode::refused, "the firewall driver iptables needs the host's iptables (its nft variant)",
                "sudo apt-get install iptables, or: sudo dnf install iptables-nft; or use the driver nftables");
  }
  entries.push_back({k_xtables_program, 0755, ImageEntry::Copy{*program}});
  add_libraries(*program, loader, entries);
  for (const char* name : {"xt_standard", "xt_comment", "xt_conntrack", "xt_limit", "xt_mark", "xt_multiport", "xt_tcp",
                           "xt_udp", "xt_addrtype", "xt_NFLOG", "xt_REDIRECT", "ipt_REJECT", "ip6t_REJECT", "ipt_icmp",
                           "ip6t_icmp6", "ipt_REDIRECT", "ip6t_REDIRECT", "xt_NAT"}) {
    const fs::path source = *modules / ("lib" + std::string(name) + ".so");
    std::error_code ignored;
    if (fs::exists(source,
                   ignored)) { // which module has a target depends on the version; without it no box starts
      entries.push_back(
          {std::string(k_xtables_modules) + "/lib" + name + ".so", 0755, ImageEntry::Copy{fs::canonical(source)}});
    }
  }
}

} // namespace

std::vector<LoadedObject> parse_loader_list(std::string_view output, const std::string& program) {
  std::vector<LoadedObject> objects;
  for (const std::string_view line : support::lines(output)) {
    std::vector<std::string_view> words = support::words(line);
    words.resize(std::max<std::size_t>(words.size(), 3)); // NAME => PATH
    const auto name = words[0];
    const auto arrow = words[1];
    const auto path = words[2];
    if (arrow != "=>") { // the vDSO and the loader itself: "NAME (0xADDRESS)"
      if (!arrow.starts_with("(0x")) {
        throw Error(ExitCode::failed,
                    "cannot parse the dynamic loader's output for " + program + ": " + support::escape_untrusted(line));
      }
      continue;
    }
    if (!path.starts_with('/')) {
      throw Error(ExitCode::failed, program + " needs " + support::escape_untrusted(name) + ", which is not installed",
                  "reinstall agentbox with your package manager");
    }
    objects.push_back({fs::path(name).filename().string(), path});
  }
  return objects;
}

std::vector<ImageEntry> firewall_image_entries(const fs::path& program, policy::FirewallDriver driver) {
  std::vector<ImageEntry> entries;
  add_fixed_entries(entries);
  entries.push_back({protocol::k_firewall_program, 0755, ImageEntry::Copy{program}});
  const std::string loader = own_loader();
  if (!loader.empty()) {
    entries.push_back({loader, 0755, ImageEntry::Copy{loader}});
    add_libraries(program, loader, entries);
  }
  switch (driver) {
  case policy::FirewallDriver::nftables: add_nft(program.parent_path() / k_nft_program, loader, entries); break;
  case policy::FirewallDriver::iptables: add_xtables(loader, entries); break;
  }
  return entries;
}

ImageArchive write_firewall_image(const fs::path& archive, std::vector<ImageEntry> entries,
                                  const std::string& version) {
  ImageConfig config;
  config.entrypoint = {protocol::k_firewall_program};
  config.user = "1000:1000";
  config.labels = {{protocol::k_image_label, "firewall"},
                   {"org.opencontainers.image.title", "agentbox firewall"},
                   {"org.opencontainers.image.version", version}};
  return write_image_archive(archive, std::move(entries), config);
}

} // namespace agentbox::image
