// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "oci/impose/impose_parts.hpp"
#include "oci/sealed_file.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;
using support::in_quotes;

/// A mount that Podman gives to every container. Ours replaces it unless it is `kept`.
struct UsualMount {
  std::string_view destination;
  std::string_view types;  ///< with a space around each
  std::string_view source; ///< suffix of a bind mount's source
  bool kept = false;
};

/// Podman writes a container's files to its `userdata` directory. /run/secrets comes from Fedora's
/// containers-mounts.conf, and is dropped. Podman 5 binds the host's /sys when the container joins a network namespace;
/// ours is a new sysfs.
constexpr std::array<UsualMount, 12> k_usual{{
    {"/proc", " proc ", "", false},
    {"/dev", " tmpfs ", "", false},
    {"/dev/pts", " devpts ", "", false},
    {"/dev/mqueue", " mqueue ", "", false},
    {"/dev/shm", " bind tmpfs ", "/userdata/shm", false},
    {"/sys", " sysfs bind ", "/sys", false},
    {"/sys/fs/cgroup", " cgroup ", "", false},
    {"/run/secrets", " bind ", "/userdata/run/secrets", false},
    {"/run/.containerenv", " bind ", "/userdata/.containerenv", true},
    {"/etc/hostname", " bind ", "/userdata/hostname", true},
    {"/etc/hosts", " bind ", "/userdata/hosts", true},
    {"/etc/resolv.conf", " bind ", "/userdata/resolv.conf", true},
}};

const UsualMount& usual_mount(const json& mount) {
  const std::string destination = text_at(mount, "destination");
  const auto found = std::find_if(k_usual.begin(), k_usual.end(),
                                  [&](const UsualMount& usual) { return usual.destination == destination; });
  if (found == k_usual.end()) {
    throw unexpected("something is mounted at " + in_quotes(destination) + " (from " +
                         in_quotes(text_at(mount, "source")) + ")",
                     "no mount but the policy's");
  }
  const std::string type = text_at(mount, "type");
  if (type.empty() || found->types.find(" " + type + " ") == std::string_view::npos) {
    throw unexpected("the mount at " + in_quotes(destination) + " is of type " + in_quotes(type),
                     "one of" + std::string(found->types));
  }
  const std::string source = text_at(mount, "source");
  const bool right_source = found->source == "/sys" ? source == "/sys" : source.ends_with(found->source);
  if (type == "bind" && !right_source) {
    throw unexpected("the mount at " + in_quotes(destination) + " is " + in_quotes(source), "Podman's own file");
  }
  return *found;
}

bool mounts_at(const json& mounts, const std::string& destination) {
  return std::any_of(mounts.begin(), mounts.end(), [&](const json& m) { return m.at("destination") == destination; });
}

} // namespace

void impose_mounts(const json& podman, json& result) {
  json kept = json::array();
  for (const json& mount : podman) {
    const UsualMount& usual = usual_mount(mount);
    const std::string destination = text_at(mount, "destination");
    if (usual.kept && !mounts_at(result, destination)) {
      kept.push_back(sealed_file(destination, text_at(mount, "source")));
    }
  }
  result.insert(result.end(), kept.begin(), kept.end());
}

} // namespace agentbox::oci
