// SPDX-License-Identifier: Apache-2.0
// What Podman sent is in fixtures/ (captured from 4.3.1 and 5.4.2). Each refusal is next to an accepted case.
#include "oci/impose/impose.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "oci/runtime_config.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;
using tests::build;
using tests::contains;
using tests::error_of;
using Change = std::function<void(json&)>;

json ours(Role role) {
  const auto policy = build(tests::sample_fields());
  return role == Role::agent ? render_agent(policy, tests::sample_facts())
                             : render_firewall(policy, tests::sample_facts());
}

/// Returns Podman's config for the container `role`, as version `version` sends it for our command line.
json podmans(Role role, const std::string& version = "4.3.1") {
  json config = tests::json_fixture("podman-" + version + (role == Role::agent ? "-agent.json" : "-infra.json"));
  config["process"]["args"] = ours(role).at("process").at("args");
  return config;
}

/// Returns the refusal after `change` of Podman's config; empty when it is accepted.
std::string refusal(Role role, const Change& change) {
  json config = podmans(role);
  change(config);
  return error_of([&] { impose(config, ours(role), role); });
}
std::string refusal(const Change& change) {
  return refusal(Role::agent, change);
}

void add_mount(json& config, const char* destination, const char* source, const char* type = "bind") {
  config["mounts"].push_back(
      {{"destination", destination}, {"source", source}, {"type", type}, {"options", {"rbind"}}});
}

TEST_CASE("what Podman sends for our command line is accepted") {
  for (const char* version : {"4.3.1", "5.4.2"}) {
    INFO(version);
    const json firewall = ours(Role::firewall);
    CHECK(decide_role(podmans(Role::agent, version), firewall) == Role::agent);
    CHECK(decide_role(podmans(Role::firewall, version), firewall) == Role::firewall);
    CHECK_NOTHROW(impose(podmans(Role::agent, version), ours(Role::agent), Role::agent));
    CHECK_NOTHROW(impose(podmans(Role::firewall, version), firewall, Role::firewall));
  }
}

TEST_CASE("Podman's wiring is kept, everything else is ours") {
  for (const char* version : {"4.3.1", "5.4.2"}) {
    for (const Role role : {Role::agent, Role::firewall}) {
      const json podman = podmans(role, version);
      const json mine = ours(role);
      const json result = impose(podman, mine, role);
      CHECK(result.at("root").at("path") == podman.at("root").at("path"));
      CHECK(result.at("root").at("readonly") == (role == Role::firewall));
      CHECK(result.at("linux").at("namespaces") == podman.at("linux").at("namespaces"));
      CHECK(result.at("linux").at("uidMappings") == podman.at("linux").at("uidMappings"));
      for (const char* part : {"args", "env", "user", "capabilities", "noNewPrivileges", "rlimits", "cwd"}) {
        CHECK(result.at("process").at(part) == mine.at("process").at(part));
      }
      CHECK(result.at("linux").at("seccomp") == mine.at("linux").at("seccomp"));
      CHECK(result.at("linux").at("resources") == mine.at("linux").at("resources"));
      CHECK_FALSE(result.at("linux").contains("sysctl"));
    }
  }
}

TEST_CASE("of Podman's mounts only its own files stay, sealed") {
  const json result = impose(podmans(Role::agent, "5.4.2"), ours(Role::agent), Role::agent);
  std::size_t podmans_files = 0;
  for (const json& mount : result.at("mounts")) {
    const auto source = mount.at("source").get<std::string>();
    if (contains(source, "userdata")) {
      ++podmans_files;
      CHECK(mount.at("options") == json{"bind", "rprivate", "nosuid", "nodev", "noexec", "ro"});
      CHECK((mount.at("destination") == "/etc/hostname" || mount.at("destination") == "/run/.containerenv"));
    }
    CHECK(source != "/sys"); // 5.x binds the host's
  }
  CHECK(podmans_files == 2);
}

TEST_CASE("the firewall keeps the host's resolver and hosts file") {
  const json result = impose(podmans(Role::firewall), ours(Role::firewall), Role::firewall);
  const std::string mounts = result.at("mounts").dump();
  CHECK(contains(mounts, "/etc/resolv.conf"));
  CHECK(contains(mounts, "/etc/hosts"));
}

TEST_CASE("paths that Podman masks and that we do not list stay masked") {
  json podman = podmans(Role::agent);
  podman["linux"]["maskedPaths"].push_back("/proc/new-hole");
  const json result = impose(podman, ours(Role::agent), Role::agent);
  const json& masked = result.at("linux").at("maskedPaths");
  CHECK(std::count(masked.begin(), masked.end(), "/proc/new-hole") == 1);
  CHECK(std::count(masked.begin(), masked.end(), "/proc/kcore") == 1);
}

