// SPDX-License-Identifier: Apache-2.0
#include "image/firewall_archive.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include "protocol/protocol.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr const char* k_xtables_program = "/usr/sbin/xtables-multi"; // where firewall/ruleset looks for it
constexpr const char* k_xtables_modules = "/usr/lib/xtables";

/// Reads a `Record` of ELF file `file` at `offset`.
template <typename Record>
Record read_record(std::ifstream& file, std::uint64_t offset, const fs::path& path) {
  std::array<char, sizeof(Record)> bytes{};
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(bytes.data(), bytes.size());
  if (!file) {
    throw Error(ExitCode::failed, path.string() + " is not a complete ELF program");
  }
  Record record;
  std::memcpy(&record, bytes.data(), bytes.size());
  return record;
}

std::string read_string(std::ifstream& file, const Elf64_Phdr& segment, const fs::path& path) {
  constexpr std::uint64_t k_max_path = 4096;
  if (segment.p_filesz == 0 || segment.p_filesz > k_max_path) {
    throw Error(ExitCode::failed, path.string() + " names no usable dynamic loader");
  }
  std::string text(segment.p_filesz, '\0');
  file.seekg(static_cast<std::streamoff>(segment.p_offset));
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(std::min(text.size(), text.find('\0')));
  if (!file || !text.starts_with('/')) {
    throw Error(ExitCode::failed, path.string() + " names no usable dynamic loader");
  }
  return text;
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

/// Folders that something is mounted over (the root is read-only), and the user as `id` shows it.
void add_fixed_entries(std::vector<ImageEntry>& entries) {
  for (const char* folder :
       {"/proc", "/dev", "/sys", "/tmp", "/etc/agentbox", protocol::k_run_path, protocol::k_audit_path}) {
    entries.push_back({folder, 0755, ImageEntry::Folder{}});
  }
  for (const char* file :
       {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/run/.containerenv", protocol::k_egress_path}) {
    entries.push_back({file, 0644, ImageEntry::Text{}});
  }
  entries.push_back(
      {"/etc/passwd", 0644, ImageEntry::Text{"firewall:x:1000:1000:agentbox firewall:/:/agentbox-firewall\n"}});
  entries.push_back({"/etc/group", 0644, ImageEntry::Text{"firewall:x:1000:\n"}});
}

/// What `program` loads, all into the C library's folder: the loader searches it without a cache, wherever they were
/// found here. What is there already stays.
void add_libraries(const fs::path& program, const std::string& loader, std::vector<ImageEntry>& entries) {
  const std::vector<LoadedObject> objects = loaded_objects(loader, program);
  const auto libc =
      std::find_if(objects.begin(), objects.end(), [](const auto& o) { return o.name.starts_with("libc."); });
  if (libc == objects.end()) {
    throw Error(ExitCode::failed, program.string() + " does not load the C library");
  }
  const fs::path folder = libc->source.parent_path();
  for (const LoadedObject& object : objects) {
    const std::string path = (folder / object.name).string();
    const bool there =
        std::any_of(entries.begin(), entries.end(), [&](const ImageEntry& entry) { return entry.path == path; });
    if (!there) {
      entries.push_back({path, 0755, ImageEntry::Copy{object.source}});
    }
  }
}

/// Where the distributions keep the modules of iptables.
std::optional<fs::path> xtables_modules() {
  std::error_code ignored;
  for (const char* folder : {"/usr/lib/x86_64-linux-gnu/xtables", "/usr/lib/aarch64-linux-gnu/xtables",
                             "/usr/lib64/xtables", "/usr/lib/xtables", "/lib/xtables"}) {
    if (fs::exists(fs::path(folder) / "libxt_standard.so", ignored)) {
      return folder;
    }
  }
  return std::nullopt;
}

/// The nft one of the two programs: the other one opens raw sockets, for which the firewall has no capability.
void add_xtables(const std::string& loader, std::vector<ImageEntry>& entries) {
  const auto program = support::find_program("xtables-nft-multi");
  const auto modules = xtables_modules();
  if (!program || !modules) {
    throw Error(ExitCode::refused, "the firewall driver iptables needs the host's iptables (its nft variant)",
                "sudo apt-get install iptables, or: sudo dnf install iptables-nft; or leave out the driver");
  }
  entries.push_back({k_xtables_program, 0755, ImageEntry::Copy{*program}});
  add_libraries(*program, program_interpreter(*program).empty() ? loader : program_interpreter(*program), entries);
  for (const char* name : {"xt_standard", "xt_comment", "xt_conntrack", "xt_limit", "xt_mark", "xt_multiport", "xt_tcp",
                           "xt_udp", "xt_addrtype", "xt_NFLOG", "xt_REDIRECT", "ipt_REJECT", "ip6t_REJECT", "ipt_icmp",
                           "ip6t_icmp6", "ipt_REDIRECT", "ip6t_REDIRECT", "xt_NAT"}) {
    const fs::path source = *modules / ("lib" + std::string(name) + ".so");
    std::error_code ignored;
    if (fs::exists(source, ignored)) { // versions differ in which module has a target; the box refuses to start without
      entries.push_back(
          {std::string(k_xtables_modules) + "/lib" + name + ".so", 0755, ImageEntry::Copy{fs::canonical(source)}});
    }
  }
}

} // namespace

std::vector<LoadedObject> parse_loader_list(std::string_view output, const std::string& program) {
  std::vector<LoadedObject> objects;
  std::istringstream lines{std::string(output)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::string arrow;
    std::string path;
    words >> name >> arrow >> path;
    if (arrow != "=>") { // the vDSO and the loader itself: "NAME (0xADDRESS)"
      if (name.empty() || !arrow.starts_with("(0x")) {
        throw Error(ExitCode::failed, "cannot understand what the dynamic loader says of " + program + ": " +
                                          support::escape_untrusted(line));
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

std::string program_interpreter(const fs::path& program) {
  std::ifstream file(program, std::ios::binary);
  if (!file) {
    throw Error(ExitCode::failed, "cannot open " + program.string());
  }
  const auto header = read_record<Elf64_Ehdr>(file, 0, program);
  std::ifstream self("/proc/self/exe", std::ios::binary);
  const auto own = read_record<Elf64_Ehdr>(self, 0, "/proc/self/exe");
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_machine != own.e_machine || header.e_phentsize != sizeof(Elf64_Phdr)) {
    throw Error(ExitCode::failed, program.string() + " is not a program for this machine");
  }
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = read_record<Elf64_Phdr>(file, header.e_phoff + i * sizeof(Elf64_Phdr), program);
    if (segment.p_type == PT_INTERP) {
      return read_string(file, segment, program);
    }
  }
  return {};
}

std::vector<ImageEntry> firewall_image_entries(const fs::path& program, policy::FirewallDriver driver) {
  std::vector<ImageEntry> entries;
  add_fixed_entries(entries);
  entries.push_back({protocol::k_firewall_program, 0755, ImageEntry::Copy{program}});
  const std::string loader = program_interpreter(program);
  if (!loader.empty()) {
    entries.push_back({loader, 0755, ImageEntry::Copy{loader}});
    add_libraries(program, loader, entries);
  }
  switch (driver) {
  case policy::FirewallDriver::nftables: break;
  case policy::FirewallDriver::iptables: add_xtables(loader, entries); break;
  }
  return entries;
}

ImageArchive write_firewall_image(const fs::path& archive, const std::string& name, const fs::path& program,
                                  policy::FirewallDriver driver, const std::string& version) {
  ImageConfig config;
  config.entrypoint = {protocol::k_firewall_program};
  config.user = "1000:1000";
  config.labels = {{"org.opencontainers.image.title", "agentbox firewall"},
                   {"org.opencontainers.image.version", version}};
  return write_image_archive(archive, name, firewall_image_entries(program, driver), config);
}

} // namespace agentbox::oci
