// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ctime>
#include <functional>
#include <map>

#include "catch.hpp"
#include "oci/bundle/bundle.hpp"
#include "oci/kube/kube.hpp"
#include "oci/kubernetes/kubernetes.hpp"
#include "oci/quadlet/quadlet.hpp"
#include "sample_pod.hpp"
#include "yaml_documents.hpp"

namespace agentbox {
namespace {

using nlohmann::json;
using tests::build;
using tests::contains;
using tests::error_of;
using tests::sample_fields;
using tests::sample_pod_facts;

oci::GeneratedSet kube(const policy::PolicyFields& fields) {
  return oci::render_kube(build(fields), sample_pod_facts(fields));
}

json pod_of(const policy::PolicyFields& fields) {
  return tests::document_of(tests::file_of(kube(fields), "pod.yaml"), "Pod");
}

json named(const json& list, const std::string& name) {
  for (const json& item : list) {
    if (item.value("name", "") == name) {
      return item;
    }
  }
  return {};
}

TEST_CASE("with SELinux each container has its level, and what the pod mounts is labelled by us, not by Podman") {
  policy::PolicyFields fields = sample_fields();
  fields.ca_bundle = "/home/dev/ca.pem";
  oci::PodFacts facts = sample_pod_facts(fields);
  facts.host.selinux.emplace();
  facts.host.selinux->agent_level = "s0:c1,c2";
  facts.host.selinux->firewall_level = "s0:c3,c4";
  const oci::GeneratedSet set = oci::render_kube(build(fields), facts);
  const json spec = tests::document_of(tests::file_of(set, "pod.yaml"), "Pod").at("spec");
  const auto level = [](const json& container) {
    return container.at("securityContext").at("seLinuxOptions").at("level");
  };
  CHECK(level(spec.at("initContainers").at(0)) == "s0:c3,c4");
  CHECK(level(spec.at("containers").at(0)) == "s0:c3,c4");
  CHECK(level(spec.at("containers").at(1)) == "s0:c1,c2");
  CHECK(named(spec.at("volumes"), "audit").at("hostPath").at("type") == "Directory");
  CHECK(named(spec.at("volumes"), "ca-bundle").at("hostPath").at("path") == (facts.directory / "ca-bundle").string());
  CHECK(tests::file_of(set, "ca-bundle") == facts.ca_bundle);
}

TEST_CASE("with SELinux a bundle's containers have contexts, and a copy of the CA bundle with a label") {
  policy::PolicyFields fields = sample_fields();
  fields.ca_bundle = "/home/dev/ca.pem";
  oci::PodFacts facts = sample_pod_facts(fields);
  const auto config = [&](const char* container) {
    const auto set = oci::render_bundle(build(fields), facts, oci::BundleParts::complete);
    return json::parse(tests::file_of(set, std::string(container) + "/config.json"));
  };
  CHECK_FALSE(config("agent").at("process").contains("selinuxLabel"));
  facts.host.selinux = {"u:r:container_t:s0:c1,c2",
                        "u:object_r:container_file_t:s0:c1,c2",
                        "s0:c1,c2",
                        "u:r:container_t:s0:c3,c4",
                        "u:object_r:container_file_t:s0:c3,c4",
                        "s0:c3,c4",
                        "s0:c5,c6"};
  for (const auto& [container, level] : {std::pair("agent", "s0:c1,c2"), {"firewall", "s0:c3,c4"}}) {
    CHECK(config(container).at("process").at("selinuxLabel") == std::string("u:r:container_t:") + level);
    CHECK(config(container).at("linux").at("mountLabel") == std::string("u:object_r:container_file_t:") + level);
  }
  const auto set = oci::render_bundle(build(fields), facts, oci::BundleParts::complete);
  CHECK(tests::file_of(set, "ca-bundle") == facts.ca_bundle);
  CHECK(tests::file_of(set, "agent/config.json").find("\"../ca-bundle\"") != std::string::npos);
  CHECK(tests::file_of(set, "start").find("chcon -R -t container_file_t -l s0:c5,c6 PROJECT") != std::string::npos);
}

TEST_CASE("the network is locked before anything else starts, and only the firewall has capabilities") {
  const json spec = pod_of(sample_fields()).at("spec");
  REQUIRE(spec.at("initContainers").size() == 1);
  CHECK(spec.at("initContainers").at(0).at("args").at(0) == "lock");
  CHECK(spec.at("containers").at(0).at("args").at(0) == "serve");
  const json net = {"NET_ADMIN", "NET_BIND_SERVICE"};
  CHECK(spec.at("initContainers").at(0).at("securityContext").at("capabilities").at("add") == net);
  CHECK(spec.at("containers").at(0).at("securityContext").at("capabilities").at("add") == net);
  const json agent = spec.at("containers").at(1);
  CHECK(agent.at("securityContext") == json{{"runAsUser", 1000},
                                            {"runAsGroup", 1000},
                                            {"allowPrivilegeEscalation", false},
                                            {"capabilities", {{"drop", {"ALL"}}}}});
  CHECK(agent.at("command") == json{"/usr/local/bin/agent-entrypoint"});
}

TEST_CASE(
    "directories above what is protected are mount points at every depth, and nothing is mounted at a path twice") {
  policy::PolicyFields fields = sample_fields();
  fields.mounts = {{"/srv/other", "/other", false, "--mount"}};
  fields.workspace.protect = {".vscode", ".vscode/tasks.json"};
  oci::PodFacts facts = sample_pod_facts(fields);
  const auto guard = [&](const std::filesystem::path& root, oci::GuardedPaths& guarded) {
    guarded.read_only.insert(guarded.read_only.end(), {"apps/web/.vscode", "libs/x/.git/config"});
    guarded.read_only_by_name = {"apps/web/.vscode", "libs/x/.git/config"};
    guarded.pins = {"libs/x/.git"};
    for (const char* path :
         {"apps", "apps/web", "apps/web/.vscode", "libs", "libs/x", "libs/x/.git", "libs/x/.git/config"}) {
      facts.host.sources[root / path] = {1, 5, true};
    }
  };
  guard(fields.workspace.source, facts.host.guarded);
  guard("/srv/other", facts.host.guarded_in_mounts["/srv/other"]);
  const json pod = tests::document_of(tests::file_of(oci::render_kube(build(fields), facts), "pod.yaml"), "Pod");
  std::map<std::string, bool> mounted; // path -> read-only
  const json agent = named(pod.at("spec").at("containers"), "agent");
  for (const json& mount : agent.at("volumeMounts")) {
    const auto text = mount.at("mountPath").get<std::string>();
    CHECK(mounted.emplace(text.substr(0, text.find(':')), mount.value("readOnly", false)).second);
  }
  for (const std::string root : {"/workspace", "/other"}) {
    for (const char* pin : {"/apps", "/apps/web", "/libs", "/libs/x", "/libs/x/.git"}) {
      INFO(root << pin);
      REQUIRE(mounted.contains(root + pin));
      CHECK_FALSE(mounted.at(root + pin));
    }
    CHECK(mounted.at(root + "/apps/web/.vscode"));
    CHECK(mounted.at(root + "/libs/x/.git/config"));
  }
  CHECK(mounted.at("/workspace/.vscode"));
}

TEST_CASE("the agent sees neither the firewall's directories nor its policy") {
  const json containers = pod_of(sample_fields()).at("spec").at("containers");
  for (const char* name : {"egress", "firewall-run", "audit"}) {
    CHECK(named(containers.at(0).at("volumeMounts"), name).is_object());
    CHECK(named(containers.at(1).at("volumeMounts"), name).is_null());
  }
  for (const char* name : {"workspace", "resolv-conf", "hosts"}) {
    CHECK(named(containers.at(0).at("volumeMounts"), name).is_null());
    CHECK(named(containers.at(1).at("volumeMounts"), name).is_object());
  }
}

TEST_CASE("protected paths are separate volumes, read-only, with their directory pinned") {
  const json spec = pod_of(sample_fields()).at("spec");
  const json mounts = spec.at("containers").at(1).at("volumeMounts");
  const auto at = [&](const std::string& path) {
    for (const json& mount : mounts) {
      if (mount.at("mountPath").get<std::string>().starts_with(path + ":")) {
        return mount;
      }
    }
    return json();
  };
  CHECK_FALSE(at("/workspace/.git").value("readOnly", false));
  CHECK(at("/workspace/.git/hooks").at("readOnly") == true);
  CHECK(at("/workspace/.git/config").at("readOnly") == true);
  CHECK(named(spec.at("volumes"), at("/workspace/.git/config").at("name")).at("hostPath") ==
        json{{"path", "/home/dev/project/.git/config"}, {"type", "File"}});
}

TEST_CASE("under --full-network nothing is locked, and a comment in the pod reports it") {
  policy::PolicyFields fields = sample_fields();
  fields.egress.mode = policy::NetworkMode::full;
  const json spec = pod_of(fields).at("spec");
  CHECK_FALSE(spec.contains("initContainers"));
  const oci::GeneratedSet set = kube(fields);
  CHECK(contains(tests::file_of(set, "pod.yaml"), "NOT FILTERED"));
  CHECK(tests::file_of(set, "resolv.conf") == "(no such file)");
  CHECK_FALSE(contains(tests::file_of(kube(sample_fields()), "pod.yaml"), "NOT FILTERED"));
}

TEST_CASE("a credential is never written; the pod asks for a secret") {
  policy::PolicyFields fields = sample_fields();
  fields.env["DEPLOY_TOKEN"] = "hunter2";
  fields.env["COLOUR"] = "blue";
  const std::string text = tests::text_of(kube(fields));
  CHECK_FALSE(contains(text, "hunter2"));
  CHECK(contains(text, "blue"));
  const json variable = named(pod_of(fields).at("spec").at("containers").at(1).at("env"), "DEPLOY_TOKEN");
  CHECK(variable.at("valueFrom").at("secretKeyRef") == json{{"name", "agentbox-t-env"}, {"key", "DEPLOY_TOKEN"}});
  CHECK(contains(
      error_of([&] { oci::render_bundle(build(fields), sample_pod_facts(fields), oci::BundleParts::complete); }),
      "cannot express env"));
  CHECK_FALSE(
      contains(tests::text_of(oci::render_kubernetes(build(fields), sample_pod_facts(fields), tests::sample_cluster())),
               "hunter2"));
}

TEST_CASE("what pod YAML cannot express is refused with the reason") {
  const auto refusal = [](const std::function<void(policy::PolicyFields&)>& change) {
    policy::PolicyFields fields = sample_fields();
    change(fields);
    return error_of([&] { kube(fields); });
  };
  CHECK(refusal([](auto&) {}).empty());
  CHECK(contains(refusal([](auto& f) { f.confinement.readonly_paths.push_back("/proc/x"); }),
                 "confinement.readonly_paths (/proc/x)"));
  CHECK(contains(refusal([](auto& f) { f.workspace.destination = "/work:space"; }), "workspace.destination"));
  CHECK(contains(refusal([](auto& f) { f.mounts = {{"/srv/a", "/mnt/a:b", false, "--mount"}}; }), "mounts"));
  CHECK(contains(refusal([](auto& f) { f.name = "box-"; }), "name"));
  CHECK(contains(refusal([](auto& f) { f.run = {policy::Run::Kind::prompt, "costs $$5", {}}; }), "run.prompt"));
  CHECK(contains(refusal([](auto& f) {
                   f.run = {policy::Run::Kind::command, "", {"echo", "$(HOME)"}};
                 }),
                 "run.command"));
  CHECK(refusal([](auto& f) { f.run = {policy::Run::Kind::command, "", {"sh", "-c", "echo $(date) $HOME"}}; }).empty());
  for (const char* text : {"\nfoo\n", " a\nb", "\ta\n", "\n", "\xe2\x80\xa8x\ny"}) {
    CHECK(contains(refusal([&](auto& f) { f.env["X"] = text; }), "env (X): Podman rewrites the YAML"));
  }
  for (const char* text : {" a", "a\n b", "a\n\n# b\n", "\tx", "# x\ny"}) {
    CHECK(refusal([&](auto& f) { f.env["X"] = text; }).empty());
  }
}

TEST_CASE("a path with blanks, quotes, percent signs and a comma stays one path in every format") {
  policy::PolicyFields fields = sample_fields();
  fields.workspace.source = "/home/dev/a b,\"c\" 'd' %n {x}: #y";
  oci::PodFacts facts = sample_pod_facts(fields);
  facts.directory = "/home/dev/out %t \"q\"";
  const oci::GeneratedSet set = oci::render_quadlet(build(fields), facts);
  const json spec = tests::document_of(tests::file_of(set, "pod.yaml"), "Pod").at("spec");
  CHECK(named(spec.at("volumes"), "workspace").at("hostPath").at("path") == fields.workspace.source.string());
  const std::string unit = tests::file_of(set, "agentbox-t.kube");
  CHECK(contains(unit, "\nYaml=/home/dev/out %%t \"q\"/pod.yaml\n"));
  CHECK(contains(unit, "\nPodmanArgs=\"--seccomp-profile-root=/home/dev/out %%t \\\"q\\\"\"\n"));
  facts.directory = "/home/dev/line\nbreak";
  CHECK_FALSE(error_of([&] { oci::render_quadlet(build(fields), facts); }, support::ExitCode::usage).empty());
}

TEST_CASE("the same policy gives the same bytes, within 20 ms") {
  policy::PolicyFields fields = sample_fields();
  for (int i = 0; i < 2000; ++i) {
    fields.egress.allow.push_back({{"h" + std::to_string(i) + ".example.com", false}, 443});
  }
  std::sort(fields.egress.allow.begin(), fields.egress.allow.end());
  const policy::Policy policy = build(fields);
  const oci::PodFacts facts = sample_pod_facts(fields);
  const std::function<oci::GeneratedSet()> renderers[] = {
      [&] { return oci::render_bundle(policy, facts, oci::BundleParts::complete); },
      [&] { return oci::render_kube(policy, facts); }, [&] { return oci::render_quadlet(policy, facts); },
      [&] { return oci::render_kubernetes(policy, facts, tests::sample_cluster()); }};
  for (const auto& render : renderers) {
    const std::string first = tests::text_of(render());
    std::clock_t best = CLOCKS_PER_SEC; // processor time: other tests run at the same time
    for (int i = 0; i < 5; ++i) {
      const std::clock_t start = std::clock();
      CHECK(tests::text_of(render()) == first);
      best = std::min(best, std::clock() - start);
    }
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
    CHECK(best < CLOCKS_PER_SEC / 50);
#endif
  }
}

} // namespace
} // namespace agentbox
