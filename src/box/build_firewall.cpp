// SPDX-License-Identifier: Apache-2.0
#include "box/build_firewall.hpp"

#include <ctime>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <utility>

#include "box/executor.hpp"
#include "box/host_resolver.hpp"
#include "box/leash.hpp"
#include "box/plan.hpp"
#include "box/podman_argv.hpp"
#include "box/probe.hpp"
#include "boxes/registry.hpp"
#include "config/load.hpp"
#include "network/notice.hpp"
#include "network/tail.hpp"
#include "oci/hook/readiness.hpp"
#include "oci/runtime_config.hpp"
#include "oci/seccomp/derive.hpp"
#include "podman/podman_environment.hpp"
#include "policy/egress_json.hpp"
#include "protocol/protocol.hpp"
#include "support/file.hpp"
#include "support/numbers.hpp"
#include "support/pidfd.hpp"
#include "support/signals.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

constexpr const char* k_name = "image-build";

/// Returns the HTTP proxy that the usual variables name. Throws Error(usage) for one that the firewall cannot use.
std::optional<policy::UpstreamProxy> proxy_in(const std::map<std::string, std::string>& environment) {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"}) {
    const auto variable = environment.find(name);
    if (variable == environment.end() || variable->second.empty()) {
      continue;
    }
    std::string value = variable->second;
    for (const std::string_view loopback : {"127.0.0.1:", "localhost:", "[::1]:"}) {
      const std::size_t host = value.find("://") == std::string::npos ? 0 : value.find("://") + 3;
      if (value.compare(host, loopback.size(), loopback) == 0) {
        value.replace(host, loopback.size() - 1, policy::k_host_alias);
      }
    }
    auto result = policy::parse_upstream_proxy(value);
    if (const auto* problem = std::get_if<policy::EntryProblem>(&result)) {
      throw Error(ExitCode::usage, std::string("the build's firewall cannot use ") + name + ": " + problem->message,
                  problem->hint + "; agentbox build --full-network builds without the firewall");
    }
    return std::get<policy::UpstreamProxy>(std::move(result));
  }
  return std::nullopt;
}

policy::EgressPolicy egress_of(const BuildNetwork& network, const std::vector<policy::AllowEntry>& official,
                               const std::vector<policy::AllowEntry>& own) {
  policy::EgressPolicy egress;
  egress.virtual_range = network.egress.virtual_range;
  egress.block = network.egress.block;
  egress.upstream_proxy =
      network.egress.upstream_proxy ? network.egress.upstream_proxy : proxy_in(podman::caller_environment());
  for (const policy::AllowEntry& entry : official) {
    policy::add_entry(entry, egress);
  }
  for (const auto* list : {&own, &network.allow_hosts}) {
    for (const policy::AllowEntry& entry : *list) {
      if (const auto* host = std::get_if<policy::HostEntry>(&entry)) {
        egress.allow_private.push_back(host->pattern);
      }
      policy::add_entry(entry, egress);
    }
  }
  support::sort_unique(egress.allow);
  support::sort_unique(egress.allow_private);
  support::sort_unique(egress.allow_addresses);
  support::sort_unique(egress.host_ports);
  return egress;
}

policy::Policy policy_of(const fs::path& directory, policy::FirewallDriver driver, policy::EgressPolicy egress) {
  policy::PolicyFields fields = policy::default_fields();
  fields.name = k_name;
  fields.workspace.source = directory;
  fields.firewall_driver = driver;
  fields.egress = std::move(egress);
  policy::PolicyResult result = policy::build_policy(std::move(fields));
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&result)) {
    throw Error(ExitCode::usage, config::describe(*mistakes));
  }
  return std::get<policy::Policy>(std::move(result));
}

