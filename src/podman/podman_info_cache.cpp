// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "podman/podman_info.hpp"
#include "support/file.hpp"

namespace agentbox::podman {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int k_cache_version = 3;

/// Returns everything that the output of `podman info` depends on.
json cache_key(const Podman& podman) {
  json key = {{"version", k_cache_version},
              {"uid", geteuid()},
              {"podman", podman.program().string()},
              {"boot", support::read_file_if_exists("/proc/sys/kernel/random/boot_id", 64).value_or("")}};
  const std::map<std::string, std::string> environment = podman.command({}).env;
  for (const char* name : {"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"}) { // where its store is
    const auto value = environment.find(name);
    key["environment"][name] = value == environment.end() ? "" : value->second;
  }
  const auto config = environment.find("XDG_CONFIG_HOME");
  const auto home = environment.find("HOME");
  const fs::path above = home != environment.end() ? fs::path(home->second) : support::home_directory();
  const fs::path user = (config != environment.end() ? fs::path(config->second) : above / ".config") / "containers";
  for (const fs::path& file :
       {podman.program(), fs::path("/etc/containers/containers.conf"), fs::path("/etc/containers/storage.conf"),
        fs::path("/etc/subuid"), fs::path("/etc/subgid"), user / "containers.conf", user / "storage.conf",
        fs::path("/usr/bin/pasta"), fs::path("/usr/bin/slirp4netns"), fs::path("/usr/bin/crun")}) {
    key["files"][file.string()] = support::fingerprint(file);
  }
  return key;
}

fs::path cache_file() {
  return support::cache_directory() / "host.json";
}

/// Returns the cached information if it was written under `key`. A damaged cache counts as none.
std::optional<PodmanInfo> cached(const json& key) {
  const auto text = support::read_file_if_exists(cache_file(), 1U << 20U);
  const json document = json::parse(text.value_or(""), nullptr, false);
  if (!document.is_object() || document.value("key", json()) != key) {
    return std::nullopt;
  }
  try {
    PodmanInfo info = parse_podman_info(document.at("info").get<std::string>());
    document.at("maps_loopback").get_to(info.maps_loopback);
    return info;
  } catch (const json::exception&) {
    return std::nullopt;
  } catch (const support::Error&) {
    return std::nullopt;
  }
}

std::set<std::string> controllers_now(const PodmanInfo& info) {
  if (info.cgroup_version != "v2") {
    return {};
  }
  return delegated_controllers("/sys/fs/cgroup", support::read_file_if_exists("/proc/self/cgroup", 65536).value_or(""),
                               geteuid());
}

} // namespace

PodmanInfo fresh_podman_info(const Podman& podman, support::CaptureLimits limits) {
  const std::string text = podman.capture({"info", "--format", "json"}, limits);
  PodmanInfo info = parse_podman_info(text);
  info.maps_loopback = info.network_program == "pasta" && supports_loopback_mapping(info.network_path);
  support::make_private_directory(support::cache_directory());
  const json document = {{"key", cache_key(podman)}, {"info", text}, {"maps_loopback", info.maps_loopback}};
  support::write_file(cache_file(), document.dump(2) + "\n");
  info.controllers = controllers_now(info);
  return info;
}

PodmanInfo podman_info(const Podman& podman) {
  std::optional<PodmanInfo> info = cached(cache_key(podman));
  if (!info) {
    info = fresh_podman_info(podman);
  }
  info->controllers = controllers_now(*info);
  require_usable(*info);
  return *std::move(info);
}

} // namespace agentbox::podman
