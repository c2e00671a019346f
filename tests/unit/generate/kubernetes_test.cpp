// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <set>

#include "catch.hpp"
#include "oci/kubernetes/kubernetes.hpp"
#include "sample_pod.hpp"
#include "yaml_documents.hpp"

namespace agentbox {
namespace {

using nlohmann::json;
using oci::KubernetesOptions;
using support::ExitCode;
using tests::build;
using tests::contains;
using tests::error_of;
using tests::sample_fields;
using tests::sample_pod_facts;

std::string manifest(const policy::PolicyFields& fields, const KubernetesOptions& options) {
  return tests::file_of(oci::render_kubernetes(build(fields), sample_pod_facts(fields), options), "manifest.yaml");
}

json pod_spec(const std::string& yaml, const std::string& kind) {
  const json document = tests::document_of(yaml, kind);
  return kind == "Pod" ? document.at("spec") : document.at("spec").at("template").at("spec");
}

/// Returns the rules of the restricted Pod Security Standard that a container breaks (Kubernetes v1.31,
/// https://kubernetes.io/docs/concepts/security/pod-security-standards/). A field that the pod and the
/// container may have is looked up in the container first.
std::vector<std::string> restricted_violations(const json& spec, const json& container) {
  std::vector<std::string> broken;
  const auto require = [&](bool condition, const char* rule) {
    if (!condition) {
      broken.emplace_back(rule);
    }
  };
  const json own = container.value("securityContext", json::object());
  const json pods = spec.value("securityContext", json::object());
  const auto either = [&](const char* key) { return own.contains(key) ? own.at(key) : pods.value(key, json()); };
  for (const char* key : {"hostNetwork", "hostPID", "hostIPC"}) {
    require(!spec.value(key, false), "host namespaces");
  }
  require(!own.value("privileged", false), "privileged");
  require(own.value("allowPrivilegeEscalation", true) == false, "privilege escalation");
  const json capabilities = own.value("capabilities", json::object());
  require(capabilities.value("drop", json::array()) == json{"ALL"}, "capabilities: drop ALL");
  for (const json& added : capabilities.value("add", json::array())) {
    require(added == "NET_BIND_SERVICE", "capabilities: only NET_BIND_SERVICE may be added");
  }
  require(either("runAsNonRoot") == true, "runAsNonRoot");
  require(either("runAsUser") != 0, "runAsUser");
  const json seccomp = either("seccompProfile");
  require(seccomp.is_object() && (seccomp.at("type") == "RuntimeDefault" || seccomp.at("type") == "Localhost"),
          "seccomp");
  require(own.value("procMount", "Default") == "Default", "procMount");
  for (const json& port : container.value("ports", json::array())) {
    require(port.value("hostPort", 0) == 0, "host ports");
  }
  const std::set<std::string> allowed = {
      "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"};
  for (const json& volume : spec.value("volumes", json::array())) {
    for (const auto& [key, value] : volume.items()) {
      require(key == "name" || allowed.contains(key), "volume types");
    }
  }
  return broken;
}

TEST_CASE("every container but the firewall's passes the restricted Pod Security Standard") {
  for (const auto kind :
       {KubernetesOptions::Kind::pod, KubernetesOptions::Kind::job, KubernetesOptions::Kind::deployment}) {
    for (const bool git : {false, true}) {
      KubernetesOptions options;
      options.kind = kind;
      (git ? options.git_url : options.workspace_claim) = git ? "https://api.openai.com/a/b.git" : "project";
      const std::string name = kind == KubernetesOptions::Kind::pod   ? "Pod"
                               : kind == KubernetesOptions::Kind::job ? "Job"
                                                                      : "Deployment";
      const json spec = pod_spec(manifest(sample_fields(), options), name);
      CHECK(restricted_violations(spec, spec.at("containers").at(0)).empty());
      REQUIRE(spec.at("initContainers").size() == (git ? 3 : 2));
      // The exception, and the proof that this check can fail.
      const std::vector<std::string> exception = {"capabilities: only NET_BIND_SERVICE may be added", "runAsNonRoot",
                                                  "runAsUser"};
      CHECK(restricted_violations(spec, spec.at("initContainers").at(0)) == exception);
      CHECK(restricted_violations(spec, spec.at("initContainers").at(1)) == exception);
      if (git) {
        CHECK(restricted_violations(spec, spec.at("initContainers").at(2)).empty());
      }
    }
  }
}

TEST_CASE("the order is lock, firewall as a native sidecar, then the agent") {
  const json spec = pod_spec(manifest(sample_fields(), tests::sample_cluster()), "Pod");
  CHECK(spec.at("initContainers").at(0).at("args").at(0) == "lock");
  CHECK_FALSE(spec.at("initContainers").at(0).contains("restartPolicy"));
  CHECK(spec.at("initContainers").at(1).at("restartPolicy") == "Always");
  CHECK(spec.at("initContainers").at(1).at("startupProbe").at("exec").at("command").at(1) == "ready");
  CHECK(spec.at("hostUsers") == false);
  CHECK(spec.at("automountServiceAccountToken") == false);
}

TEST_CASE("parallel agents are an indexed Job, each with its own workspace") {
  KubernetesOptions options = tests::sample_cluster();
  options.kind = KubernetesOptions::Kind::job;
  options.parallel = 5;
  const std::string yaml = manifest(sample_fields(), options);
  const json job = tests::document_of(yaml, "Job").at("spec");
  CHECK(job.at("completionMode") == "Indexed");
  CHECK(job.at("completions") == 5);
  CHECK(job.at("parallelism") == 5);
  const json agent = pod_spec(yaml, "Job").at("containers").at(0);
  bool own_directory = false;
  for (const json& mount : agent.at("volumeMounts")) {
    if (mount.at("name") == "workspace") {
      CHECK(mount.at("subPathExpr").get<std::string>().starts_with("agent-$(AGENTBOX_INDEX)"));
      own_directory = true;
    }
  }
  CHECK(own_directory);
  CHECK(contains(agent.at("env").dump(), "job-completion-index"));
}

TEST_CASE("a clone runs behind the firewall, confined like the agent, and only from a listed host") {
  policy::PolicyFields fields = sample_fields();
  KubernetesOptions options;
  options.git_url = "https://github.com/a/b.git";
  CHECK(contains(error_of([&] { manifest(fields, options); }), "github.com"));
  fields.egress.allow.insert(std::upper_bound(fields.egress.allow.begin(), fields.egress.allow.end(),
                                              policy::HostEntry{{"github.com", false}, 443}),
                             policy::HostEntry{{"github.com", false}, 443});
  const json clone = pod_spec(manifest(fields, options), "Pod").at("initContainers").at(2);
  CHECK(clone.at("command") == json{"/usr/local/bin/agent-entrypoint"});
  CHECK(clone.at("args") == json{"exec", "git", "clone", "--", "https://github.com/a/b.git", "/workspaces/project"});
  for (const char* url : {"http://github.com/a", "https://user@github.com/a", "https://github.com",
                          "git@github.com:a/b", "https://1.2.3.4/a", "https://github.com/a b", "file:///etc", "ext::sh",
                          "https://*.com/x", "https://github.com/$(x)"}) {
    options.git_url = url;
    CHECK_FALSE(error_of([&] { manifest(fields, options); }, ExitCode::usage).empty());
  }
}

TEST_CASE("options that contradict each other, or name nothing, are refused") {
  const auto refusal = [](const std::function<void(KubernetesOptions&)>& change, ExitCode code = ExitCode::usage) {
    KubernetesOptions options = tests::sample_cluster();
    change(options);
    return error_of([&] { manifest(sample_fields(), options); }, code);
  };
  CHECK(refusal([](auto&) {}).empty());
  CHECK(contains(refusal([](auto& o) { o.workspace_claim.clear(); }, ExitCode::refused), "workspace.source"));
  CHECK_FALSE(refusal([](auto& o) { o.workspace_host_path = true; }).empty());
  CHECK_FALSE(refusal([](auto& o) { o.parallel = 0; }).empty());
  CHECK_FALSE(refusal([](auto& o) { o.parallel = 3; }).empty());
  CHECK_FALSE(refusal([](auto& o) { o.name_space = "Not A Name"; }).empty());
  CHECK_FALSE(refusal([](auto& o) { o.workspace_claim = "../x"; }).empty());
  CHECK_FALSE(refusal([](auto& o) { o.git_branch = "--upload-pack=x"; }).empty());
}

TEST_CASE("what breaks the standard, or a cluster cannot see, is refused with the reason") {
  const auto refusal = [](const std::function<void(policy::PolicyFields&)>& change) {
    policy::PolicyFields fields = sample_fields();
    change(fields);
    return error_of([&] { manifest(fields, tests::sample_cluster()); });
  };
  CHECK(contains(refusal([](auto& f) { f.mounts = {{"/srv", "/mnt/a", true, "--mount"}}; }), "mounts"));
  CHECK(contains(refusal([](auto& f) { f.ports = {{"127.0.0.1", 80, 80}}; }), "ports"));
  CHECK(contains(refusal([](auto& f) { f.confinement.masked_paths.push_back("/proc/zz"); }), "masked_paths"));
}

TEST_CASE("the network policy lets out the listed ports to public addresses, and nothing in") {
  policy::PolicyFields fields = sample_fields();
  fields.egress.allow = {{{"github.com", false}, 22}, {{"api.openai.com", false}, 443}};
  std::sort(fields.egress.allow.begin(), fields.egress.allow.end());
  json spec = tests::document_of(manifest(fields, tests::sample_cluster()), "NetworkPolicy").at("spec");
  CHECK(spec.at("ingress").empty());
  CHECK(spec.at("policyTypes") == json{"Ingress", "Egress"});
  CHECK(spec.at("egress").at(1).at("ports") ==
        json{{{"protocol", "TCP"}, {"port", 22}}, {{"protocol", "TCP"}, {"port", 443}}});
  CHECK(contains(spec.at("egress").at(1).at("to").dump(), "169.254.0.0/16"));
  fields.egress.allow_private = {{"api.openai.com", false}};
  spec = tests::document_of(manifest(fields, tests::sample_cluster()), "NetworkPolicy").at("spec");
  CHECK_FALSE(contains(spec.at("egress").at(1).at("to").dump(), "except"));
}

TEST_CASE("words survive Kubernetes' expansion") {
  policy::PolicyFields fields = sample_fields();
  fields.run = {policy::Run::Kind::command, "", {"echo", "$(HOME) $$ $x"}};
  fields.env["PRICE"] = "$(HOME)";
  const json agent = pod_spec(manifest(fields, tests::sample_cluster()), "Pod").at("containers").at(0);
  CHECK(agent.at("args") == json{"exec", "echo", "$$(HOME) $$$ $x"});
  CHECK(contains(agent.at("env").dump(), "\"$$(HOME)\""));
}

} // namespace
} // namespace agentbox
