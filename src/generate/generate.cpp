// SPDX-License-Identifier: Apache-2.0
#include "generate/generate.hpp"

#include "box/labels.hpp"
#include "boxes/session_paths.hpp"
#include "generate/gather.hpp"
#include "generate/output_directory.hpp"
#include "generate/output_record.hpp"
#include "generate/pinned_directory.hpp"
#include "generate/unpack_images.hpp"
#include "oci/bundle/bundle.hpp"
#include "oci/kube/kube.hpp"
#include "oci/quadlet/quadlet.hpp"
#include "podman/installation.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "protocol/protocol.hpp"
#include "selinux/host_selinux.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::generate {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

bool is_complete_bundle(const Request& request) {
  return request.format == oci::OutputFormat::oci && !request.config_only;
}

std::string kind_text(oci::KubernetesOptions::Kind kind) {
  switch (kind) {
  case oci::KubernetesOptions::Kind::pod: return "pod";
  case oci::KubernetesOptions::Kind::job: return "job";
  case oci::KubernetesOptions::Kind::deployment: return "deployment";
  }
  return {};
}

/// Returns the format's options, for the record.
std::map<std::string, std::string> options_of(const Request& request, const ImageNames& images) {
  std::map<std::string, std::string> options;
  if (request.format == oci::OutputFormat::kubernetes) {
    const auto& [kind, parallel, name_space, claim, git_url, git_branch, host_path, runtime_seccomp] =
        request.kubernetes;
    options = {{"kind", kind_text(kind)},
               {"parallel", std::to_string(parallel)},
               {"namespace", name_space.empty() ? "(none)" : name_space},
               {"workspace", !claim.empty()     ? "claim " + claim
                             : !git_url.empty() ? git_url + (git_branch.empty() ? "" : " " + git_branch)
                             : host_path        ? "host path"
                                                : ""},
               {"seccomp", runtime_seccomp ? "runtime" : "agentbox"}};
  }
  if (!images.agent.empty()) {
    options["image.agent"] = images.agent;
    options["image.firewall"] = images.firewall;
  }
  return options;
}

/// Returns the SELinux level of pods with the same project. No user of a host has ID 2^32 - 1.
std::string level_in_cluster(const policy::PolicyFields& fields, const oci::KubernetesOptions& options) {
  return selinux::box_level(
      ~0U, options.name_space + "/" +
               (options.workspace_claim.empty() ? "box/" + fields.name : "claim/" + options.workspace_claim));
}

oci::PodFacts facts_for(const policy::Policy& policy, const Request& request, const fs::path& directory) {
  switch (request.format) {
  case oci::OutputFormat::kubernetes: {
    oci::PodFacts facts = gather_for_cluster(policy);
    facts.cluster_level = level_in_cluster(policy.fields(), request.kubernetes);
    return facts;
  }
  case oci::OutputFormat::oci:
  case oci::OutputFormat::kube:
  case oci::OutputFormat::quadlet: break;
  }
  const podman::Podman podman = podman::Podman::find();
  oci::PodFacts facts = gather(policy, podman::podman_info(podman), directory);
  if (request.format == oci::OutputFormat::oci) {
    add_id_mappings(facts.host, policy.fields().user, podman);
  }
  return facts;
}

oci::GeneratedSet render(const policy::Policy& policy, const oci::PodFacts& facts, const Request& request) {
  switch (request.format) {
  case oci::OutputFormat::oci:
    return oci::render_bundle(policy, facts,
                              request.config_only ? oci::BundleParts::config_only : oci::BundleParts::complete);
  case oci::OutputFormat::kube: return oci::render_kube(policy, facts);
  case oci::OutputFormat::quadlet: return oci::render_quadlet(policy, facts);
  case oci::OutputFormat::kubernetes: return oci::render_kubernetes(policy, facts, request.kubernetes);
  }
  return {};
}

std::string printed(const oci::GeneratedSet& set) {
  if (set.size() == 1) {
    return set.front().content;
  }
  std::string text;
  for (const oci::GeneratedFile& file : set) {
    text += "# ---- " + file.path + "\n" + file.content;
  }
  return text;
}

/// Returns the name of the container that is unpacked into `temporary`. No box's container has a dot in its name.
std::string container_for(const fs::path& temporary) {
  return "agentbox.unpack-" + support::sha256_hex(temporary.string()).substr(0, 16);
}

