// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "podman/podman_info.hpp"
#include "support/file.hpp"

namespace agentbox::podman {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int k_cache_version = 2;

/// What changes when `path` is replaced or edited; "-" when there is none.
std::string fingerprint(const fs::path& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return "-";
  }
  return std::to_string(info.st_size) + ":" + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec) + ":" + std::to_string(info.st_ino);
}

/// All that `podman info` depends on: the answers are kept as long as this stays the same.
json cache_key(const Podman& podman) {
  json key = {{"version", k_cache_version},
              {"uid", geteuid()},
              {"podman", podman.program().string()},
              {"boot", support::read_file_if_exists("/proc/sys/kernel/random/boot_id", 64).value_or("")}};
  const std::map<std::string, std::string> environment = podman.command({}).env;
  const auto config = environment.find("XDG_CONFIG_HOME");
  const auto home = environment.find("HOME");
  const fs::path above = home != environment.end() ? fs::path(home->second) : support::home_folder();
  const fs::path user = (config != environment.end() ? fs::path(config->second) : above / ".config") / "containers";
  for (const fs::path& file :
       {podman.program(), fs::path("/etc/containers/containers.conf"), fs::path("/etc/containers/storage.conf"),
        fs::path("/etc/subuid"), fs::path("/etc/subgid"), user / "containers.conf", user / "storage.conf",
        fs::path("/usr/bin/pasta"), fs::path("/usr/bin/slirp4netns"), fs::path("/usr/bin/crun")}) {
    key["files"][file.string()] = fingerprint(file);
  }
  return key;
}

json to_json(const PodmanInfo& facts) {
  return {{"podman", facts.podman.text()},
          {"rootless", facts.rootless},
          {"oci_runtime", facts.oci_runtime},
          {"network_program", facts.network_program},
          {"network_path", facts.network_path.string()},
          {"maps_loopback", facts.maps_loopback},
          {"cgroup_manager", facts.cgroup_manager},
          {"cgroup_version", facts.cgroup_version},
          {"controllers", facts.controllers},
          {"graph_driver", facts.graph_driver},
          {"graph_root", facts.graph_root.string()},
          {"native_overlay", facts.native_overlay},
          {"selinux", facts.selinux},
          {"seccomp", facts.seccomp},
          {"seccomp_profile", facts.seccomp_profile.string()},
          {"uid_map", facts.uid_map}};
}

PodmanInfo from_json(const json& value) {
  PodmanInfo facts;
  facts.podman = parse_version(value.at("podman").get<std::string>());
  value.at("rootless").get_to(facts.rootless);
  value.at("oci_runtime").get_to(facts.oci_runtime);
  value.at("network_program").get_to(facts.network_program);
  facts.network_path = value.at("network_path").get<std::string>();
  value.at("maps_loopback").get_to(facts.maps_loopback);
  value.at("cgroup_manager").get_to(facts.cgroup_manager);
  value.at("cgroup_version").get_to(facts.cgroup_version);
  value.at("controllers").get_to(facts.controllers);
  value.at("graph_driver").get_to(facts.graph_driver);
  facts.graph_root = value.at("graph_root").get<std::string>();
  value.at("native_overlay").get_to(facts.native_overlay);
  value.at("selinux").get_to(facts.selinux);
  value.at("seccomp").get_to(facts.seccomp);
  facts.seccomp_profile = value.at("seccomp_profile").get<std::string>();
  value.at("uid_map").get_to(facts.uid_map);
  return facts;
}

fs::path cache_file() {
  return support::cache_folder() / "host.json";
}

/// The cached facts when they were written under `key`. A damaged cache is as good as none.
std::optional<PodmanInfo> cached(const json& key) {
  const auto text = support::read_file_if_exists(cache_file(), 1U << 20U);
  const json document = json::parse(text.value_or(""), nullptr, false);
  if (!document.is_object() || document.value("key", json()) != key) {
    return std::nullopt;
  }
  try {
    return from_json(document.at("facts"));
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::set<std::string> controllers_now(const PodmanInfo& facts) {
  if (facts.cgroup_version != "v2") {
    return {};
  }
  return delegated_controllers("/sys/fs/cgroup", support::read_file_if_exists("/proc/self/cgroup", 65536).value_or(""),
                               geteuid());
}

} // namespace

PodmanInfo fresh_podman_info(const Podman& podman, support::CaptureLimits limits) {
  PodmanInfo facts = parse_podman_info(podman.capture({"info", "--format", "json"}, limits));
  facts.maps_loopback = facts.network_program == "pasta" && knows_loopback_mapping(facts.network_path);
  support::make_private_folder(support::cache_folder());
  support::write_file(cache_file(), json{{"key", cache_key(podman)}, {"facts", to_json(facts)}}.dump(2) + "\n");
  facts.controllers = controllers_now(facts);
  return facts;
}

PodmanInfo podman_info(const Podman& podman) {
  std::optional<PodmanInfo> facts = cached(cache_key(podman));
  if (!facts) {
    facts = fresh_podman_info(podman);
  }
  facts->controllers = controllers_now(*facts);
  require_usable(*facts);
  return *std::move(facts);
}

} // namespace agentbox::podman
