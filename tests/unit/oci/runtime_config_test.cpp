// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime_config.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "catch.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;
using tests::build;
using tests::contains;
using tests::error_of;
using tests::sample_facts;
using tests::sample_fields;

json agent() {
  return render_agent(build(sample_fields()), sample_facts());
}
json firewall() {
  return render_firewall(build(sample_fields()), sample_facts());
}

const json* mount_at(const json& config, const std::string& destination) {
  const json& mounts = config.at("mounts");
  const auto found =
      std::find_if(mounts.begin(), mounts.end(), [&](const json& m) { return m.at("destination") == destination; });
  return found == mounts.end() ? nullptr : &*found;
}

std::size_t position(const json& config, const std::string& destination) {
  const json& mounts = config.at("mounts");
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    if (mounts[i].at("destination") == destination) {
      return i;
    }
  }
  FAIL("nothing is mounted at " << destination);
  return 0;
}

bool has_option(const json& mount, const std::string& option) {
  const json& options = mount.at("options");
  return std::find(options.begin(), options.end(), option) != options.end();
}

bool has_variable(const json& config, const std::string& assignment) {
  const json& env = config.at("process").at("env");
  return std::find(env.begin(), env.end(), assignment) != env.end();
}

/// Returns the lines of AGENTBOX_MOUNTS and its continuations.
std::string mounts_list(const json& config) {
  std::string list;
  for (const json& variable : config.at("process").at("env")) {
    if (const auto text = variable.get<std::string>(); text.starts_with("AGENTBOX_MOUNTS")) {
      list += text.substr(text.find('=') + 1);
    }
  }
  return list;
}

json rlimit(const json& config, const std::string& type) {
  for (const json& limit : config.at("process").at("rlimits")) {
    if (limit.at("type") == type) {
      return limit;
    }
  }
  return {};
}

TEST_CASE("the agent is an ordinary user with nothing to gain") {
  const json process = agent().at("process");
  CHECK(process.at("user") == json{{"uid", 1000}, {"gid", 1000}, {"umask", 18}});
  CHECK(process.at("noNewPrivileges") == true);
  REQUIRE(process.at("capabilities").size() == 5);
  for (const json& set : process.at("capabilities")) {
    CHECK(set == json::array());
  }
  CHECK(process.at("cwd") == "/workspace");
}

TEST_CASE("the firewall has its two capabilities in all five sets, and no more") {
  const json process = firewall().at("process");
  REQUIRE(process.at("capabilities").size() == 5);
  for (const json& set : process.at("capabilities")) {
    CHECK(set == json{"CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE"});
  }
  CHECK(process.at("user").at("uid") == 1000);
  CHECK(process.at("noNewPrivileges") == true);
  CHECK(firewall().at("root").at("readonly") == true);
}

TEST_CASE("nothing of the user's is mounted into the firewall") {
  auto fields = sample_fields();
  auto facts = sample_facts();
  fields.mounts = {{"/home/dev/.codex", "/home/agent/.codex", false, "--mount"}};
  facts.sources["/home/dev/.codex"] = {1, 20, true};
  const json config = render_firewall(build(fields), facts);
  std::vector<std::string> destinations;
  for (const json& mount : config.at("mounts")) {
    destinations.push_back(mount.at("destination"));
    CHECK_FALSE(contains(mount.at("source").get<std::string>(), "/home/dev/project"));
  }
  CHECK(destinations ==
        std::vector<std::string>{"/proc", "/dev", "/etc/agentbox/egress.json", "/run/agentbox", "/var/log/agentbox"});
  CHECK(has_option(*mount_at(config, "/etc/agentbox/egress.json"), "ro"));
  CHECK_FALSE(has_option(*mount_at(config, "/run/agentbox"), "ro"));
}

TEST_CASE("the firewall's private directories are not in the agent's box") {
  const std::string text = agent().at("mounts").dump();
  CHECK_FALSE(contains(text, "/run/user/1000/agentbox/sessions/t/run"));
  CHECK_FALSE(contains(text, "audit"));
  CHECK_FALSE(contains(text, "egress.json"));
}

