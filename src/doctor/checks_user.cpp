// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>

#include "doctor/checks.hpp"
#include "doctor/remedy.hpp"

namespace agentbox::doctor {

namespace {

/// The minimum number of subordinate IDs with which every ID of an image can be mapped.
constexpr std::uint64_t k_subordinate_ids = 65536;

} // namespace

Answer check_user(const HostReport& report) {
  if (report.uid == 0) {
    return missing("this is root; boxes are rootless, so that an escape does not gain root on the host",
                   "log in as an ordinary user; if there is only root, in a source tree: ./dev shell");
  }
  return ok(fmt::format("{} (uid {})", report.user, report.uid));
}

Answer check_subordinate_ids(const HostReport& report) {
  const bool uids_ok = report.subuid.count >= k_subordinate_ids;
  const bool gids_ok = report.subgid.count >= k_subordinate_ids;
  if (uids_ok && gids_ok) {
    if (report.podman.facts && !report.podman.facts->uid_map) {
      return missing("a range exists, but Podman does not use it yet", "podman system migrate");
    }
    return ok(fmt::format("{} uids, {} gids", report.subuid.count, report.subgid.count));
  }
  // The fix must not assign IDs that another user has.
  const std::uint64_t first = std::max(report.subuid.next_free, report.subgid.next_free);
  const std::uint64_t last = first + k_subordinate_ids - 1;
  std::string remedy = "sudo usermod";
  if (!uids_ok) {
    remedy += fmt::format(" --add-subuids {}-{}", first, last);
  }
  if (!gids_ok) {
    remedy += fmt::format(" --add-subgids {}-{}", first, last);
  }
  remedy += fmt::format(" {} && podman system migrate", report.user);
  return missing(fmt::format("{} has {} uids in /etc/subuid and {} gids in /etc/subgid; {} of each are needed",
                             report.user, report.subuid.count, report.subgid.count, k_subordinate_ids),
                 std::move(remedy));
}

Answer check_id_helpers(const HostReport& report) {
  for (const auto& [name, helper] :
       {std::pair{"newuidmap", &report.newuidmap}, std::pair{"newgidmap", &report.newgidmap}}) {
    if (helper->path.empty()) {
      return missing(fmt::format("{} is not installed", name), install_command(report.distro, Package::uidmap));
    }
    if (!helper->privileged) {
      return missing(fmt::format("{} is not setuid root and has no file capabilities", helper->path),
                     fmt::format("sudo chmod u+s {}", helper->path));
    }
  }
  return ok(fmt::format("{}, {}", report.newuidmap.path, report.newgidmap.path));
}

Answer check_runtime_directory(const HostReport& report) {
  if (report.runtime_problem.empty() && !report.runtime_fallback) {
    return ok(report.runtime_directory);
  }
  const std::string make = fmt::format(
      "sudo install -d -o {0} -m 700 /run/user/{1} && export XDG_RUNTIME_DIR=/run/user/{1}", report.user, report.uid);
  const std::string remedy =
      report.systemd
          ? fmt::format("sudo loginctl enable-linger {}   (then log in again, not with su or sudo)", report.user)
          : make;
  if (report.runtime_problem.empty()) {
    return degraded(fmt::format("{}, because XDG_RUNTIME_DIR is not set", report.runtime_directory), remedy);
  }
  return missing(report.runtime_problem, remedy);
}

Answer check_linger(const HostReport& report) {
  if (!report.linger) {
    return not_applicable("systemd-logind is not running");
  }
  return ok(*report.linger
                ? "a box ends with its terminal; one in tmux or in a service keeps running (linger enabled)"
                : fmt::format("a box ends with its terminal, at the latest with your last login (to keep one in "
                              "tmux or in a service: loginctl enable-linger {})",
                              report.user));
}

} // namespace agentbox::doctor