class BuildFirewall {
public:
  BuildFirewall(const podman::Podman& podman, const podman::PodmanInfo& info, const podman::Installation& installation,
                const std::string& image, const policy::Policy& policy)
      : m_podman(podman), m_paths(boxes::session_paths(k_name)), m_claim(claim(podman, policy)),
        m_denied(boxes::audit_directory(), k_name, network::Watching::by_polling) {
    try {
      start(info, installation, image, policy);
    } catch (...) {
      end();
      throw;
    }
  }
  BuildFirewall(const BuildFirewall&) = delete;
  BuildFirewall& operator=(const BuildFirewall&) = delete;
  BuildFirewall(BuildFirewall&&) = delete;
  BuildFirewall& operator=(BuildFirewall&&) = delete;
  ~BuildFirewall() { end(); }

  const std::string& nonce() const noexcept { return m_nonce; }
  std::string name_space() const { return fmt::format("ns:/proc/{}/ns/net", m_pid); }

  std::vector<std::string> denied() {
    std::vector<firewall::audit::AuditRecord> records;
    do {
      const auto more = m_denied.read_new();
      records.insert(records.end(), more.begin(), more.end());
    } while (m_denied.more());
    std::vector<std::string> lines;
    for (const network::Denied& one : network::denied(records)) {
      constexpr std::size_t k_max_lines = 5;
      if (lines.size() == k_max_lines) {
        lines.push_back(fmt::format("denied while building: more; see: agentbox network denied --box {}", k_name));
        break;
      }
      const std::string& entry = one.notice.entry;
      lines.push_back(fmt::format("denied while building: {} ({}){}", one.notice.what, one.notice.why,
                                  entry.empty() ? ""
                                                : " - allow it with: [build] allow_hosts = [\"" + entry + "\"] in " +
                                                      (support::config_directory() / "config.toml").string()));
    }
    return lines;
  }

private:
  static boxes::Claim claim(const podman::Podman& podman, const policy::Policy& policy) {
    boxes::require_runtime_directory();
    sweep(podman, k_name);
    const oci::FileIdentity directory = identity_of(policy.fields().workspace.source);
    return boxes::claim_session(k_name, {directory.device, directory.inode, false});
  }

  void start(const podman::PodmanInfo& info, const podman::Installation& installation, const std::string& image,
             const policy::Policy& policy) {
    const HostResolver resolver(m_paths.host_resolv_conf(), loopback_resolver(info));
    Host host{m_podman,     info,
              installation, probe_host(policy.fields(), info, m_paths, {}, MissingPaths::skip),
              m_paths,      boxes::audit_directory(),
              {"", image},  std::time(nullptr),
              getpid(),     resolver.at_start()};
    host.oci.leash = true;
    if (const auto selinux = info.selinux ? selinux::host_selinux() : std::nullopt) { // the build sees no workspace
      host.labels.emplace().contexts = selinux::box_contexts(selinux->contexts, selinux->levels, geteuid(), k_name);
      host.oci.selinux = oci_labels(host.labels->contexts);
    }
    m_nonce = host.oci.nonce;
    policy::PolicyFields fields = policy.fields();
    fields.user.uid = fields.user.gid = 0;
    write_files(policy, host);
    m_leash.emplace(m_paths.leash());
    m_podman.capture(pod_create_arguments(fields, host));
    try {
      m_podman.capture({"--hooks-dir", m_paths.hooks().string(), "pod", "start", boxes::pod_name(k_name)});
    } catch (const Error& error) {
      const std::string why = support::read_file_if_exists(m_paths.hook_error(), 8192).value_or("");
      throw Error(ExitCode::refused,
                  "the build's firewall cannot start: " +
                      (why.empty() ? error.what() : support::escape_untrusted(why, 1000)),
                  error.hint());
    }
    const std::string pid =
        m_podman.capture({"container", "inspect", "--format", "{{.State.Pid}}", boxes::firewall_container(k_name)});
    m_pid = support::parse_number<pid_t>(pid.substr(0, pid.find('\n'))).value_or(0);
    const support::Fd process = support::open_pidfd(m_pid);
    oci::hook::wait_until_ready(oci::hook::SessionDirectory(m_paths.directory), m_nonce, process,
                                std::chrono::seconds(10));
    support::write_file(m_paths.firewall_pid(), std::to_string(m_pid) + "\n");
  }

