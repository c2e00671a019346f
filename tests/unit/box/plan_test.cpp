// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "box.hpp"
#include "box/podman_argv.hpp"
#include "oci/runtime_config.hpp"
#include "policy/egress_json.hpp"
#include "policy/path_rules.hpp"
#include "support/command.hpp"

using namespace agentbox;
using namespace agentbox::box;
using namespace agentbox::boxes;
using namespace agentbox::session_test;
using Words = std::vector<std::string>;

namespace {

template <typename Wanted>
std::vector<Wanted> steps_of(const Plan& plan) {
  std::vector<Wanted> found;
  for (const Step& step : plan.steps) {
    if (const auto* one = std::get_if<Wanted>(&step)) {
      found.push_back(*one);
    }
  }
  return found;
}

std::string content_of(const Plan& plan, const std::filesystem::path& path) {
  for (const WriteFile& file : steps_of<WriteFile>(plan)) {
    if (file.path == path) {
      return file.content;
    }
  }
  FAIL("no file " + path.string());
  return {};
}

bool contains(const Words& words, const Words& part) {
  return std::search(words.begin(), words.end(), part.begin(), part.end()) != words.end();
}

} // namespace

TEST_CASE("the whole plan of a run, in order") {
  const auto wanted = fields();
  const Host host = host_of(wanted);
  const Plan plan = make_plan(policy_of(wanted), host);
  std::string order;
  for (const Step& step : plan.steps) {
    order += "FfWSXsLl"[step.index()];
  }
  // The record before anything else; the pod is made while the files are written, and the second Podman gets ready.
  CHECK(order == "WFSFFWFWWWWWWfX");
  const std::optional<Gate>& gate = std::get<Attach>(plan.steps.back()).gate;
  REQUIRE(gate);
  CHECK(gate->after == std::get<Start>(plan.steps.at(2)).what);
  CHECK(gate->fifo == host.paths.pod_name_fifo());
  CHECK(gate->text == "agentbox-project-1234\n");
  CHECK(std::get<WriteFile>(plan.steps.front()).path == host.paths.record());
  const bool stops_first = std::holds_alternative<StopFirewall>(plan.teardown.at(0));
  CHECK(stops_first);
  CHECK(std::get<Remove>(plan.teardown.at(1)).command.argv ==
        Words{"/usr/bin/podman", "pod", "rm", "--force", "--time", "0", "--ignore", "agentbox-project-1234"});
  CHECK(std::get<RemoveDirectory>(plan.teardown.at(2)).paths.directory == host.paths.directory);
}

