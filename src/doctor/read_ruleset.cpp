// SPDX-License-Identifier: Apache-2.0
// Tests whether this kernel accepts the firewall's ruleset: lists of modules do not prove that.
#include <filesystem>
#include <unistd.h>

#include "doctor/read_host.hpp"
#include "podman/installation.hpp"
#include "podman/podman.hpp"
#include "policy/egress_json.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::doctor {
namespace fs = std::filesystem;
namespace {

constexpr support::CaptureLimits k_quick{64U << 10U, std::chrono::seconds(20)};

/// A file that the destructor removes.
class TemporaryFile {
public:
  TemporaryFile(fs::path path, const std::string& content) : m_path(std::move(path)) {
    support::make_private_directory(m_path.parent_path());
    support::write_file(m_path, content);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { unlink(m_path.c_str()); }

  const fs::path& path() const { return m_path; }

private:
  fs::path m_path;
};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// Loads the ruleset in Podman's user namespace, as a box's firewall does, and in a new network namespace, which ends
/// with the command.
RulesetTrial try_driver(policy::FirewallDriver driver, const std::string& unshare, const fs::path& policy) {
  const support::Captured result =
      support::capture(podman::Podman::find().command(
                           {"unshare", unshare, "--net", podman::find_installation().firewall().string(), "lock",
                            "--policy", policy.string(), "--driver", std::string(policy::driver_text(driver)), "--run",
                            policy.parent_path().string()}),
                       {}, k_quick);
  return {true, result.status.ok() ? "" : first_line(result.err.empty() ? "no message" : result.err)};
}

} // namespace

void read_ruleset(HostReport& report) {
  const auto unshare = support::find_program("unshare");
  if (report.uid == 0 || !report.podman.facts || !unshare || report.installation.empty()) {
    return;
  }
  try {
    const std::string name = "doctor-" + std::to_string(getpid()) + ".json";
    const TemporaryFile policy(support::runtime_directory() / name, policy::to_json(policy::EgressPolicy{}));
    report.ruleset = try_driver(policy::FirewallDriver::nftables, *unshare, policy.path());
    if (!report.ruleset.error.empty()) {
      report.iptables_ruleset = try_driver(policy::FirewallDriver::iptables, *unshare, policy.path());
    }
  } catch (const support::Error&) { // the file cannot be written, or a timeout: another check reports why
    return;
  }
}

} // namespace agentbox::doctor