TEST_CASE("agent-entrypoint accepts mounts over the paths that only Podman masks") {
  json podman = podmans(Role::agent);
  podman["linux"]["maskedPaths"].push_back("/proc/new-hole");
  podman["linux"]["readonlyPaths"].push_back("/proc/new-knob");
  json config = ours(Role::agent);
  config["process"]["env"].push_back("AGENTBOX_MOUNTS=o - /\n");
  const json result = impose(podman, config, Role::agent);
  const auto list = result.at("process").at("env").back().get<std::string>();
  CHECK(list.starts_with("AGENTBOX_MOUNTS=o - /\no - /proc/new-hole\n"));
  CHECK(list.ends_with("\no - /proc/new-knob\n"));
  CHECK(list.find("/proc/kcore") == std::string::npos); // the policy's, listed already
}

TEST_CASE("security labels, cgroup path and device denials are kept") {
  json podman = podmans(Role::agent);
  podman["process"]["selinuxLabel"] = "system_u:system_r:container_t:s0:c1,c2";
  podman["linux"]["mountLabel"] = "system_u:object_r:container_file_t:s0:c1,c2";
  podman["linux"]["cgroupsPath"] = "user.slice:libpod:abc";
  podman["linux"]["resources"]["devices"] = {{{"allow", false}, {"access", "rwm"}}};
  const json result = impose(podman, ours(Role::agent), Role::agent);
  CHECK(result.at("process").at("selinuxLabel") == podman.at("process").at("selinuxLabel"));
  CHECK(result.at("linux").at("mountLabel") == podman.at("linux").at("mountLabel"));
  CHECK(result.at("linux").at("cgroupsPath") == "user.slice:libpod:abc");
  CHECK(result.at("linux").at("resources").at("devices") == podman.at("linux").at("resources").at("devices"));
  CHECK(result.at("linux").at("resources").at("pids").at("limit") == 512);
}

TEST_CASE("attack: a containers.conf that changes the SELinux labels or switches them off") {
  const std::string process = "system_u:system_r:container_t:s0:c1,c2";
  const std::string files = "system_u:object_r:container_file_t:s0:c1,c2";
  json expected = ours(Role::agent);
  expected["process"]["selinuxLabel"] = process;
  expected["linux"]["mountLabel"] = files;
  json podman = podmans(Role::agent);
  podman["process"]["selinuxLabel"] = process;
  podman["linux"]["mountLabel"] = files;
  CHECK(impose(podman, expected, Role::agent).at("process").at("selinuxLabel") == process);
  for (const char* other : {"", "system_u:system_r:spc_t:s0", "system_u:system_r:container_t:s0:c1,c3",
                            "system_u:system_r:container_t:s0"}) {
    json wrong = podman;
    wrong["process"]["selinuxLabel"] = other;
    CHECK(contains(error_of([&] { impose(wrong, expected, Role::agent); }), "its SELinux label (selinuxLabel) is"));
  }
  podman["linux"].erase("mountLabel");
  CHECK(contains(error_of([&] { impose(podman, expected, Role::agent); }), "mountLabel"));
}

TEST_CASE("attack: annotations that steer the runtime") {
  for (const char* name : {"run.oci.seccomp_bpf_data", "run.oci.keep_original_groups", "run.oci.handler",
                           "module.wasm.image", "org.systemd.property.DeviceAllow"}) {
    CHECK(contains(refusal([&](json& c) { c["annotations"][name] = "1"; }), name));
  }
  json podman = podmans(Role::agent, "5.4.2");
  podman["annotations"]["org.opencontainers.image.title"] = "an image's own";
  const json result = impose(podman, ours(Role::agent), Role::agent);
  CHECK_FALSE(result.at("annotations").contains("org.opencontainers.image.title"));
  CHECK_FALSE(result.at("annotations").contains("org.agentbox.sources"));
  CHECK(result.at("annotations").contains("io.container.manager"));
  CHECK(result.at("annotations").at("org.systemd.property.KillSignal") == "15");
  podman["annotations"]["org.systemd.property.KillSignal"] = "'15'";
  CHECK(!error_of([&] { impose(podman, ours(Role::agent), Role::agent); }).empty());
}

TEST_CASE("attack: our own annotations from an image do not count") {
  json podman = podmans(Role::agent);
  podman["annotations"]["org.agentbox.sources"] = "{}";
  podman["annotations"]["org.agentbox.box"] = "another";
  const json result = impose(podman, ours(Role::agent), Role::agent);
  CHECK(result.at("annotations").at("org.agentbox.box") == "t");
}