  void write_files(const policy::Policy& policy, const Host& host) {
    nlohmann::json config = oci::render_firewall(policy, host.oci);
    config["process"]["user"]["uid"] = config["process"]["user"]["gid"] = 0; // maps to the user, like uid 1000 in boxes
    auto& namespaces = config["linux"]["namespaces"];
    std::erase_if(namespaces.get_ref<nlohmann::json::array_t&>(),
                  [](const nlohmann::json& entry) { return entry.at("type") == "user"; });
    boxes::SessionRecord record;
    record.name = k_name;
    record.pod = boxes::pod_name(k_name);
    record.workspace = policy.fields().workspace.source.string();
    record.command = "podman build";
    record.pid = host.launcher;
    record.started = host.started;
    record.firewall_image = host.images.firewall;
    support::write_file(m_paths.record(), boxes::to_json(record));
    support::make_private_directory(host.audit);
    support::make_private_directory(m_paths.hooks());
    support::make_private_directory(m_paths.run());
    if (host.labels) {
      const selinux::Label ours = selinux::label_of(host.labels->contexts.firewall_files);
      apply_labels({{host.audit, ours, true}, {m_paths.run(), ours}}, host.labels->contexts.firewall, false,
                   *selinux::host_file_labels());
    }
    support::write_file(m_paths.hook_file(), hook_file(host.installation, m_paths));
    support::write_file(m_paths.egress(), policy::to_json(policy.fields().egress));
    support::write_file(m_paths.host_resolv_conf(), host.name_servers);
    support::write_file(m_paths.firewall_config(), oci::config_text(config));
    if (host.labels) {
      apply_labels({{m_paths.egress(), selinux::label_of(host.labels->contexts.read_only)}},
                   host.labels->contexts.firewall, false, *selinux::host_file_labels());
    }
  }

  void end() noexcept {
    m_leash.reset();
    const support::CleanUp cleaning_up;
    for (const std::string& problem : tear_down(make_teardown(k_name, m_paths, m_podman), m_claim)) {
      spdlog::error("{}", problem);
    }
  }

  const podman::Podman& m_podman;
  boxes::SessionPaths m_paths;
  boxes::Claim m_claim;
  network::Tail m_denied;
  std::optional<Leash> m_leash;
  std::string m_nonce;
  pid_t m_pid = 0;
};

/// Returns the filter for a base image's programs, as Podman's `--security-opt seccomp=` takes it.
std::string seccomp_filter(const podman::PodmanInfo& info) {
  constexpr std::size_t k_max_profile = 1U << 20U;
  std::vector<std::string> capabilities;
  capabilities.reserve(std::size(protocol::k_build_capabilities));
  for (const protocol::NumberedCapability& capability : protocol::k_build_capabilities) {
    capabilities.emplace_back(capability.name);
  }
  const std::string path =
      info.seccomp_profile.empty() ? oci::HostFacts().seccomp_profile_path : info.seccomp_profile.string();
  return oci::seccomp::derive(support::read_file_if_exists(path, k_max_profile).value_or(""), oci::seccomp::Box::build,
                              oci::seccomp::native_arch(), capabilities, path)
      .dump();
}

} // namespace

image::MakeBuildConfinement make_build_confinement(const podman::Podman& podman, const podman::PodmanInfo& info,
                                                   const podman::Installation& installation,
                                                   const std::string& firewall_image, BuildNetwork network) {
  return [podman, info, installation, firewall_image,
          network = std::move(network)](const fs::path& directory, const auto& official, const auto& own) {
    image::BuildConfinement confinement{
        directory / "seccomp.json", {}, protocol::k_full, "/dev/agentbox-" + make_nonce(), [] {
          return std::vector<std::string>();
        }};
    support::write_file(confinement.seccomp, seccomp_filter(info));
    if (!network.full) {
      const policy::Policy policy = policy_of(directory, network.driver, egress_of(network, official, own));
      const auto firewall = std::make_shared<BuildFirewall>(podman, info, installation, firewall_image, policy);
      confinement.network = firewall->name_space();
      confinement.gate = firewall->nonce();
      confinement.denied = [firewall] { return firewall->denied(); };
    }
    return confinement;
  };
}

} // namespace agentbox::box
