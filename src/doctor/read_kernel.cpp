// SPDX-License-Identifier: Apache-2.0
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor/parse.hpp"
#include "doctor/read_host.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/pidfd.hpp"

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

bool has_openat2() {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  return static_cast<bool>(support::Fd(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how))));
}

bool has_mount_ids() {
  struct statx info {};
  return statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &info) == 0 && (info.stx_mask & STATX_MNT_ID) != 0;
}

/// Tries the calls: distributions add some to older kernels, so the version does not decide.
std::vector<LackingCall> lacking_calls() {
  std::vector<LackingCall> lacking;
  if (!support::open_pidfd(getpid())) {
    lacking.push_back({"pidfd_open", "5.3"});
  }
  if (!has_openat2()) {
    lacking.push_back({"openat2", "5.6"});
  }
  if (!has_mount_ids()) { // as new as setns with a pidfd, which the hook needs
    lacking.push_back({"statx with STATX_MNT_ID", "5.8"});
  }
  if (syscall(SYS_close_range, ~0U, ~0U, 0U) != 0) { // no descriptor has this number
    lacking.push_back({"close_range", "5.9", "the terminal is not restored when agentbox is killed"});
  }
  return lacking;
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
  report.lacking_calls = lacking_calls();
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
