// SPDX-License-Identifier: Apache-2.0
#include "podman/podman_info.hpp"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::podman {
namespace {

using nlohmann::json;
using support::Error;
using support::ExitCode;

/// Returns `info` at JSON pointer `path`, or `fallback` where this version of Podman does not have it.
template <typename T>
T at(const json& info, const char* path, T fallback) {
  const json::json_pointer pointer(path);
  return info.contains(pointer) ? info.at(pointer).get<T>() : fallback;
}

// Podman 5 reports which program it uses; 4.3 supports only slirp4netns and leaves the path empty when it is missing.
std::string network_program(const json& info) {
  const auto installed = [&](const char* name) {
    return !at<std::string>(info, (std::string("/host/") + name + "/executable").c_str(), "").empty();
  };
  const auto chosen = at<std::string>(info, "/host/rootlessNetworkCmd", "slirp4netns");
  return installed(chosen.c_str()) ? chosen : "";
}

bool more_than_one_uid(const json& info) {
  const json maps = at<json>(info, "/host/idMappings/uidmap", json::array());
  std::uint64_t uids = 0;
  for (const json& map : maps) {
    uids += map.value("size", std::uint64_t{0});
  }
  return maps.empty() || uids > 1; // rootful Podman shows no map
}

PodmanInfo info_from(const json& document) {
  PodmanInfo info;
  info.podman = parse_version(document.at("version").at("Version").get<std::string>());
  info.rootless = at(document, "/host/security/rootless", false);
  info.oci_runtime = at<std::string>(document, "/host/ociRuntime/name", "");
  info.network_program = network_program(document);
  info.network_path = at<std::string>(document, ("/host/" + info.network_program + "/executable").c_str(), "");
  info.cgroup_manager = at<std::string>(document, "/host/cgroupManager", "");
  info.cgroup_version = at<std::string>(document, "/host/cgroupVersion", "");
  const json controllers = at<json>(document, "/host/cgroupControllers", json::array());
  if (controllers.is_array()) { // null on some versions without a delegation
    info.controllers = controllers.get<std::set<std::string>>();
  }
  info.graph_driver = at<std::string>(document, "/store/graphDriverName", "");
  info.graph_root = at<std::string>(document, "/store/graphRoot", "");
  info.native_overlay = !at(document, "/store/graphOptions", json::object()).contains("overlay.mount_program");
  info.selinux = at(document, "/host/security/selinuxEnabled", false);
  info.seccomp = at(document, "/host/security/seccompEnabled", false);
  info.seccomp_profile = at<std::string>(document, "/host/security/seccompProfilePath", "");
  info.uid_map = more_than_one_uid(document);
  return info;
}

} // namespace

std::string Version::text() const {
  return fmt::format("{}.{}.{}", major, minor, patch);
}

Version parse_version(std::string_view text) {
  Version version;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (int* part : {&version.major, &version.minor, &version.patch}) {
    const auto [next, error] = std::from_chars(at, end, *part);
    if (error != std::errc() || (part != &version.patch && (next == end || *next != '.'))) {
      throw Error(ExitCode::refused, "Podman has an unknown version: " + support::in_quotes(text));
    }
    at = part != &version.patch ? next + 1 : next;
  }
  return version;
}

PodmanInfo parse_podman_info(std::string_view info_json) {
  try {
    return info_from(json::parse(info_json));
  } catch (const json::exception& error) {
    throw Error(ExitCode::refused, std::string("unexpected output of `podman info`: ") + error.what(),
                "agentbox doctor");
  }
}

bool supports_loopback_mapping(const std::filesystem::path& pasta) {
  constexpr std::size_t k_max = std::size_t{16} << 20U;
  try {
    return support::read_file_if_exists(pasta, k_max).value_or("").find("map-host-loopback") != std::string::npos;
  } catch (const Error&) {
    return false;
  }
}

void require_usable(const PodmanInfo& info) {
  if (info.podman < k_oldest_podman) {
    throw Error(
        ExitCode::refused,
        fmt::format("Podman {} is too old: agentbox needs {} or newer", info.podman.text(), k_oldest_podman.text()),
        "update Podman (Debian 12, Fedora 37 and newer have it)");
  }
  if (!info.rootless) {
    throw Error(ExitCode::refused, "Podman is not rootless here", "run agentbox as an ordinary user");
  }
  if (!info.uid_map) {
    throw Error(ExitCode::refused, "you have no range of subordinate uids for the box's user namespace", k_add_subuids);
  }
  if (info.network_program.empty()) {
    throw Error(ExitCode::refused, "neither pasta nor slirp4netns is installed: rootless pods have no network",
                "sudo apt-get install slirp4netns (Podman 4), or passt (Podman 5); dnf: passt");
  }
  if (!info.seccomp) {
    throw Error(ExitCode::refused, "Podman was built without seccomp: the box's system calls cannot be filtered",
                "install your distribution's own podman package");
  }
}

std::set<std::string> delegated_controllers(const std::filesystem::path& cgroup_root, std::string_view proc_self_cgroup,
                                            unsigned uid) {
  const auto user_service =
      cgroup_root / fmt::format("user.slice/user-{0}.slice/user@{0}.service/cgroup.controllers", uid);
  auto text = support::read_file_if_exists(user_service, 4096);
  const auto own = proc_self_cgroup.find("0::/");
  if (!text && own != std::string_view::npos) {
    const std::string_view rest = proc_self_cgroup.substr(own + 4);
    text = support::read_file_if_exists(cgroup_root / rest.substr(0, rest.find('\n')) / "cgroup.controllers", 4096);
  }
  const std::string names = text.value_or("");
  const std::vector<std::string_view> words = support::words(names);
  return {words.begin(), words.end()};
}

} // namespace agentbox::podman
