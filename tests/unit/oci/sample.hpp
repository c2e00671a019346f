// SPDX-License-Identifier: Apache-2.0
// A policy and a host to render, the same in unit, golden and contract tests.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "oci/host_facts.hpp"
#include "policy/policy.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::tests {

inline std::string fixture(const std::string& name) {
  constexpr std::size_t k_max = 1U << 20U;
  return support::read_file(std::filesystem::path(AGENTBOX_SOURCE_DIR) / "tests/unit/oci/fixtures" / name, k_max);
}

inline nlohmann::json json_fixture(const std::string& name) {
  return nlohmann::json::parse(fixture(name));
}

inline policy::Policy build(policy::PolicyFields fields) {
  auto result = policy::build_policy(std::move(fields));
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&result)) {
    throw support::Error(support::ExitCode::usage, mistakes->front().where + ": " + mistakes->front().message);
  }
  return std::get<policy::Policy>(std::move(result));
}

/// Returns the default contract, for a project /home/dev/project in a box named "t".
inline policy::PolicyFields sample_fields() {
  policy::PolicyFields fields = policy::default_fields();
  fields.name = std::string("t"); // GCC 12 warns about the assignment of a literal
  fields.workspace.source = "/home/dev/project";
  fields.workspace.protect = {".agentbox", ".git/config", ".git/hooks"};
  fields.workspace.mask = {};
  return fields;
}

/// Returns a host where every cgroup controller is delegated, and the project is a git repository.
inline oci::HostFacts sample_facts() {
  oci::HostFacts facts;
  facts.arch = oci::seccomp::Arch::x86_64;
  facts.seccomp_profile = fixture("seccomp-debian-12.json");
  facts.delegated = {true, true, true};
  facts.nonce = "00112233445566778899aabbccddeeff";
  const std::filesystem::path session = "/run/user/1000/agentbox/sessions/t";
  facts.egress_json = session / "egress.json";
  facts.box_directory = session / "box";
  facts.run_directory = session / "run";
  facts.hosts = session / "hosts";
  facts.resolv_conf = session / "resolv.conf";
  facts.audit_directory = "/home/dev/.local/state/agentbox/audit";
  facts.guarded.read_only = {".git/config", ".git/hooks"};
  facts.sources = {{"/home/dev/project", {1, 10, true}},
                   {"/home/dev/project/.git", {1, 11, true}},
                   {"/home/dev/project/.git/config", {1, 12, false}},
                   {"/home/dev/project/.git/hooks", {1, 13, true}}};
  facts.agent_env = {{"TERM", "xterm-256color"}};
  return facts;
}

/// Returns the message of the Error that `action` throws with `code`; empty when it does not throw.
template <typename Action>
std::string error_of(Action&& action, support::ExitCode code = support::ExitCode::refused) {
  try {
    action();
  } catch (const support::Error& error) {
    return (error.code() == code ? std::string() : std::string("another exit code: ")).append(error.what());
  }
  return {};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace agentbox::tests
