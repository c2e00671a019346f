// SPDX-License-Identifier: Apache-2.0
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <filesystem>
#include <memory>
#include <sys/utsname.h>

#include "doctor/parse.hpp"
#include "doctor/read_host.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"

namespace agentbox::doctor {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_max_table = 16U << 20U; // a distribution's modules.dep is about 600 KB

std::optional<std::string> unpacked(const fs::path& path) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader.get(), path.c_str(), 65536) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return std::nullopt;
  }
  std::string text;
  std::array<char, 65536> buffer{};
  while (text.size() < k_max_table) {
    const la_ssize_t count = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (count <= 0) {
      return count == 0 ? std::optional(text) : std::nullopt;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return std::nullopt;
}

void read_sysctls(HostReport& report) {
  constexpr std::array<std::array<const char*, 2>, 4> k_names = {{
      {"kernel.unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone"},
      {"kernel.apparmor_restrict_unprivileged_userns", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"},
      {"kernel.modules_disabled", "/proc/sys/kernel/modules_disabled"},
      {"user.max_user_namespaces", "/proc/sys/user/max_user_namespaces"},
  }};
  for (const auto& [name, path] : k_names) {
    if (const auto value = text_of(path)) {
      report.sysctls.emplace(name, support::trim(*value));
    }
  }
}

SelinuxReport selinux_report() {
  SelinuxReport report;
  report.mode = selinux::host_mode();
  if (report.mode == selinux::Mode::disabled) {
    return report;
  }
  report.policy = selinux::policy_name();
  report.nfs = selinux::boolean("virt_use_nfs");
  try {
    report.home_context = selinux::context_of(support::home_directory());
    report.levels = selinux::host_selinux().value().levels;
  } catch (const support::Error& error) {
    report.problem = error.what();
  }
  return report;
}

} // namespace

std::optional<std::string> text_of(const fs::path& path) {
  try {
    return support::read_file_if_exists(path, k_max_table);
  } catch (const support::Error&) {
    return std::nullopt;
  }
}

void read_kernel(HostReport& report) {
  utsname name{};
  if (uname(&name) == 0) {
    report.kernel = static_cast<const char*>(name.release);
  }
  const fs::path modules = fs::path("/lib/modules") / report.kernel;
  ModuleSources sources;
  sources.loaded = text_of("/proc/modules");
  sources.built_in = text_of(modules / "modules.builtin");
  sources.loadable = text_of(modules / "modules.dep");
  sources.filesystems = text_of("/proc/filesystems");
  sources.config = unpacked("/proc/config.gz");
  if (!sources.config) {
    sources.config = text_of("/boot/config-" + report.kernel);
  }
  report.modules = module_states(sources);
  report.cgroups = parse_cgroup_layout(text_of("/proc/self/mountinfo").value_or(""));
  report.selinux = selinux_report();
  report.kernel_seccomp_filter =
      text_of("/proc/sys/kernel/seccomp/actions_avail").value_or("").find("errno") != std::string::npos;
  report.systemd = fs::exists("/run/systemd/system");
  std::error_code ignored; // a profile that may not be read counts as none
  report.apparmor_podman_profile = fs::exists("/etc/apparmor.d/podman", ignored);
  read_sysctls(report);
}

} // namespace agentbox::doctor
