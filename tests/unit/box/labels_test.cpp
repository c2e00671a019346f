// SPDX-License-Identifier: Apache-2.0
#include "box/labels.hpp"

#include "box.hpp"
#include "config/instructions.hpp"
#include "conversations/store.hpp"
#include "support/error.hpp"

using namespace agentbox;
using namespace agentbox::box;
using namespace agentbox::session_test;
namespace fs = std::filesystem;

namespace {

constexpr const char* k_workspace = "/home/user/project";

/// Returns a host that enforces Fedora's policy: containers read usr_t, and read and write files with their own label.
LabelFacts enforcing_host() {
  LabelFacts facts;
  facts.selinux = {true, true,
                   selinux::parse_container_contexts("process = \"system_u:system_r:container_t:s0\"\n"
                                                     "file = \"system_u:object_r:container_file_t:s0\"\n"
                                                     "ro_file = \"system_u:object_r:container_ro_file_t:s0\"\n")
                       .value()};
  facts.uid = 1000;
  facts.mount_points = {"/", "/home", "/proc"};
  facts.label_problem = [](const fs::path& path) {
    return path.native().starts_with("/usr") ? "it belongs to another user" : "";
  };
  facts.read_record = [](const fs::path&) { return std::nullopt; };
  facts.context_of = [](const fs::path& path) {
    return path.native().starts_with("/usr") ? "system_u:object_r:usr_t:s0" : "unconfined_u:object_r:user_home_t:s0";
  };
  facts.is_allowed = [](const selinux::Context& subject, const std::string& object, bool, selinux::Access access) {
    const auto context = selinux::parse_context(object).value();
    return context.type == "usr_t" ? access == selinux::Access::read
                                   : context.type == "container_file_t" && context.level == subject.level;
  };
  return facts;
}

Identities identities(const policy::PolicyFields& fields) {
  Identities found = {{fields.workspace.source, {1, 2, true}}};
  for (const policy::Mount& mount : fields.mounts) {
    found.emplace(mount.source, oci::FileIdentity{1, 3, !mount.source.has_extension()});
  }
  return found;
}

/// Returns the message and hint of the refusal; fails when there is none.
std::string refusal(const policy::PolicyFields& fields, const LabelFacts& facts) {
  try {
    choose_labels(fields, identities(fields), facts);
  } catch (const support::Error& error) {
    CHECK(error.code() == support::ExitCode::refused);
    return error.what() + ("\n" + error.hint());
  }
  FAIL("not refused");
  return {};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the project gets the level of its path, and must still have the identity that was checked") {
  const auto wanted = fields();
  const BoxLabels labels = choose_labels(wanted, identities(wanted), enforcing_host());
  REQUIRE(labels.user_paths.size() == 1);
  const selinux::Relabelling& project = labels.user_paths.front();
  CHECK(project.path == k_workspace);
  CHECK(to_text(project.label) == "container_file_t:" + selinux::box_level(1000, k_workspace));
  CHECK(project.tree);
  CHECK(project.identity == protocol::FileId{1, 2});
  CHECK(project.changed_since == 0);
  CHECK(labels.own_paths.empty());
}

TEST_CASE("a later start examines only what changed, unless the directory or its label is a different one") {
  const auto wanted = fields();
  LabelFacts facts = enforcing_host();
  selinux::LabelRecord before{{1, 2}, {"container_file_t", selinux::box_level(1000, k_workspace)}, 77};
  facts.read_record = [&](const fs::path&) { return before; };
  CHECK(choose_labels(wanted, identities(wanted), facts).user_paths.front().changed_since == 77);
  facts.changes = {77, 80, {"src"}, {}}; // seen by the scan before the start
  CHECK(choose_labels(wanted, identities(wanted), facts).user_paths.front().changes == facts.changes);
  facts.changes.since = 76; // of another scan
  CHECK_FALSE(choose_labels(wanted, identities(wanted), facts).user_paths.front().changes);
  before.identity = {1, 9};
  CHECK(choose_labels(wanted, identities(wanted), facts).user_paths.front().changed_since == 0);
  before = {{1, 2}, {"container_file_t", "s0:c1,c2"}, 77};
  CHECK(choose_labels(wanted, identities(wanted), facts).user_paths.front().changed_since == 0);
}

TEST_CASE("credentials and conversations get the box's label, other mounts none") {
  auto wanted = fields();
  wanted.mounts = {
      {"/home/user/.codex", "/home/agent/.codex", false, std::string(policy::k_auth_reason) + "codex"},
      {"/home/user/.claude.json", "/home/agent/.claude.json", false, std::string(policy::k_auth_reason) + "claude"},
      {"/home/user/.local/state/agentbox/history/x", "/home/agent/.codex/sessions", false, conversations::k_reason},
      {"/home/user/.local/state/agentbox/homes/x", "/home/agent", false, policy::k_home_reason},
      {"/home/user/.claude/CLAUDE.md", "/home/agent/.claude/CLAUDE.md", true, config::k_instructions_reason}, // a copy
      {"/usr/share/dict", "/mnt/dict", true, "--mount"}};
  const BoxLabels labels = choose_labels(wanted, identities(wanted), enforcing_host());
  REQUIRE(labels.user_paths.size() == 3);
  CHECK(labels.user_paths[1].path == "/home/user/.codex");
  CHECK(labels.user_paths[1].tree);
  CHECK(to_text(labels.user_paths[1].label) == "container_file_t:" + selinux::login_level(1000, "codex"));
  CHECK(labels.user_paths[2].path == "/home/user/.claude.json");
  CHECK_FALSE(labels.user_paths[2].tree);
  REQUIRE(labels.own_paths.size() == 2);
  CHECK(labels.own_paths.back().label == labels.user_paths[0].label);

  wanted.mounts = {{"/usr/share/dict", "/mnt/dict", false, "--mount"}}; // writable
  CHECK(has(refusal(wanted, enforcing_host()), "SELinux denies the box write access to \"/usr/share/dict\""));
  wanted.mounts = {{"/home/user/data", "/mnt/data", true, "--mount"}};
  const std::string text = refusal(wanted, enforcing_host());
  CHECK(has(text, "read access to \"/home/user/data\" (unconfined_u:object_r:user_home_t:s0)"));
  CHECK(has(text, "chcon -R -t container_file_t -l " + selinux::box_level(1000, k_workspace) + " /home/user/data"));
  CHECK(has(text, "--mount SRC:DST:label"));
}

TEST_CASE("a mount that the user asks to label gets the project's label") {
  auto wanted = fields();
  wanted.mounts = {{"/home/user/data", "/mnt/data", false, "--mount", true},
                   {"/home/user/list.txt", "/mnt/list.txt", true, "~/.config/agentbox/config.toml:1", true},
                   {"/home/user/data/part", "/mnt/part", true, "--mount"},
                   {"/home/user/project/docs", "/mnt/docs", true, "--mount"}};
  LabelFacts facts = enforcing_host();
  const BoxLabels labels = choose_labels(wanted, identities(wanted), facts);
  REQUIRE(labels.user_paths.size() == 3); // what is below one of them is labelled with it
  CHECK(labels.user_paths[1].path == "/home/user/data");
  CHECK(labels.user_paths[1].label == labels.user_paths[0].label);
  CHECK(labels.user_paths[1].tree);
  CHECK(labels.user_paths[1].identity == protocol::FileId{1, 3});
  CHECK_FALSE(labels.user_paths[2].tree);
  facts.read_record = [&](const fs::path& path) {
    return path == "/home/user/data" ? std::optional(selinux::LabelRecord{{1, 3}, labels.user_paths[0].label, 77})
                                     : std::nullopt;
  };
  CHECK(choose_labels(wanted, identities(wanted), facts).user_paths[1].changed_since == 77);

  facts.held = {{"/home/user/data", "s0:c1,c2", "other"}};
  CHECK(has(refusal(wanted, facts), "box \"other\" uses \"/home/user/data\""));
  facts.held.clear();
  facts.mount_points.emplace_back("/home/user/data/disk");
  CHECK(has(refusal(wanted, facts), "another file system is mounted in it, at \"/home/user/data/disk\""));
  facts.mount_points.pop_back();
  facts.label_problem = [](const fs::path&) { return "it is a credential store"; };
  const std::string text = refusal(wanted, facts);
  CHECK(has(text, "agentbox does not label it: it is a credential store"));
  CHECK_FALSE(has(text, "SRC:DST:label"));

  facts = enforcing_host();
  facts.choice = config::LabelChoice::never;
  facts.context_of = [](const fs::path& path) {
    return path == k_workspace ? "unconfined_u:object_r:container_file_t:" + selinux::box_level(1000, k_workspace)
                               : "unconfined_u:object_r:user_home_t:s0";
  };
  CHECK(has(refusal(wanted, facts), "[selinux] label is \"never\""));
  wanted.mounts = {{"/usr/share/dict", "/mnt/dict", true, "--mount", true}}; // already readable
  CHECK(choose_labels(wanted, identities(wanted), enforcing_host()).user_paths.size() == 1);
}

TEST_CASE("a project is not labelled against the user's will") {
  const auto wanted = fields();
  LabelFacts never = enforcing_host();
  never.choice = config::LabelChoice::never;
  CHECK(has(refusal(wanted, never), "[selinux] label is \"never\""));
  never.context_of = [](const fs::path&) {
    return "unconfined_u:object_r:container_file_t:" + selinux::box_level(1000, k_workspace);
  };
  CHECK(choose_labels(wanted, identities(wanted), never).user_paths.empty()); // labelled by the user
  never.context_of = [](const fs::path&) { return "unconfined_u:object_r:container_file_t:s0:c1,c2"; };
  CHECK(has(refusal(wanted, never), "chcon")); // another box's level

  LabelFacts not_a_project = enforcing_host();
  not_a_project.not_a_project = "it contains application settings or data";
  CHECK(has(refusal(wanted, not_a_project), "labels only projects"));

  LabelFacts mounted = enforcing_host();
  mounted.mount_points.emplace_back("/home/user/project/disk");
  CHECK(has(refusal(wanted, mounted), "another file system is mounted in it, at \"/home/user/project/disk\""));
  mounted.mount_points = {"/", "/home/user/project", "/home/user/project-2/disk"};
  CHECK(choose_labels(wanted, identities(wanted), mounted).user_paths.size() == 1);
}

TEST_CASE("a path that a running box uses with another label is refused") {
  auto wanted = fields();
  wanted.mounts = {{"/home/user/.codex", "/home/agent/.codex", false, std::string(policy::k_auth_reason) + "codex"}};
  LabelFacts facts = enforcing_host();
  facts.held = {{k_workspace, "s0:c1,c2", "other-1"}};
  CHECK(has(refusal(wanted, facts), "box \"other-1\" uses \"/home/user/project\""));
  facts.held = {{"/home/user", "s0:c1,c2", "parent"}}; // a workspace around this one
  CHECK(has(refusal(wanted, facts), "agentbox stop parent"));
  facts.held = {{k_workspace, selinux::box_level(1000, k_workspace), "twin"}, {"/home/user/projects", "s0:c1,c2", "x"}};
  CHECK(choose_labels(wanted, identities(wanted), facts).user_paths.size() == 2);
}

TEST_CASE("permissive SELinux refuses nothing") {
  auto wanted = fields();
  wanted.mounts = {{"/home/user/data", "/mnt/data", false, "--mount"}};
  LabelFacts facts = enforcing_host();
  facts.selinux.enforcing = false;
  facts.held = {{k_workspace, "s0:c1,c2", "other"}};
  const BoxLabels labels = choose_labels(wanted, identities(wanted), facts);
  CHECK_FALSE(labels.enforcing);
  CHECK(labels.user_paths.size() == 1);
}

TEST_CASE("boxes of two projects use one login at the same time") {
  auto one = fields();
  one.mounts = {{"/home/user/.local/state/agentbox/logins/claude/x", "/home/agent/.agentbox-login/claude", false,
                 std::string(policy::k_auth_reason) + "claude"}};
  auto other = one;
  other.workspace.source = "/home/user/other";
  LabelFacts facts = enforcing_host();
  facts.own = "/home/user/.local/state/agentbox";
  const BoxLabels first = choose_labels(one, identities(one), facts);
  facts.held = {{k_workspace, first.contexts.project.level, "first"}};
  const BoxLabels second = choose_labels(other, identities(other), facts);
  REQUIRE(first.own_paths.size() == 1); // agentbox's own: labelled silently
  CHECK(first.own_paths == second.own_paths);
  CHECK(first.contexts.project.level != second.contexts.project.level);
  CHECK(first.contexts.agent.level != first.contexts.project.level);
  CHECK(first.user_paths.front().label.level == first.contexts.project.level);
}

TEST_CASE("agentbox's own boxes are labelled, wherever their directory is") {
  auto wanted = fields();
  wanted.workspace.source = "/home/user/.local/state/agentbox/scratch/sign-in-1/workspace";
  wanted.mounts = {{"/home/user/.local/state/agentbox/scratch/sign-in-1/login", "/home/agent/.agentbox-login/claude",
                    false, "agentbox login"}};
  LabelFacts facts = enforcing_host();
  facts.not_a_project = "it contains application settings or data";
  facts.choice = config::LabelChoice::never;
  CHECK(has(refusal(wanted, facts), "never"));
  facts.own = "/home/user/.local/state/agentbox";
  const BoxLabels labels = choose_labels(wanted, identities(wanted), facts);
  CHECK(labels.user_paths.empty());
  REQUIRE(labels.own_paths.size() == 2);
  CHECK(labels.own_paths[0].label == labels.own_paths[1].label);
  wanted.workspace.source = k_workspace; // a user's box cannot get labels on agentbox's own paths
  facts.choice = config::LabelChoice::project;
  facts.not_a_project.clear();
  CHECK(has(refusal(wanted, facts), "agentbox labels only mounts with the option \"label\""));
}

TEST_CASE("a policy without levels") {
  LabelFacts facts = enforcing_host();
  facts.selinux.levels = false;
  const auto wanted = fields();
  const BoxLabels labels = choose_labels(wanted, identities(wanted), facts);
  CHECK(to_text(labels.user_paths.front().label) == "container_file_t");
  CHECK(oci_labels(labels.contexts).agent == "system_u:system_r:container_t");
  CHECK(oci_labels(labels.contexts).agent_level.empty());
}