TEST_CASE("on a host with SELinux every mounted path has its label before the agent starts") {
  auto wanted = fields();
  wanted.ca_bundle = "/home/user/ca.pem";
  Host host = host_of(wanted);
  host.oci.leash = true;
  host.oci.empty_file = host.paths.empty();
  host.oci.guarded.masked = {".env"};
  host.oci.sources[wanted.workspace.source / ".env"] = {1, 3, false};
  wanted.workspace.mask = {".env"};
  BoxLabels& labels = host.labels.emplace();
  const auto context = [](const char* text) { return selinux::parse_context(text).value(); };
  labels.contexts = {
      context("system_u:system_r:container_t:s0:c1,c2"),      context("system_u:object_r:container_file_t:s0:c1,c2"),
      context("system_u:object_r:container_file_t:s0:c1,c2"), context("system_u:system_r:container_t:s0:c3,c4"),
      context("system_u:object_r:container_file_t:s0:c3,c4"), context("system_u:object_r:container_ro_file_t:s0")};
  labels.user_paths = {{wanted.workspace.source, selinux::label_of(labels.contexts.agent_files), true}};
  host.oci.selinux = oci_labels(labels.contexts);
  host.oci.ca_copy = host.paths.ca_bundle();
  host.ca_bundle = "PEM";
  const Plan plan = make_plan(policy_of(wanted), host);

  std::map<std::string, std::string> labelled;
  std::string order;
  for (const Step& step : plan.steps) {
    order += "FfWSXsLl"[step.index()];
    if (const auto* one = std::get_if<LabelPaths>(&step)) {
      for (const selinux::Relabelling& what : one->paths) {
        labelled[what.path.string()] = to_text(what.label);
      }
    }
  }
  CHECK(order == "WFlSFFlWFWWWLWWWWWlllfX"); // run/ before anything is made in it
  CHECK(labelled == std::map<std::string, std::string>{{host.paths.egress(), "container_ro_file_t:s0"},
                                                       {host.paths.box(), "container_ro_file_t:s0"},
                                                       {host.paths.box_file(), "container_ro_file_t:s0"},
                                                       {host.paths.hosts(), "container_ro_file_t:s0"},
                                                       {host.paths.resolv_conf(), "container_ro_file_t:s0"},
                                                       {host.paths.empty(), "container_ro_file_t:s0"},
                                                       {host.paths.ca_bundle(), "container_ro_file_t:s0"},
                                                       {host.paths.run(), "container_file_t:s0:c3,c4"},
                                                       {host.audit, "container_file_t:s0:c3,c4"},
                                                       {wanted.workspace.source, "container_file_t:s0:c1,c2"}});
  // Each path that is mounted from the host is one of them, or in one of them.
  const auto agent = nlohmann::json::parse(content_of(plan, host.paths.agent_config()));
  const auto firewall = nlohmann::json::parse(content_of(plan, host.paths.firewall_config()));
  for (const auto& config : {agent, firewall}) {
    for (const auto& mount : config.at("mounts")) {
      const auto source = mount.at("source").get<std::string>();
      const bool found = std::any_of(labelled.begin(), labelled.end(),
                                     [&](const auto& one) { return policy::contains_path(one.first, source); });
      INFO(source);
      CHECK((mount.at("type") != "bind" || found));
    }
  }
  CHECK(content_of(plan, host.paths.ca_bundle()) == "PEM");
  CHECK(agent.at("process").at("selinuxLabel") == "system_u:system_r:container_t:s0:c1,c2");
  CHECK(agent.at("linux").at("mountLabel") == "system_u:object_r:container_file_t:s0:c1,c2");
  CHECK(firewall.at("process").at("selinuxLabel") == "system_u:system_r:container_t:s0:c3,c4");
  CHECK(contains(pod_create_arguments(wanted, host), {"--security-opt", "label=level:s0:c3,c4"}));
  CHECK(contains(agent_run_arguments(wanted, host), {"--security-opt", "label=level:s0:c1,c2"}));
  const auto record = record_from_json(content_of(plan, host.paths.record()));
  REQUIRE(record);
  CHECK(record->level == "s0:c1,c2");
  CHECK(record->labelled == Words{"/home/user/project"});
}

TEST_CASE("the pod's argv") {
  const auto wanted = fields();
  const Host host = host_of(wanted);
  CHECK(pod_create_arguments(wanted, host) ==
        Words{"pod",
              "create",
              "--name",
              "agentbox-project-1234",
              "--infra-name",
              "agentbox-project-1234-firewall",
              "--pod-id-file",
              host.paths.pod_id().string(),
              "--infra-image",
              host.images.firewall,
              "--infra-command",
              "/agentbox-firewall serve --box project-1234 --nonce 00112233445566778899aabbccddeeff --driver nftables",
              "--userns",
              "keep-id:uid=1000,gid=1000",
              "--share",
              "net",
              "--network",
              "slirp4netns:allow_host_loopback=false",
              "--exit-policy",
              "continue",
              "--label",
              "org.agentbox.box=project-1234"});
}

