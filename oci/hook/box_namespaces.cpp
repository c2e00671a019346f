// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/box_namespaces.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/error.hpp"
#include "support/pidfd.hpp"
#include "support/text.hpp"

namespace agentbox::oci::hook {
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;
using support::system_error;

Error refused(const std::string& what) {
  return {ExitCode::refused, what, "the agent would not be behind the firewall; start the box again with agentbox run"};
}

std::string namespace_path(const nlohmann::json& config, std::string_view type) {
  for (const auto& entry : config.at("linux").at("namespaces")) {
    if (entry.at("type") == type) {
      return entry.value("path", std::string());
    }
  }
  return {};
}

/// Returns the PID in "/proc/PID/ns/NAME"; 0 when `path` is anything else.
pid_t process_of(std::string_view path, std::string_view name) {
  constexpr std::string_view k_proc = "/proc/";
  if (!path.starts_with(k_proc)) {
    return 0;
  }
  path.remove_prefix(k_proc.size());
  pid_t pid = 0;
  const auto [rest, error] = std::from_chars(path.data(), path.data() + path.size(), pid);
  path.remove_prefix(static_cast<std::size_t>(rest - path.data()));
  return error == std::errc() && pid > 0 && path == "/ns/" + std::string(name) ? pid : 0;
}

Fd open_namespace(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    throw system_error(ExitCode::refused, "cannot open the firewall's namespace " + path, errno);
  }
  return fd;
}

struct stat identity(const Fd& fd, const std::string& what) {
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) {
    throw system_error(ExitCode::refused, "cannot stat " + what, errno);
  }
  return info;
}

bool same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

} // namespace

FirewallProcess require_one_user_namespace(const nlohmann::json& config) {
  const std::string net_path = namespace_path(config, "network");
  const std::string user_path = namespace_path(config, "user");
  const pid_t pid = process_of(net_path, "net");
  if (pid == 0 || pid != process_of(user_path, "user")) {
    throw refused("the agent's network and user namespaces (" + support::escape_untrusted(net_path) + ", " +
                  support::escape_untrusted(user_path) + ") do not belong to one process");
  }
  // Before the checks: the pid can be reused.
  FirewallProcess firewall{pid, support::open_pidfd(pid)};
  if (!firewall.pidfd) {
    throw system_error(ExitCode::refused, "the firewall's process " + std::to_string(pid) + " has ended", errno);
  }
  const Fd net = open_namespace(net_path);
  const Fd user = open_namespace(user_path);
  const Fd own = open_namespace("/proc/self/ns/user");
  const Fd owner(ioctl(net.get(), NS_GET_USERNS));
  if (!owner) {
    throw system_error(ExitCode::refused, "cannot determine the owner of network namespace " + net_path, errno);
  }
  if (!same(identity(owner, net_path), identity(user, user_path))) {
    throw refused("the box's network namespace does not belong to the agent's user namespace");
  }
  if (same(identity(user, user_path), identity(own, "our user namespace"))) {
    throw refused("the agent would run in Podman's own user namespace");
  }
  if (support::has_ended(firewall.pidfd)) { // so the paths may have named another process
    throw refused("the firewall's process " + std::to_string(pid) + " has ended");
  }
  return firewall;
}

} // namespace agentbox::oci::hook
