// SPDX-License-Identifier: Apache-2.0
// A policy and a host, as values, for tests of plans.
#pragma once
#include <filesystem>
#include <string>
#include <variant>

#include "box/plan.hpp"
#include "boxes/registry.hpp"
#include "catch.hpp"
#include "policy/policy.hpp"
#include "support/file.hpp"

namespace agentbox::session_test {

inline policy::PolicyFields fields() {
  policy::PolicyFields fields = policy::default_fields();
  fields.workspace.source = "/home/user/project";
  fields.name = "project-1234";
  fields.run.kind = policy::Run::Kind::command;
  fields.run.command = {"true"};
  return fields;
}

inline policy::Policy policy_of(const policy::PolicyFields& fields) {
  policy::PolicyResult result = policy::build_policy(fields);
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&result)) {
    FAIL(mistakes->front().where + ": " + mistakes->front().message);
  }
  return std::get<policy::Policy>(std::move(result));
}

/// Returns a host for `fields`. None of it exists: a plan is made from values.
inline box::Host host_of(const policy::PolicyFields& fields) {
  const boxes::SessionPaths paths{"/run/user/1000/agentbox/sessions/" + fields.name};
  oci::HostFacts oci;
  oci.seccomp_profile = support::read_file(
      std::filesystem::path(AGENTBOX_SOURCE_DIR) / "tests/unit/oci/fixtures/seccomp-debian-12.json", 1U << 20U);
  oci.nonce = "00112233445566778899aabbccddeeff";
  oci.egress_json = paths.egress();
  oci.run_directory = paths.run();
  oci.audit_directory = "/home/user/.local/state/agentbox/audit";
  oci.hosts = paths.hosts();
  oci.resolv_conf = paths.resolv_conf();
  oci.sources[fields.workspace.source] = {1, 2};
  podman::PodmanInfo facts;
  facts.podman = {4, 3, 1};
  facts.network_program = "slirp4netns";
  return {podman::Podman("/usr/bin/podman", {{"HOME", "/home/user"}, {"LD_PRELOAD", "/tmp/evil.so"}}),
          facts,
          {"/usr/bin/agentbox", "/usr/libexec/agentbox", "/usr/share/agentbox"},
          oci,
          paths,
          oci.audit_directory,
          {"a" + std::string(63, '1'), "f" + std::string(63, '2')},
          1700000000,
          4711,
          {}};
}

/// A workspace for tests in which its identity does not matter.
inline constexpr boxes::WorkspaceClaim k_somewhere{1, 1, true};

/// A temporary directory that is XDG_RUNTIME_DIR while the object exists.
class RuntimeDirectory {
public:
  RuntimeDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "agentbox-session-XXXXXX").string();
    m_path = mkdtemp(pattern.data());
    setenv("XDG_RUNTIME_DIR", m_path.c_str(), 1);
  }
  RuntimeDirectory(const RuntimeDirectory&) = delete;
  RuntimeDirectory& operator=(const RuntimeDirectory&) = delete;
  RuntimeDirectory(RuntimeDirectory&&) = delete;
  RuntimeDirectory& operator=(RuntimeDirectory&&) = delete;
  ~RuntimeDirectory() {
    unsetenv("XDG_RUNTIME_DIR");
    std::filesystem::remove_all(m_path);
  }
  const std::filesystem::path& path() const { return m_path; }

private:
  std::filesystem::path m_path;
};

} // namespace agentbox::session_test
