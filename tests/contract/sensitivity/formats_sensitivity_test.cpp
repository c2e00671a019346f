// SPDX-License-Identifier: Apache-2.0
// Every field of the policy, changed in turn, must change what every format of `agentbox generate` writes, or be in the
// table of what that format cannot express; then rendering throws, with the reason.
#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "catch.hpp"
#include "oci/bundle/bundle.hpp"
#include "oci/kube/kube.hpp"
#include "oci/kubernetes/kubernetes.hpp"
#include "oci/quadlet/quadlet.hpp"
#include "unit/generate/sample_pod.hpp"
#include "variations.hpp"

namespace agentbox {
namespace {

using oci::OutputFormat;
using policy::PolicyFields;
using tests::build;
using tests::contains;
using tests::error_of;

constexpr std::array k_formats = {OutputFormat::oci, OutputFormat::kube, OutputFormat::quadlet,
                                  OutputFormat::kubernetes};

/// The host's seccomp profile is not a field of the policy, and a real one takes most of the time.
constexpr const char* k_small_profile =
    R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["execve", "read"], "action": "SCMP_ACT_ALLOW"}]})";

/// Renders `fields`. `source`: whether a cluster is told where the project comes from.
std::string rendered(const PolicyFields& fields, OutputFormat format, bool source = true) {
  const policy::Policy policy = build(fields);
  oci::PodFacts facts = tests::sample_pod_facts(fields); // one nonce for all: no digest hides a missing change
  facts.host.seccomp_profile = k_small_profile;
  switch (format) {
  case OutputFormat::oci: return tests::text_of(oci::render_bundle(policy, facts, oci::BundleParts::complete));
  case OutputFormat::kube: return tests::text_of(oci::render_kube(policy, facts));
  case OutputFormat::quadlet: return tests::text_of(oci::render_quadlet(policy, facts));
  case OutputFormat::kubernetes:
    return tests::text_of(
        oci::render_kubernetes(policy, facts, source ? tests::sample_cluster() : oci::KubernetesOptions{}));
  }
  return {};
}

/// Returns the name that the table's entries use for a field of the variations.
std::string part_of(const std::string& field) {
  return field.starts_with("ports.") ? "ports" : field.starts_with("mounts.") ? "mounts" : field;
}

/// Returns whether the format can express no value of the field, or not the value of the variation.
bool is_in_table(OutputFormat format, const std::string& field) {
  const OutputFormat looked_up = format == OutputFormat::quadlet ? OutputFormat::kube : format;
  for (const oci::CannotExpress& entry : oci::cannot_express_table()) {
    const bool applies = entry.when == "any" || entry.when == "a path that is not in the default contract" ||
                         (field == "workspace.source" && format == OutputFormat::kubernetes);
    if (entry.format == looked_up && entry.field == part_of(field) && applies) {
      return true;
    }
  }
  return false;
}

/// Returns a policy without what the format cannot express at all, to vary something else in it.
PolicyFields base_for(OutputFormat format, const std::string& varied) {
  PolicyFields fields = tests::base_fields();
  if (is_in_table(format, "ports.box_port") && part_of(varied) != "ports") {
    fields.ports.clear();
  }
  if (is_in_table(format, "mounts.source") && part_of(varied) != "mounts") {
    fields.mounts.clear();
  }
  return fields;
}

/// Fields that are decided before anything is rendered, with the host's facts or from the command line.
const std::map<std::string, std::string>& becomes_facts() {
  static const std::map<std::string, std::string> table = {
      {"workspace.mask_except", "what is masked by name at every depth; in a cluster only listed paths are"},
      {"workspace.protect_except", "protected paths that the Git configuration refers to; in a cluster none of it is"},
      {"agent.history", "mounts; generated files have none"},
      {"agent.continue_last", "run.arguments"},
      {"agent.resume", "run.arguments"},
      {"agent.model", "run.arguments"},
  };
  return table;
}

TEST_CASE("every field of the policy changes every format, or is in the table and rendering throws") {
  for (const OutputFormat format : k_formats) {
    for (const tests::Variation& variation : tests::variations()) {
      INFO(oci::format_text(format) << ": " << variation.field);
      const PolicyFields before = base_for(format, variation.field);
      PolicyFields after = before;
      variation.change(after);
      REQUIRE_FALSE(after == before);
      if (tests::not_a_choice().contains(variation.field)) {
        CHECK(std::holds_alternative<policy::Diagnostics>(policy::build_policy(after)));
        continue;
      }
      const bool source = variation.field != "workspace.source";
      const std::string refusal = error_of([&] { rendered(after, format, source); });
      if (is_in_table(format, variation.field)) {
        CHECK(contains(refusal, std::string("cannot express ") + part_of(variation.field)));
        continue;
      }
      CHECK(refusal == "");
      if (refusal.empty()) {
        CHECK((rendered(after, format) == rendered(before, format)) == becomes_facts().contains(variation.field));
      }
    }
  }
}

/// A field, and one of its values if the table has several entries for it.
using Key = std::tuple<OutputFormat, std::string, std::string_view>;

Key key_of(const oci::CannotExpress& entry) {
  const bool several = entry.when == oci::k_when_expanded || entry.when == oci::k_when_indented;
  return {entry.format, std::string(entry.field), several ? entry.when : std::string_view()};
}