TEST_CASE("every mount but /dev and the root refuses device nodes, and every one setuid programs") {
  for (const json& config : {agent(), firewall()}) {
    for (const json& mount : config.at("mounts")) {
      const auto destination = mount.at("destination").get<std::string>();
      INFO(destination);
      CHECK(has_option(mount, "nosuid"));
      CHECK((destination == "/dev" || destination == "/dev/pts" || has_option(mount, "nodev")));
    }
  }
}

TEST_CASE("protected paths are read-only, and their ancestors pinned before them") {
  const json config = agent();
  CHECK(position(config, "/workspace") < position(config, "/workspace/.git"));
  CHECK(position(config, "/workspace/.git") < position(config, "/workspace/.git/config"));
  CHECK_FALSE(has_option(*mount_at(config, "/workspace/.git"), "ro"));
  CHECK(has_option(*mount_at(config, "/workspace/.git/hooks"), "ro"));
  CHECK(has_option(*mount_at(config, "/workspace/.git/hooks"), "rro"));
  CHECK(has_option(*mount_at(config, "/workspace/.git/config"), "ro"));
  CHECK(mount_at(config, "/workspace/.agentbox") == nullptr); // it does not exist in this project
  CHECK(has_option(*mount_at(config, "/workspace"), "rw"));
}

TEST_CASE("a workspace that is a repository itself is protected by the same list, and nothing else is") {
  auto fields = sample_fields();
  auto facts = sample_facts();
  facts.guarded.read_only = {"commondir", "config", "hooks"};
  for (const std::string& path : facts.guarded.read_only) {
    facts.sources[fields.workspace.source / path] = {1, 30, path == "hooks"};
  }
  const json config = render_agent(build(fields), facts);
  for (const char* path : {"/workspace/commondir", "/workspace/config", "/workspace/hooks"}) {
    REQUIRE(mount_at(config, path) != nullptr);
    CHECK(has_option(*mount_at(config, path), "ro"));
  }
  fields.workspace.protect = {".envrc"}; // a list without Git's
  CHECK_THROWS_AS(render_agent(build(fields), facts), support::Error);
}

TEST_CASE("a deep protected path pins each directory above it once") {
  auto fields = sample_fields();
  auto facts = sample_facts();
  fields.workspace.protect = {"a", "a/b/c", "a/b/d"};
  facts.guarded.read_only = {"a", "a/b/c", "a/b/d"};
  for (const char* path : {"a", "a/b", "a/b/c", "a/b/d"}) {
    facts.sources[std::filesystem::path("/home/dev/project") / path] = {1, 30, true};
  }
  const json config = render_agent(build(fields), facts);
  std::vector<std::string> order;
  for (const json& mount : config.at("mounts")) {
    if (const auto destination = mount.at("destination").get<std::string>(); destination.starts_with("/workspace/")) {
      order.push_back(destination.substr(11) + (has_option(mount, "ro") ? " ro" : ""));
    }
  }
  CHECK(order == std::vector<std::string>{"a", "a/b", "a ro", "a/b/c ro", "a/b/d ro"});
}

TEST_CASE("directories above what was found by name are mount points below a second mount of the tree") {
  auto facts = sample_facts();
  facts.compare_inside = true;
  facts.guarded.read_only = {".git/hooks", "apps/web/.vscode", "packages/x/.git/config"};
  facts.guarded.read_only_by_name = {"apps/web/.vscode", "packages/x/.git/config"};
  facts.guarded.pins = {"packages/x/.git"};
  for (const char* path : {".git", ".git/hooks", "apps", "apps/web", "apps/web/.vscode", "packages", "packages/x",
                           "packages/x/.git", "packages/x/.git/config"}) {
    facts.sources[std::filesystem::path("/home/dev/project") / path] = {1, 30, true};
  }
  const json config = render_agent(build(sample_fields()), facts);
  std::vector<std::string> order;
  for (const json& mount : config.at("mounts")) {
    if (const auto destination = mount.at("destination").get<std::string>(); destination.starts_with("/workspace")) {
      order.push_back(destination.substr(10) + (has_option(mount, "ro") ? " ro" : ""));
    }
  }
  CHECK(order == std::vector<std::string>{"", "/apps", "/apps/web", "/packages", "/packages/x", "", "/.git",
                                          "/packages/x/.git", "/.git/hooks ro", "/apps/web/.vscode ro",
                                          "/packages/x/.git/config ro"});
  const std::string list = mounts_list(config);
  CHECK(contains(list, "\ncl - /workspace\nc - /workspace/apps\nc - /workspace/apps/web\n"));
  CHECK(contains(list, "\nv 1:30 /workspace/.git\n"));
  CHECK(contains(list, "\nvr 1:30 /workspace/apps/web/.vscode\n"));
}

