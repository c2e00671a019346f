// SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "golden.hpp"
#include "oci/bundle/bundle.hpp"
#include "oci/kube/kube.hpp"
#include "oci/kubernetes/kubernetes.hpp"
#include "oci/quadlet/quadlet.hpp"
#include "unit/generate/sample_pod.hpp"

namespace agentbox {
namespace {

/// Returns a box with every feature that a format can express.
policy::PolicyFields rich_fields() {
  policy::PolicyFields fields = tests::sample_fields();
  fields.mounts = {{"/srv/data", "/mnt/data", true, "--mount"}};
  fields.ports = {{"127.0.0.1", 8080, 3000}};
  fields.env = {{"COLOUR", "blue"}, {"DEPLOY_TOKEN", "not shown"}};
  fields.limits.memory_bytes = 4ULL << 30U;
  fields.limits.cpu_millis = 1500;
  fields.ca_bundle = "/etc/ssl/corp.pem";
  fields.image.toolkits = {"python", "web"};
  return fields;
}

void check(const std::string& directory, const oci::GeneratedSet& set) {
  for (const oci::GeneratedFile& file : set) {
    if (!file.path.starts_with("seccomp-")) { // these have golden files with those of config.json
      tests::check_golden("generate/" + directory + "/" + file.path, file.content);
    }
  }
}

TEST_CASE("the default box as pod YAML, units and bundles") {
  const policy::Policy policy = tests::build(tests::sample_fields());
  oci::PodFacts facts = tests::sample_pod_facts(tests::sample_fields());
  facts.host.terminal = true;
  check("quadlet", oci::render_quadlet(policy, facts));
  oci::GeneratedSet bundle = oci::render_bundle(policy, facts, oci::BundleParts::complete);
  for (oci::GeneratedFile& file : bundle) {
    if (file.path.ends_with("config.json")) { // without the long list of system calls, which has a golden file
      nlohmann::json config = nlohmann::json::parse(file.content);
      config["linux"]["seccomp"] = "…";
      file.content = config.dump(2) + "\n";
    }
  }
  check("oci", bundle);
}

TEST_CASE("a box with everything as pod YAML") {
  check("kube-rich", oci::render_kube(tests::build(rich_fields()), tests::sample_pod_facts(rich_fields())));
}

TEST_CASE("the default box for a cluster, and four of them with a clone each") {
  policy::PolicyFields fields = tests::sample_fields();
  check("kubernetes-pod",
        oci::render_kubernetes(tests::build(fields), tests::sample_pod_facts(fields), tests::sample_cluster()));
  fields.run = {policy::Run::Kind::prompt, "fix issue $(AGENTBOX_INDEX)", {}};
  fields.egress.allow.push_back({{"github.com", false}, 443});
  std::sort(fields.egress.allow.begin(), fields.egress.allow.end());
  oci::KubernetesOptions options;
  options.kind = oci::KubernetesOptions::Kind::job;
  options.parallel = 4;
  options.name_space = "boxes";
  options.git_url = "https://github.com/example/project.git";
  options.git_branch = "main";
  check("kubernetes-job", oci::render_kubernetes(tests::build(fields), tests::sample_pod_facts(fields), options));
}

TEST_CASE("a box with everything for a cluster, as a deployment") {
  policy::PolicyFields fields = rich_fields();
  fields.mounts.clear(); // no cluster can have these two
  fields.ports.clear();
  fields.workspace.mask = {".env"};
  fields.egress.allow_addresses = {{*policy::parse_address("10.1.2.3"), 128, 5432}};
  fields.limits.memory_bytes = 256U << 20U; // below the default request
  oci::KubernetesOptions options = tests::sample_cluster();
  options.kind = oci::KubernetesOptions::Kind::deployment;
  oci::PodFacts facts = tests::sample_pod_facts(fields);
  facts.cluster_level = "s0:c1,c2";
  check("kubernetes-deployment", oci::render_kubernetes(tests::build(fields), facts, options));
}

TEST_CASE("agents side by side in one claim, and a box on a cluster of one machine") {
  const policy::PolicyFields fields = tests::sample_fields();
  oci::KubernetesOptions options = tests::sample_cluster();
  options.kind = oci::KubernetesOptions::Kind::job;
  options.parallel = 3;
  options.runtime_seccomp = true;
  check("kubernetes-parallel", oci::render_kubernetes(tests::build(fields), tests::sample_pod_facts(fields), options));
  options = {};
  options.workspace_host_path = true;
  check("kubernetes-host-path", oci::render_kubernetes(tests::build(fields), tests::sample_pod_facts(fields), options));
}

} // namespace
} // namespace agentbox