/// Returns, for every entry of the table, a policy that meets it.
const std::map<Key, std::function<void(PolicyFields&)>>& triggers() {
  using oci::k_when_expanded;
  using oci::k_when_indented;
  using policy::Run;
  static const auto masked = [](PolicyFields& f) { f.confinement.masked_paths.push_back("/proc/zz"); };
  static const auto readonly = [](PolicyFields& f) { f.confinement.readonly_paths.push_back("/proc/zz"); };
  static const auto host_ports = [](PolicyFields& f) { f.egress.host_ports = {11434}; };
  static const auto dash = [](PolicyFields& f) { f.name = "x-"; };
  static const std::map<Key, std::function<void(PolicyFields&)>> table = {
      {{OutputFormat::oci, "ports", ""},
       [](auto& f) {
         f.ports = {{"127.0.0.1", 1, 1}};
       }},
      {{OutputFormat::oci, "egress.host_ports", ""}, host_ports},
      {{OutputFormat::kube, "egress.host_ports", ""}, host_ports},
      {{OutputFormat::kubernetes, "egress.host_ports", ""}, host_ports},
      {{OutputFormat::oci, "env", ""}, [](auto& f) { f.env["MY_PASSWORD"] = "x"; }},
      {{OutputFormat::oci, "agent.env", ""}, [](auto& f) { f.agent.env["MY_PASSWORD"] = "x"; }},
      {{OutputFormat::kube, "confinement.readonly_paths", ""}, readonly},
      {{OutputFormat::kube, "workspace.destination", ""}, [](auto& f) { f.workspace.destination = "/a:b"; }},
      {{OutputFormat::kube, "workspace.protect", ""}, [](auto& f) { f.workspace.protect = {"a:b"}; }},
      {{OutputFormat::kube, "mounts", ""},
       [](auto& f) {
         f.mounts = {{"/srv", "/mnt/a:b", true, "--mount"}};
       }},
      {{OutputFormat::kube, "name", ""}, dash},
      {{OutputFormat::kube, "run.prompt", k_when_expanded},
       [](auto& f) {
         f.run = {Run::Kind::prompt, "$$", {}};
       }},
      {{OutputFormat::kube, "run.command", k_when_expanded},
       [](auto& f) {
         f.run = {Run::Kind::command, "", {"$(HOME)"}};
       }},
      {{OutputFormat::kube, "run.arguments", k_when_expanded}, [](auto& f) { f.run.arguments = {"$$"}; }},
      {{OutputFormat::kube, "agent.command", k_when_expanded}, [](auto& f) { f.agent.command.emplace_back("$$"); }},
      {{OutputFormat::kube, "agent.prompt", k_when_expanded},
       [](auto& f) {
         f.run = {Run::Kind::prompt, "x", {}};
         f.agent.prompt.emplace_back("$(HOME)");
       }},
      {{OutputFormat::kube, "run.prompt", k_when_indented},
       [](auto& f) {
         f.run = {Run::Kind::prompt, "\n  do it", {}};
       }},
      {{OutputFormat::kube, "run.command", k_when_indented},
       [](auto& f) {
         f.run = {Run::Kind::command, "", {" a\nb"}};
       }},
      {{OutputFormat::kube, "run.arguments", k_when_indented}, [](auto& f) { f.run.arguments = {"\ta\nb"}; }},
      {{OutputFormat::kube, "agent.command", k_when_indented}, [](auto& f) { f.agent.command.emplace_back("\ta\nb"); }},
      {{OutputFormat::kube, "agent.prompt", k_when_indented},
       [](auto& f) {
         f.run = {Run::Kind::prompt, "x", {}};
         f.agent.prompt.emplace_back("\xe2\x80\xa8x\ny");
       }},
      {{OutputFormat::kube, "env", k_when_indented}, [](auto& f) { f.env["COLOUR"] = "\n\n"; }},
      {{OutputFormat::kube, "agent.env", k_when_indented}, [](auto& f) { f.agent.env["COLOUR"] = "  a\n b"; }},
      {{OutputFormat::kubernetes, "workspace.source", ""}, [](auto& f) { f.workspace.source = "/home/dev/other"; }},
      {{OutputFormat::kubernetes, "workspace.destination", ""}, [](auto& f) { f.workspace.destination = "/a:b"; }},
      {{OutputFormat::kubernetes, "workspace.protect", ""}, [](auto& f) { f.workspace.protect = {"a:b"}; }},
      {{OutputFormat::kubernetes, "mounts", ""},
       [](auto& f) {
         f.mounts = {{"/srv", "/mnt/a", true, "--mount"}};
       }},
      {{OutputFormat::kubernetes, "ports", ""},
       [](auto& f) {
         f.ports = {{"127.0.0.1", 1, 1}};
       }},
      {{OutputFormat::kubernetes, "confinement.masked_paths", ""}, masked},
      {{OutputFormat::kubernetes, "confinement.readonly_paths", ""}, readonly},
      {{OutputFormat::kubernetes, "name", ""}, dash},
  };
  return table;
}

TEST_CASE("every entry of the table is true, and gives the reason and a remedy") {
  for (const oci::CannotExpress& entry : oci::cannot_express_table()) {
    INFO(oci::format_text(entry.format) << ": " << entry.field);
    const auto trigger = triggers().find(key_of(entry));
    REQUIRE(trigger != triggers().end());
    const bool source = entry.field != "workspace.source";
    CHECK(error_of([&] { rendered(tests::sample_fields(), entry.format); }) == "");
    PolicyFields fields = tests::sample_fields();
    trigger->second(fields);
    const std::string refusal = error_of([&] { rendered(fields, entry.format, source); });
    CHECK(contains(refusal, "cannot express " + std::string(entry.field)));
    CHECK(contains(refusal, std::string(entry.reason)));
  }
  CHECK(triggers().size() == oci::cannot_express_table().size());
}

} // namespace
} // namespace agentbox
