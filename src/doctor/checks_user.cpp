// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>

#include "doctor/checks.hpp"
#include "doctor/remedy.hpp"

namespace agentbox::doctor {

CheckResult check_user(const HostReport& report) {
  const Line line{"user", "User"};
  if (report.uid == 0) {
    return missing(line, "this is root; a box is rootless, so that an escape from it is not root on the host",
                   "log in as an ordinary user; on a machine that has only root, in a source tree: ./dev shell");
  }
  return ok(line, fmt::format("{} (uid {})", report.user, report.uid));
}

CheckResult check_subordinate_ids(const HostReport& report) {
  const Line line{"subids", "Subordinate ids"};
  if (report.uid == 0) {
    return asked_as_root(line);
  }
  const bool uids_ok = report.subuid.count >= k_subordinate_ids;
  const bool gids_ok = report.subgid.count >= k_subordinate_ids;
  if (uids_ok && gids_ok) {
    if (report.podman.facts && !report.podman.facts->uid_map) {
      return missing(line, "there is a range, but Podman still runs without it", "podman system migrate");
    }
    return ok(line, fmt::format("{} uids, {} gids", report.subuid.count, report.subgid.count));
  }
  // A remedy must not hand out ids that another user has already.
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
  return missing(line,
                 fmt::format("{} has {} uids in /etc/subuid and {} gids in /etc/subgid; {} of each are needed",
                             report.user, report.subuid.count, report.subgid.count, k_subordinate_ids),
                 std::move(remedy));
}

CheckResult check_id_helpers(const HostReport& report) {
  const Line line{"id_helpers", "newuidmap, newgidmap"};
  for (const auto& [name, helper] :
       {std::pair{"newuidmap", &report.newuidmap}, std::pair{"newgidmap", &report.newgidmap}}) {
    if (helper->path.empty()) {
      return missing(line, fmt::format("{} is not installed", name), install_command(report.distro, Package::uidmap));
    }
    if (!helper->privileged) {
      return missing(line, fmt::format("{} is neither setuid root nor has it file capabilities", helper->path),
                     fmt::format("sudo chmod u+s {}", helper->path));
    }
  }
  return ok(line, fmt::format("{}, {}", report.newuidmap.path, report.newgidmap.path));
}

CheckResult check_runtime_folder(const HostReport& report) {
  const Line line{"runtime_folder", "Runtime folder"};
  if (report.uid == 0) {
    return asked_as_root(line);
  }
  if (report.runtime_problem.empty() && !report.runtime_fallback) {
    return ok(line, report.runtime_folder);
  }
  const std::string make = fmt::format(
      "sudo install -d -o {0} -m 700 /run/user/{1} && export XDG_RUNTIME_DIR=/run/user/{1}", report.user, report.uid);
  const std::string remedy =
      report.systemd
          ? fmt::format("sudo loginctl enable-linger {}   (then log in again, not by su or sudo)", report.user)
          : make;
  if (report.runtime_problem.empty()) {
    return degraded(line, fmt::format("{}, because XDG_RUNTIME_DIR is not set", report.runtime_folder), remedy);
  }
  return missing(line, report.runtime_problem, remedy);
}

CheckResult check_linger(const HostReport& report) {
  const Line line{"linger", "After logout"};
  if (report.uid == 0) {
    return asked_as_root(line);
  }
  if (!report.linger) {
    return not_applicable(line, "no systemd-logind here");
  }
  return ok(line,
            *report.linger
                ? "boxes go on (linger is on)"
                : fmt::format("boxes end with your last login (to keep them: loginctl enable-linger {})", report.user));
}

} // namespace agentbox::doctor