TEST_CASE("what is masked is an empty file or directory that nobody can write, and cannot be renamed away") {
  auto fields = sample_fields();
  auto facts = sample_facts();
  fields.workspace.protect = {"conf"};
  fields.workspace.mask = {"conf/.env", "keys"};
  facts.guarded.read_only = {"conf"};
  facts.guarded.masked = {"conf/.env", "keys"};
  facts.empty_file = "/run/session/empty";
  const std::filesystem::path root = "/home/dev/project";
  facts.sources[root / "conf"] = {1, 31, true};
  facts.sources[root / "conf/.env"] = {1, 32, false};
  facts.sources[root / "keys"] = {1, 33, true};
  const json config = render_agent(build(fields), facts);
  const json* file = mount_at(config, "/workspace/conf/.env");
  REQUIRE(file != nullptr);
  CHECK(file->at("source") == "/run/session/empty");
  CHECK(has_option(*file, "ro"));
  const json* directory = mount_at(config, "/workspace/keys");
  REQUIRE(directory != nullptr);
  CHECK(directory->at("type") == "tmpfs");
  CHECK(has_option(*directory, "ro"));
  CHECK(position(config, "/workspace/conf") < position(config, "/workspace/conf/.env"));
  facts.guarded.masked = {"src"};
  CHECK(contains(error_of([&] { render_agent(build(fields), facts); }, support::ExitCode::failed), "src"));
}

TEST_CASE("what is masked and protected, or protected below a mask, is only masked") {
  auto fields = sample_fields();
  auto facts = sample_facts();
  fields.workspace.protect = {"conf/.env.leave", "keys/tasks.json"};
  fields.workspace.mask = {"keys"};
  facts.guarded.read_only = {"conf/.env.leave", "keys/tasks.json"};
  facts.guarded.masked = {"conf/.env.leave", "keys"};
  facts.guarded.masked_by_name = {"conf/.env.leave"};
  facts.empty_file = "/run/session/empty";
  facts.compare_inside = true;
  const std::filesystem::path root = "/home/dev/project";
  facts.sources[root / "conf"] = {1, 31, true};
  facts.sources[root / "conf/.env.leave"] = {1, 32, false};
  facts.sources[root / "keys"] = {1, 33, true};
  facts.sources[root / "keys/tasks.json"] = {1, 34, false};
  const json config = render_agent(build(fields), facts);
  REQUIRE(mount_at(config, "/workspace/conf/.env.leave") != nullptr);
  CHECK(mount_at(config, "/workspace/conf/.env.leave")->at("source") == "/run/session/empty");
  CHECK(mount_at(config, "/workspace/conf") != nullptr); // still cannot be renamed
  CHECK(mount_at(config, "/workspace/keys/tasks.json") == nullptr);
  CHECK(contains(mounts_list(config), "\nvr - /workspace/conf/.env.leave\n")); // agentbox's own empty file
  CHECK_FALSE(contains(mounts_list(config), "tasks.json"));
}

TEST_CASE("a writable mount's repository is guarded like the workspace's") {
  auto fields = sample_fields();
  auto facts = sample_facts();
  fields.mounts = {{"/srv/other", "/mnt/other", false, "--mount"}};
  facts.guarded_in_mounts = {{"/srv/other", {{".git/hooks"}, {}, {}, {}, {}}}};
  facts.sources["/srv/other"] = {1, 41, true};
  facts.sources["/srv/other/.git"] = {1, 42, true};
  facts.sources["/srv/other/.git/hooks"] = {1, 43, true};
  const json config = render_agent(build(fields), facts);
  CHECK(position(config, "/mnt/other") < position(config, "/mnt/other/.git"));
  CHECK(position(config, "/mnt/other/.git") < position(config, "/mnt/other/.git/hooks"));
  CHECK(has_option(*mount_at(config, "/mnt/other/.git/hooks"), "ro"));
}