TEST_CASE("the agent's argv") {
  auto wanted = fields();
  wanted.run.command = {"sh", "-c", "echo 'a b'"};
  const Host host = host_of(wanted);
  const Words words = agent_run_arguments(wanted, host);
  CHECK(contains(words, {"--hooks-dir", host.paths.hooks().string(), "run", "-i", "--pod-id-file",
                         host.paths.pod_name_fifo().string(), "--name", "agentbox-project-1234-agent"}));
  CHECK(contains(words, {"--user", "1000:1000", "--workdir", "/workspace", "--entrypoint",
                         R"(["/usr/local/bin/agent-entrypoint"])", "--annotation", "org.agentbox.role=agent"}));
  for (const char* word : {"--cap-drop", "no-new-privileges", "--no-healthcheck", "--http-proxy=false",
                           "--env-host=false", "--systemd=false", "--passwd=false"}) {
    CHECK(contains(words, {word}));
  }
  CHECK(contains(words, {"--image-volume", "ignore"}));
  CHECK(contains(words, {"--pull", "never"}));
  CHECK(contains(words, {"--detach-keys", ""}));
  CHECK(contains(words, {host.images.agent, "exec", "sh", "-c", "echo 'a b'"}));
  CHECK(words.back() == "echo 'a b'");
}

TEST_CASE("flags follow the host") {
  auto wanted = fields();
  wanted.ports = {{"127.0.0.1", 8080, 80}};
  wanted.limits.memory_bytes = 1U << 30U;
  wanted.limits.cpu_millis = 1500;
  Host host = host_of(wanted);
  SECTION("nothing is delegated") {
    host.oci.delegated = {};
    const Words words = agent_run_arguments(wanted, host);
    CHECK_FALSE(contains(words, {"--pids-limit"}));
    CHECK_FALSE(contains(words, {"--memory"}));
    CHECK_FALSE(contains(words, {"--cpus"}));
  }
  SECTION("everything is delegated") {
    host.oci.delegated = {true, true, true};
    const Words words = agent_run_arguments(wanted, host);
    CHECK(contains(words, {"--pids-limit", "512", "--memory", "1073741824", "--cpus", "1.500"}));
  }
  SECTION("pasta") {
    host.facts.network_program = "pasta";
    CHECK(contains(pod_create_arguments(wanted, host), {"--network", "pasta"}));
    host.facts.maps_loopback = true;
    CHECK(contains(pod_create_arguments(wanted, host), {"--network", "pasta:--map-host-loopback,169.254.1.3"}));
    wanted.egress.mode = policy::NetworkMode::full;
    CHECK(contains(pod_create_arguments(wanted, host), {"--network", "pasta"}));
  }
  SECTION("a port of the host, with pasta") {
    wanted.egress.host_ports = {8080};
    host.facts.network_program = "pasta";
    CHECK(contains(pod_create_arguments(wanted, host), {"--network", "pasta:--map-gw"}));
    host.facts.maps_loopback = host.oci.maps_loopback = true; // which then maps no gateway
    const Words words = pod_create_arguments(wanted, host);
    CHECK(contains(words, {"--network", "pasta:--map-host-loopback,169.254.1.3"}));
    CHECK(std::any_of(words.begin(), words.end(),
                      [](const auto& word) { return word.find("--host 169.254.1.3") != std::string::npos; }));
    host.oci.delegated = {true, true, true};
    CHECK(make_plan(policy_of(wanted), host).host_address == "169.254.1.3");
  }
  SECTION("a terminal") {
    host.oci.terminal = true;
    CHECK(contains(agent_run_arguments(wanted, host), {"run", "-it"}));
  }
  CHECK(contains(pod_create_arguments(wanted, host), {"-p", "127.0.0.1:8080:80"}));
}

TEST_CASE("the host's name servers are written before the firewall starts, if it uses them") {
  auto wanted = fields();
  Host host = host_of(wanted);
  host.name_servers = "nameserver 192.0.2.1\n";
  const auto written = [&] {
    for (const auto& file : steps_of<WriteFile>(make_plan(policy_of(wanted), host))) {
      if (file.path == host.paths.host_resolv_conf()) {
        return file.content;
      }
    }
    return std::string();
  };
  CHECK(written() == host.name_servers);
  wanted.egress.mode = policy::NetworkMode::full;
  CHECK(written().empty());
}