/// Writes the set. Returns OutputDirectory::kept().
std::vector<std::string> write_set(const policy::Policy& policy, const Request& request, const fs::path& directory,
                                   const oci::GeneratedSet& set, const std::string& record, const ImageNames& images,
                                   const oci::SelinuxLabels& labels) {
  const auto remove = [&](const support::Fd& opened, const fs::path& temporary) {
    if (request.format == oci::OutputFormat::oci) { // a killed run leaves its container beside its directory
      podman::Podman::find().capture({"rm", "--force", "--ignore", container_for(temporary)});
    }
    remove_content(opened, k_unfinished_file);
  };
  OutputDirectory output(directory, request.force, is_complete_bundle(request), remove);
  output.write(set);
  output.write({{k_record_file, record}});
  if (is_complete_bundle(request)) {
    const podman::Podman podman = podman::Podman::find();
    const podman::Installation installation = podman::find_installation();
    make_directories(output.directory(), protocol::k_run_directory);
    const std::string container = container_for(output.temporary());
    const policy::User& user = policy.fields().user;
    unpack_rootfs(podman, installation, images.agent, user, output.temporary() / oci::k_agent_rootfs,
                  output.temporary() / protocol::k_run_directory, container, labels.agent_files);
    unpack_rootfs(podman, installation, images.firewall, user, output.temporary() / oci::k_firewall_rootfs,
                  output.temporary() / protocol::k_run_directory, container, labels.firewall_files);
  }
  output.commit();
  return output.kept();
}

/// Returns the labels of a box that is started on this host; nothing without SELinux.
std::optional<box::BoxLabels> labels_of(const policy::PolicyFields& fields, const oci::PodFacts& facts,
                                        const Request& request) {
  switch (request.format) {
  case oci::OutputFormat::kubernetes: return std::nullopt;
  case oci::OutputFormat::oci:
  case oci::OutputFormat::kube:
  case oci::OutputFormat::quadlet: break;
  }
  return box::labels_for(fields, podman::podman_info(podman::Podman::find()), facts.host, request.label);
}

/// Labels what the containers mount: nothing else does when they are started.
void label_set(const box::BoxLabels& labels, const fs::path& directory, const oci::GeneratedSet& set, bool bundle) {
  const auto files = selinux::host_file_labels();
  const selinux::BoxContexts& contexts = labels.contexts;
  box::apply_labels(labels.own_paths, contexts.agent, false, *files);
  box::apply_labels(labels.user_paths, contexts.agent, true, *files);
  const fs::path audit = boxes::audit_directory();
  support::make_private_directory(audit);
  box::apply_labels({{audit, selinux::label_of(contexts.firewall_files), true}}, contexts.firewall, false, *files);
  if (bundle) {
    box::apply_labels({{directory / protocol::k_run_directory, selinux::label_of(contexts.firewall_files), true}},
                      contexts.firewall, false, *files);
  }
  std::vector<selinux::Relabelling> ours;
  for (const oci::GeneratedFile& file : set) {
    ours.push_back({directory / file.path, selinux::label_of(contexts.read_only)});
  }
  box::apply_labels(ours, contexts.agent, false, *files);
}

} // namespace

GenerateResult generate(const policy::Policy& original, const Request& request) {
  if (is_complete_bundle(request) && !request.output && !request.old) {
    throw Error(ExitCode::usage, "a bundle needs a directory",
                "add --output DIR, or print only the two configurations with --config-only");
  }
  const fs::path directory = resolve_output(request.output.value_or("agentbox-" + original.fields().name));
  const bool for_host = request.format != oci::OutputFormat::kubernetes;
  const policy::Policy policy = request.output && for_host ? protect_directory(original, directory) : original;
  std::optional<Record> old;
  std::vector<std::string> edited;
  if (request.old) { // read first: --output may replace it
    old = read_record(*request.old);
    edited = changed_by_hand(*old, *request.old);
  }
  const bool needs_images = !(request.format == oci::OutputFormat::oci && request.config_only);
  const ImageNames images = needs_images ? request.images() : ImageNames{};
  oci::PodFacts facts = facts_for(policy, request, directory);
  facts.agent_image = images.agent;
  facts.firewall_image = images.firewall;
  const std::optional<box::BoxLabels> labels = labels_of(policy.fields(), facts, request);
  if (labels) {
    facts.host.selinux = box::oci_labels(labels->contexts);
    if (const auto& bundle = policy.fields().ca_bundle) {
      facts.ca_bundle = support::read_file(*bundle, box::k_max_ca_bundle);
    }
  }
  const oci::GeneratedSet set = render(policy, facts, request);
  const auto options = options_of(request, images);

  GenerateResult outcome;
  if (request.output) {
    outcome.left = write_set(policy, request, directory, set, record_text(request.format, policy, options, set), images,
                             facts.host.selinux.value_or(oci::SelinuxLabels()));
    if (labels) {
      label_set(*labels, directory, set, is_complete_bundle(request));
    }
    outcome.directory = directory;
    outcome.in_project = !(policy.fields() == original.fields());
  }
  if (old) {
    const Comparison comparison =
        compare(*old, {std::string(oci::format_text(request.format)), policy.fields(), options, {}}, edited);
    outcome.text = comparison_text(comparison);
    outcome.broader = !comparison.broader.empty();
  } else if (!request.output) {
    outcome.text = printed(set);
  }
  return outcome;
}

} // namespace agentbox::generate