TEST_CASE("agent-entrypoint is told what must be mounted where, when it must compare") {
  auto facts = sample_facts();
  CHECK(render_agent(build(sample_fields()), facts).dump().find("AGENTBOX_MOUNTS") == std::string::npos);
  CHECK(render_agent(build(sample_fields()), facts).dump().find("AGENTBOX_LANDLOCK") == std::string::npos);
  facts.compare_inside = true;
  const json config = render_agent(build(sample_fields()), facts);
  const std::string list = mounts_list(config);
  for (const char* line : {"vl - /proc", "vl - /tmp", "vrl - /etc/hosts", "vl 1:10 /workspace",
                           "v 1:11 /workspace/.git", "vr 1:12 /workspace/.git/config", "vr 1:13 /workspace/.git/hooks",
                           "o - /", "o - /dev/null", "o - /proc/kcore", "o - /proc/sys"}) {
    INFO(line);
    CHECK(contains("\n" + list, "\n" + std::string(line) + "\n"));
  }
  CHECK_FALSE(contains(list, "o - /etc/resolv.conf"));
}

TEST_CASE("mounts of the host in the project, and paths with blanks, are listed as the kernel spells them") {
  auto facts = sample_facts();
  auto fields = sample_fields();
  facts.compare_inside = true;
  facts.mounted_here = {"/", "/home/dev/project2", "/home/dev/project/a\\040disk", "/srv/b\\040c/x"};
  fields.mounts = {{"/srv/b c", "/mnt/\t\\", false, "--mount"}};
  facts.sources["/srv/b c"] = {1, 41, true};
  const std::string list = mounts_list(render_agent(build(fields), facts));
  CHECK(contains(list, "\nvl 1:41 /mnt/\\011\\134\n"));
  CHECK(contains(list, "\no - /mnt/\\011\\134/x\n"));
  CHECK(contains(list, "\no - /workspace/a\\040disk\n"));
  CHECK_FALSE(contains(list, "project2"));
}