TEST_CASE("attack: mounts from containers.conf, a volume of the image, a device") {
  CHECK(contains(refusal([](json& c) { add_mount(c, "/home/agent/.ssh", "/home/dev/.ssh"); }), "/home/agent/.ssh"));
  CHECK(contains(refusal([](json& c) { add_mount(c, "/data", "/var/lib/volumes/x/_data"); }), "/data"));
  CHECK(contains(refusal([](json& c) { add_mount(c, "/dev/kvm", "/dev/kvm"); }), "/dev/kvm"));
  CHECK(contains(refusal([](json& c) { add_mount(c, "/etc/hosts", "/home/dev/hosts"); }), "/etc/hosts"));
  CHECK(contains(refusal([](json& c) { add_mount(c, "/proc", "/proc"); }), "/proc"));
  CHECK(contains(refusal([](json& c) { add_mount(c, "/sys", "/sys/fs"); }), "/sys"));
  CHECK(contains(refusal([](json& c) { add_mount(c, "/run/secrets", "/etc"); }), "/run/secrets"));
  // Fedora's default, which is left out of the box.
  CHECK(refusal([](json& c) { add_mount(c, "/run/secrets", "/run/containers/1/userdata/run/secrets"); }).empty());
}

TEST_CASE("attack: capabilities") {
  CHECK(contains(refusal([](json& c) { c["process"]["capabilities"]["bounding"].push_back("CAP_SYS_ADMIN"); }),
                 "CAP_SYS_ADMIN"));
  CHECK(contains(refusal([](json& c) { c["process"]["capabilities"]["ambient"] = {"CAP_CHOWN"}; }), "ambient"));
  CHECK(refusal([](json& c) { c["process"].erase("capabilities"); }).empty());
  CHECK(refusal([](json& c) {
          c["process"]["capabilities"]["bounding"].push_back("CAP_NET_RAW");
        }).empty()); // taken away
  CHECK(refusal(Role::firewall, [](json& c) { c["process"]["capabilities"]["ambient"] = {"CAP_NET_ADMIN"}; }).empty());
}

TEST_CASE("attack: environment") {
  const std::string message = refusal([](json& c) { c["process"]["env"].push_back("AWS_SECRET_ACCESS_KEY=hush"); });
  CHECK(contains(message, "AWS_SECRET_ACCESS_KEY"));
  CHECK_FALSE(contains(message, "hush"));
  CHECK(contains(refusal([](json& c) { c["process"]["env"].push_back("LD_PRELOAD=/x"); }), "LD_PRELOAD"));
  CHECK(refusal([](json& c) { c["process"]["env"].push_back("TERM=xterm"); }).empty());
  CHECK(refusal([](json& c) { c["process"]["env"].push_back("USER=agent"); }).empty()); // as we set it
}

TEST_CASE("attack: hooks, devices, unknown parts") {
  CHECK(contains(refusal([](json& c) { c["hooks"]["prestart"] = {{{"path", "/bin/evil"}}}; }), "hooks"));
  CHECK(contains(refusal([](json& c) { c["linux"]["devices"] = {{{"path", "/dev/kvm"}}}; }), "devices"));
  CHECK(contains(refusal([](json& c) { c["linux"]["intelRdt"] = {{"closID", "x"}}; }), "intelRdt"));
  CHECK(contains(refusal([](json& c) { c["linux"]["personality"] = {{"domain", "LINUX32"}}; }), "personality"));
  CHECK(contains(refusal([](json& c) { c["vm"] = {{"kernel", "x"}}; }), "vm"));
  CHECK(contains(refusal([](json& c) { c["process"]["scheduler"] = {{"policy", "SCHED_FIFO"}}; }), "scheduler"));
  CHECK(contains(refusal([](json& c) { c["linux"]["resources"]["unified"] = {{"x", "y"}}; }), "unified"));
  CHECK(contains(refusal([](json& c) {
                   c["linux"]["resources"]["devices"] = {{{"allow", true}, {"access", "rwm"}}};
                 }),
                 "device"));
  CHECK(contains(refusal([](json& c) { c["linux"]["sysctl"]["net.ipv4.ip_forward"] = "1"; }), "ip_forward"));
  CHECK(contains(refusal([](json& c) { c["linux"]["rootfsPropagation"] = "rshared"; }), "rootfsPropagation"));
  CHECK(refusal([](json& c) {
          c["hooks"] = json::object();
          c["linux"]["devices"] = nullptr;
        }).empty());
  CHECK(refusal([](json& c) { c["linux"]["rootfsPropagation"] = "rslave"; }).empty());
}