TEST_CASE("no credential and no variable of the box is in an argv") {
  auto wanted = fields();
  wanted.env["API_KEY"] = "s3cr3t-value";
  const Plan plan = make_plan(policy_of(wanted), host_of(wanted));
  for (const Words& argv : {steps_of<Start>(plan).at(0).command.argv, steps_of<Attach>(plan).at(0).command.argv}) {
    const std::string line = support::shell_quote(argv);
    CHECK(line.find("s3cr3t-value") == std::string::npos);
    CHECK(line.find("API_KEY") == std::string::npos);
  }
  for (const auto& file : steps_of<WriteFile>(plan)) {
    CHECK(file.content.find("s3cr3t-value") == std::string::npos);
  }
  CHECK(content_of(plan, plan.paths.agent_config()).find("API_KEY=(not shown)") != std::string::npos);
  const auto handed = steps_of<ServeFifo>(plan);
  REQUIRE(handed.size() == 1);
  CHECK(handed[0].fifo == plan.paths.agent_env());
  CHECK(handed[0].content == R"({"API_KEY":"s3cr3t-value"})");
  CHECK(steps_of<ServeFifo>(make_plan(policy_of(fields()), host_of(fields()))).empty());
}

TEST_CASE("a hostile variable of the caller's reaches none of the commands") {
  const auto wanted = fields();
  const Plan plan = make_plan(policy_of(wanted), host_of(wanted));
  const std::map<std::string, std::string> expected = {
      {"HOME", "/home/user"}, {"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"}};
  CHECK(steps_of<Start>(plan).at(0).command.env == expected);
  CHECK(steps_of<Attach>(plan).at(0).command.env == expected);
  CHECK(std::get<Remove>(plan.teardown.at(1)).command.env == expected);
}

TEST_CASE("the session's files are what the renderers return") {
  const auto wanted = fields();
  const policy::Policy policy = policy_of(wanted);
  const Host host = host_of(wanted);
  const Plan plan = make_plan(policy, host);
  CHECK(content_of(plan, plan.paths.agent_config()) == oci::config_text(oci::render_agent(policy, host.oci)));
  CHECK(content_of(plan, plan.paths.firewall_config()) == oci::config_text(oci::render_firewall(policy, host.oci)));
  CHECK(content_of(plan, plan.paths.egress()) == policy::to_json(wanted.egress));
  CHECK(content_of(plan, plan.paths.resolv_conf()) == "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n");
  const auto hook = nlohmann::json::parse(content_of(plan, plan.paths.hook_file()));
  CHECK(hook.at("hook").at("path") == "/usr/libexec/agentbox/agentbox-hook");
  CHECK(hook.at("hook").at("args") == Words{"/usr/libexec/agentbox/agentbox-hook", host.paths.directory.string()});
  CHECK(hook.at("stages") == Words{"precreate"});
  CHECK(hook.at("when").at("always") == true);
  for (const WriteFile& file : steps_of<WriteFile>(plan)) {
    const bool public_in_box =
        file.path == plan.paths.hosts() || file.path == plan.paths.resolv_conf() || file.path == plan.paths.box_file();
    CHECK(file.mode == (public_in_box ? 0644 : 0600));
  }
}

TEST_CASE("under --full-network the box has the host's resolver") {
  auto wanted = fields();
  wanted.egress.mode = policy::NetworkMode::full;
  Host host = host_of(wanted);
  host.oci.resolv_conf.reset();
  const Plan plan = make_plan(policy_of(wanted), host);
  for (const WriteFile& file : steps_of<WriteFile>(plan)) {
    CHECK(file.path != plan.paths.resolv_conf());
  }
}

TEST_CASE("a process that joins a box goes through agent-entrypoint") {
  CHECK(exec_arguments("b", {"ls", "-l"}, true) == Words{"exec", "-it", "--detach-keys", "", "--user", "1000:1000",
                                                         "agentbox-b-agent", "/usr/local/bin/agent-entrypoint", "join",
                                                         "ls", "-l"});
  CHECK(exec_arguments("b", {"ls"}, false).at(1) == "-i");
}