TEST_CASE("a long list of mounts is in several variables, and a too long one is refused") {
  const auto config_with = [](std::size_t count) {
    auto facts = sample_facts();
    auto fields = sample_fields();
    facts.compare_inside = true;
    fields.workspace.protect.clear();
    facts.guarded = {};
    for (std::size_t i = 0; i < count; ++i) {
      const std::string path = std::string(3000, 'x') + std::to_string(i);
      facts.guarded.read_only_by_name.push_back(path);
      facts.guarded.read_only.push_back(path);
      facts.sources[std::filesystem::path("/home/dev/project") / path] = {1, 100 + i, false};
    }
    return render_agent(build(fields), facts);
  };
  std::size_t bytes = 0;
  const json config = config_with(300);
  for (const json& variable : config.at("process").at("env")) {
    CHECK(variable.get<std::string>().size() < 128 * 1024); // MAX_ARG_STRLEN (execve(2))
    bytes += variable.get<std::string>().size();
  }
  CHECK(bytes > 900'000);
  CHECK(contains(error_of([&] { config_with(500); }, support::ExitCode::usage), "does not fit"));
}

TEST_CASE("more environment than the kernel accepts is refused before the start") {
  const auto config_with = [](int count) {
    auto fields = sample_fields();
    for (int i = 0; i < count; ++i) {
      fields.env["BIG_" + std::to_string(i)] = std::string(100'000, 'x');
    }
    return render_agent(build(fields), sample_facts());
  };
  CHECK(has_variable(config_with(15), "BIG_1=" + std::string(100'000, 'x')));
  CHECK(contains(error_of([&] { config_with(25); }, support::ExitCode::usage), "more than the kernel allows"));
}

TEST_CASE("agent-entrypoint is told which files the agent may touch, where the kernel has Landlock") {
  auto facts = sample_facts();
  auto fields = sample_fields();
  facts.landlock_abi = 6;
  fields.mounts = {{"/srv/docs", "/docs", true, "--mount"}, {"/srv/other", "/other", false, "--mount"}};
  facts.sources["/srv/docs"] = {1, 40, true};
  facts.sources["/srv/other"] = {1, 41, true};
  std::string rules;
  const json config = render_agent(build(fields), facts);
  for (const json& entry : config.at("process").at("env")) {
    if (const auto text = entry.get<std::string>(); text.starts_with("AGENTBOX_LANDLOCK=")) {
      rules = text;
    }
  }
  CHECK(rules.starts_with("AGENTBOX_LANDLOCK=abi 6\n"));
  for (const char* line :
       {"\nrwx /workspace\n", "\nrwx /home/agent\n", "\nrx /docs\n", "\nrwx /other\n", "\nrwx /tmp\n"}) {
    CHECK(contains(rules, line));
  }
}

TEST_CASE("protected paths that the policy does not name are the caller's mistake") {
  auto facts = sample_facts();
  facts.guarded.read_only = {"src"};
  CHECK(contains(error_of([&] { render_agent(build(sample_fields()), facts); }, support::ExitCode::failed), "src"));
}

TEST_CASE("a path without a recorded identity is not mounted") {
  auto facts = sample_facts();
  facts.sources.erase("/home/dev/project/.git");
  CHECK(contains(error_of([&] { render_agent(build(sample_fields()), facts); }, support::ExitCode::failed), ".git"));
}

TEST_CASE("odd path names reach the config unchanged") {
  auto fields = sample_fields();
  auto facts = sample_facts();
  const std::string odd = "/home/dev/a,b:c \"d\" 'e' $f;g";
  fields.workspace.source = odd;
  fields.workspace.protect.clear();
  facts.guarded.read_only.clear();
  facts.sources = {{odd, {1, 2, true}}};
  const json config = render_agent(build(fields), facts);
  CHECK(mount_at(config, "/workspace")->at("source") == odd);
  CHECK(json::parse(config_text(config)) == config);
}

TEST_CASE("more mounts: a directory before what is in it, files without recursive flags") {
  auto fields = sample_fields();
  auto facts = sample_facts();
  fields.mounts = {{"/srv/b", "/data/b", true, "--mount"}, {"/srv/f", "/data-file", true, "--mount"}};
  facts.sources["/srv/b"] = {1, 41, true};
  facts.sources["/srv/f"] = {1, 42, false};
  const json config = render_agent(build(fields), facts);
  CHECK(has_option(*mount_at(config, "/data/b"), "rro"));
  CHECK(has_option(*mount_at(config, "/data-file"), "ro"));
  CHECK_FALSE(has_option(*mount_at(config, "/data-file"), "rro"));
  CHECK_FALSE(has_option(*mount_at(config, "/data-file"), "rnosuid"));
}

TEST_CASE("the identity of each mounted path is recorded for the hook") {
  const json sources = json::parse(agent().at("annotations").at("org.agentbox.sources").get<std::string>());
  CHECK(sources.at("/home/dev/project") == "1:10");
  CHECK(sources.size() == 4);
}

TEST_CASE("limits are set where their controller is delegated") {
  auto fields = sample_fields();
  fields.limits.pids = 100;
  fields.limits.memory_bytes = 1U << 30U;
  fields.limits.cpu_millis = 1500;
  const json resources = render_agent(build(fields), sample_facts()).at("linux").at("resources");
  CHECK(resources.at("pids").at("limit") == 100);
  CHECK(resources.at("memory") == json{{"limit", 1U << 30U}, {"swap", 1U << 30U}});
  CHECK(resources.at("cpu") == json{{"period", 100000}, {"quota", 150000}});
}

TEST_CASE("a limit that cannot be enforced is refused, not dropped") {
  auto facts = sample_facts();
  facts.delegated = {};
  auto fields = sample_fields();
  const json config = render_agent(build(fields), facts); // pids: RLIMIT_NPROC holds
  CHECK(config.at("linux").at("resources") == json::object());
  CHECK(rlimit(config, "RLIMIT_NPROC").at("hard") == 512);
  fields.limits.memory_bytes = 1U << 30U;
  CHECK(contains(error_of([&] { render_agent(build(fields), facts); }), "memory limit"));
  fields.limits.memory_bytes.reset();
  fields.limits.cpu_millis = 1000;
  CHECK(contains(error_of([&] { render_agent(build(fields), facts); }), "CPU limit"));
}

TEST_CASE("rlimits never ask for more than the host lets us have") {
  auto facts = sample_facts();
  facts.open_files_hard = 1000;
  facts.processes_hard = 50;
  const json config = render_agent(build(sample_fields()), facts);
  CHECK(rlimit(config, "RLIMIT_NOFILE").at("hard") == 1000);
  CHECK(rlimit(config, "RLIMIT_NPROC").at("hard") == 50);
  CHECK(rlimit(config, "RLIMIT_CORE").at("hard") == 0);
  CHECK(rlimit(agent(), "RLIMIT_NOFILE").at("hard") == 65536);
}

TEST_CASE("the environment: the user may add, but not change what the box is made of") {
  auto fields = sample_fields();
  fields.env = {{"PATH", "/opt/bin:/usr/bin"}, {"MY", "value"}};
  fields.agent.env = {{"MY", "the agent's"}, {"DISABLE_AUTOUPDATER", "1"}};
  const json config = render_agent(build(fields), sample_facts());
  CHECK(has_variable(config, "MY=value"));
  CHECK(has_variable(config, "PATH=/opt/bin:/usr/bin"));
  CHECK(has_variable(config, "DISABLE_AUTOUPDATER=1"));
  CHECK(has_variable(config, "AGENTBOX_GATE=00112233445566778899aabbccddeeff"));
  CHECK(has_variable(config, "AGENTBOX_NETWORK=filtered"));
  CHECK(has_variable(config, "AGENTBOX_PIDS=512"));
  CHECK(has_variable(config, "HOME=/home/agent"));
  CHECK(has_variable(config, "TERM=xterm-256color"));
  CHECK_FALSE(contains(firewall().at("process").at("env").dump(), "MY"));
}

TEST_CASE("a CA bundle is mounted read-only and named to the programs") {
  auto fields = sample_fields();
  fields.ca_bundle = "/etc/ssl/corp.pem";
  const json config = render_agent(build(fields), sample_facts());
  CHECK(has_option(*mount_at(config, "/etc/agentbox/ca-bundle.pem"), "ro"));
  CHECK(has_variable(config, "SSL_CERT_FILE=/etc/agentbox/ca-bundle.pem"));
  CHECK(has_variable(config, "NODE_EXTRA_CA_CERTS=/etc/agentbox/ca-bundle.pem"));
  CHECK(mount_at(agent(), "/etc/agentbox/ca-bundle.pem") == nullptr);
}

TEST_CASE("the agent's resolver is the firewall, unless the network is full") {
  CHECK(mount_at(agent(), "/etc/resolv.conf")->at("source") == "/run/user/1000/agentbox/sessions/t/resolv.conf");
  auto facts = sample_facts();
  facts.resolv_conf.reset();
  CHECK(mount_at(render_agent(build(sample_fields()), facts), "/etc/resolv.conf") == nullptr);
}

TEST_CASE("namespaces are private; those given are joined") {
  CHECK(agent().at("linux").at("namespaces").size() == 7);
  auto facts = sample_facts();
  facts.network_namespace = "/proc/7/ns/net";
  facts.user_namespace = "/proc/7/ns/user";
  const std::string text = render_agent(build(sample_fields()), facts).at("linux").at("namespaces").dump();
  CHECK(contains(text, R"({"path":"/proc/7/ns/net","type":"network"})"));
  CHECK(contains(text, R"({"path":"/proc/7/ns/user","type":"user"})"));
}

TEST_CASE("without a seccomp profile of the host there is no config") {
  auto facts = sample_facts();
  facts.seccomp_profile.clear();
  CHECK(contains(error_of([&] { render_agent(build(sample_fields()), facts); }), "seccomp"));
  CHECK(contains(error_of([&] { render_firewall(build(sample_fields()), facts); }), "seccomp"));
}

TEST_CASE("the same input gives the same bytes") {
  CHECK(config_text(agent()) == config_text(agent()));
  CHECK(config_text(agent()).back() == '\n');
}

} // namespace
} // namespace agentbox::oci