TEST_CASE("attack: command, working directory, user, host name, terminal") {
  CHECK(contains(refusal([](json& c) { c["process"]["args"][0] = "/bin/sh"; }), "/bin/sh"));
  CHECK(contains(refusal([](json& c) { c["process"]["args"].push_back(""); }), "command"));
  CHECK(contains(refusal([](json& c) { c["process"]["cwd"] = "/"; }), "working directory"));
  CHECK(contains(refusal([](json& c) { c["process"]["user"]["uid"] = 0; }), "uid is 0"));
  CHECK(contains(refusal([](json& c) { c["process"]["user"]["gid"] = 0; }), "gid is 0"));
  CHECK(contains(refusal([](json& c) { c["process"]["user"]["additionalGids"].push_back(27); }), "27"));
  CHECK(contains(refusal([](json& c) { c["hostname"] = "x"; }), "host name"));
  CHECK(contains(refusal([](json& c) { c["process"]["terminal"] = true; }), "terminal"));
  CHECK(contains(refusal([](json& c) { c["root"]["path"] = "rootfs"; }), "root.path"));
}

TEST_CASE("attack: namespaces of the host or of an unrelated process") {
  for (const char* type : {"pid", "network", "ipc", "uts", "mount", "cgroup", "user"}) {
    const auto without = [&](json& c) {
      json& list = c["linux"]["namespaces"];
      list.erase(std::remove_if(list.begin(), list.end(), [&](const json& n) { return n["type"] == type; }),
                 list.end());
    };
    CHECK(contains(refusal(without), type));
    CHECK(contains(refusal(Role::firewall, without), type));
    const auto twice = [&](json& c) { c["linux"]["namespaces"].push_back({{"type", type}}); };
    CHECK(contains(refusal(twice), type));
  }
  const auto joined = [](const char* type) {
    return [type](json& c) {
      for (json& entry : c["linux"]["namespaces"]) {
        if (entry["type"] == type) {
          entry["path"] = "/proc/1/ns/x";
        }
      }
    };
  };
  CHECK(contains(refusal(joined("pid")), "/proc/1/ns/x"));
  CHECK(contains(refusal(Role::firewall, joined("network")), "/proc/1/ns/x"));
  CHECK(refusal(joined("network")).empty()); // the hook checks whose it is
  CHECK(contains(refusal([](json& c) {
                   for (json& entry : c["linux"]["namespaces"]) {
                     entry.erase("path");
                   }
                 }),
                 "is new"));
  CHECK(contains(refusal([](json& c) { c["linux"]["namespaces"].push_back({{"type", "time"}}); }), "time"));
}

TEST_CASE("attack: configs that are not what the specification says") {
  CHECK(!refusal([](json& c) { c.erase("linux"); }).empty());
  CHECK(!refusal([](json& c) { c["process"] = 7; }).empty());
  CHECK(!refusal([](json& c) { c["mounts"] = "x"; }).empty());
  CHECK(!refusal([](json& c) { c["mounts"] = {1}; }).empty());
  CHECK(!refusal([](json& c) { c["linux"]["namespaces"] = {{{"type", 1}}}; }).empty());
  CHECK(!refusal([](json& c) { c["annotations"]["a"] = 1; }).empty());
}

TEST_CASE("names from the config are safe to print") {
  const std::string message = refusal([](json& c) { c["process"]["env"].push_back("A\x1b]52;c;x\nB=1"); });
  CHECK(contains(message, "\\x1b"));
  CHECK(message.find('\n') == std::string::npos);
}

TEST_CASE("a container that is neither the agent's nor the firewall's has no role") {
  const json firewall = ours(Role::firewall);
  const auto role_error = [&](Role role, const Change& change) {
    json config = podmans(role);
    change(config);
    return error_of([&] { decide_role(config, firewall); });
  };
  CHECK(!role_error(Role::agent, [](json& c) { c["annotations"].erase("org.agentbox.role"); }).empty());
  CHECK(!role_error(Role::agent, [](json& c) { c["annotations"].erase("io.kubernetes.cri-o.SandboxID"); }).empty());
  CHECK(!role_error(Role::firewall, [](json& c) { c["hostname"] = "agentbox-other"; }).empty());
  CHECK(!role_error(Role::firewall, [](json& c) { c["process"]["args"][0] = "/catatonit"; }).empty());
  CHECK(!role_error(Role::firewall, [](json& c) { c["annotations"]["org.agentbox.role"] = "agent"; }).empty());
  CHECK(!role_error(Role::firewall, [](json& c) { c["annotations"]["org.agentbox.role"] = "firewall"; }).empty());
  CHECK(!role_error(Role::firewall, [](json& c) { c["process"] = 1; }).empty());
  CHECK(role_error(Role::firewall, [](json&) {}).empty());
}

} // namespace
} // namespace agentbox::oci
