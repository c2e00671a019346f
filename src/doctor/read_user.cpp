// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "doctor/parse.hpp"
#include "doctor/read_host.hpp"
#include "support/command.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"

namespace agentbox::doctor {
namespace fs = std::filesystem;
namespace {

Helper helper(const std::string& name) {
  Helper result;
  result.path = support::find_program(name).value_or("");
  struct stat info {};
  if (!result.path.empty() && stat(result.path.c_str(), &info) == 0) {
    const bool setuid_root = (info.st_mode & S_ISUID) != 0 && info.st_uid == 0;
    result.privileged = setuid_root || getxattr(result.path.c_str(), "security.capability", nullptr, 0) > 0;
  }
  return result;
}

void read_runtime_directory(HostReport& report) {
  const char* set = std::getenv("XDG_RUNTIME_DIR");
  const bool usable = set != nullptr && set[0] == '/';
  const fs::path directory = support::runtime_directory().parent_path();
  report.runtime_directory = usable ? set : directory.string();
  report.runtime_fallback = !usable && directory == "/tmp";
  struct stat info {};
  if (report.runtime_fallback) {
    return;
  }
  if (stat(report.runtime_directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    report.runtime_problem = fmt::format("{} is not a directory", report.runtime_directory);
  } else if (info.st_uid != geteuid()) {
    report.runtime_problem =
        fmt::format("{} belongs to another user (su and sudo do not change XDG_RUNTIME_DIR)", report.runtime_directory);
  } else if (access(report.runtime_directory.c_str(), W_OK | X_OK) != 0) {
    report.runtime_problem = fmt::format("you may not write to {}", report.runtime_directory);
  }
}

} // namespace

void read_user(HostReport& report) {
  report.distro = parse_os_release(text_of("/etc/os-release").value_or(""));
  report.uid = geteuid();
  report.user = support::passwd_name().value_or(std::to_string(geteuid()));
  report.newuidmap = helper("newuidmap");
  report.newgidmap = helper("newgidmap");
  report.subuid = parse_subordinate_ids(text_of("/etc/subuid").value_or(""), report.user, report.uid);
  report.subgid = parse_subordinate_ids(text_of("/etc/subgid").value_or(""), report.user, report.uid);
  report.tun_present = fs::exists("/dev/net/tun");
  report.tun_usable = support::Fd(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)).get() >= 0;
  read_runtime_directory(report);
  if (fs::exists("/run/systemd/system")) {
    report.linger = fs::exists("/var/lib/systemd/linger/" + report.user);
  }
}

} // namespace agentbox::doctor
