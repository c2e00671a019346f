// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "doctor/checks.hpp"
#include "doctor/remedy.hpp"
#include "support/text.hpp"

namespace agentbox::doctor {
namespace {

/// Podman learned to call pasta in 4.4.
constexpr podman::Version k_first_with_pasta{4, 4, 0};
/// Podman calls pasta unless told otherwise from 5.0 on.
constexpr podman::Version k_pasta_is_default{5, 0, 0};

const char* k_no_podman = "Podman is not here";

double gibibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / static_cast<double>(1ULL << 30U);
}

} // namespace

CheckResult check_podman(const HostReport& report) {
  const Line line{"podman", "Podman"};
  const PodmanReport& podman = report.podman;
  if (podman.path.empty()) {
    return missing(line, "not installed", install_command(report.distro, Package::podman));
  }
  if (podman.version && *podman.version < podman::k_oldest_podman) {
    return missing(
        line,
        fmt::format("{} is too old; {}.{} or newer is needed", podman.version->text(), podman::k_oldest_podman.major,
                    podman::k_oldest_podman.minor),
        "upgrade to a release of this distribution that has it (Debian 12, Ubuntu 24.04, Fedora 37 or newer)");
  }
  if (podman.silent) {
    return unknown(line, podman.error, podman.error_hint);
  }
  if (!podman.error.empty()) {
    return missing(line, podman.error, podman.error_hint.empty() ? "podman info" : podman.error_hint);
  }
  return ok(line, fmt::format("{} ({})", podman.version ? podman.version->text() : "version unknown", podman.path));
}

CheckResult check_oci_runtime(const HostReport& report) {
  const Line line{"oci_runtime", "OCI runtime"};
  if (report.podman.path.empty()) {
    return not_applicable(line, k_no_podman);
  }
  if (!report.podman.facts) {
    return report.uid == 0 ? asked_as_root(line) : not_applicable(line, "podman info failed, see above");
  }
  const std::string& name = report.podman.facts->oci_runtime;
  const std::string version =
      report.podman.runtime_version.empty() ? ", version unknown" : " " + report.podman.runtime_version;
  if (name == "crun") {
    return ok(line, "crun" + version);
  }
  const std::string remedy = install_command(report.distro, Package::crun) +
                             R"( && printf '[engine]\nruntime = "crun"\n' >> ~/.config/containers/containers.conf)";
  if (name == "runc") {
    return degraded(line, fmt::format("runc{}; agentbox is tested with crun", version), remedy);
  }
  return missing(
      line, fmt::format("\"{}\" is not known to enforce the whole contract", support::escape_untrusted(name)), remedy);
}

CheckResult check_network_program(const HostReport& report) {
  const Line line{"network_program", "Rootless network"};
  if (report.podman.path.empty()) {
    return not_applicable(line, k_no_podman);
  }
  const podman::Version version = report.podman.version.value_or(podman::k_oldest_podman);
  std::string program;
  if (report.podman.facts) {
    program = report.podman.facts->network_program;
  } else if (version >= k_first_with_pasta && !report.pasta.empty()) {
    program = "pasta";
  } else if (!report.slirp4netns.empty()) {
    program = "slirp4netns";
  }
  if (program == "pasta" && !report.pasta.empty()) {
    return ok(line, fmt::format("pasta ({})", report.pasta));
  }
  if (program == "slirp4netns" && !report.slirp4netns.empty()) {
    return ok(line, fmt::format("slirp4netns ({})", report.slirp4netns));
  }
  const bool wants_pasta = program == "pasta" || (program.empty() && version >= k_pasta_is_default);
  return missing(line, fmt::format("{} is not installed", wants_pasta ? "pasta" : "slirp4netns"),
                 install_command(report.distro, wants_pasta ? Package::pasta : Package::slirp4netns));
}

CheckResult check_tun(const HostReport& report) {
  const Line line{"tun", "/dev/net/tun"};
  if (!report.tun_present) {
    return missing(line, "not there; the rootless network needs it",
                   "sudo modprobe tun && echo tun | sudo tee /etc/modules-load.d/tun.conf");
  }
  if (!report.tun_usable) {
    return missing(line, "you may not open it for reading and writing", "sudo chmod 666 /dev/net/tun");
  }
  return ok(line, "opens");
}

CheckResult check_storage(const HostReport& report) {
  const Line line{"storage", "Storage driver"};
  if (!report.podman.facts) {
    return report.uid == 0 ? asked_as_root(line) : not_applicable(line, "podman info did not answer");
  }
  const std::string& driver = report.podman.facts->graph_driver;
  if (driver == "overlay") {
    return ok(line, report.podman.facts->native_overlay ? "overlay (kernel)" : "overlay (fuse-overlayfs)");
  }
  const std::string remedy = "podman system reset && mkdir -p ~/.config/containers && "
                             "printf '[storage]\\ndriver = \"overlay\"\\n' > ~/.config/containers/storage.conf"
                             "   (reset deletes all images and containers of yours)";
  return degraded(line,
                  driver == "vfs"
                      ? "vfs copies the whole image for every box: starts take seconds, not tenths"
                      : fmt::format("{}; agentbox is tested with overlay", support::escape_untrusted(driver)),
                  remedy);
}

CheckResult check_disk(const HostReport& report) {
  const Line line{"disk", "Free disk"};
  if (!report.podman.facts) {
    return report.uid == 0 ? asked_as_root(line) : not_applicable(line, "podman info did not answer");
  }
  const std::string detail =
      fmt::format("{:.1f} GiB at {}", gibibytes(report.disk_free), report.podman.facts->graph_root.string());
  if (report.disk_free < k_disk_wanted) {
    return degraded(line, fmt::format("{}; building an image wants {:.0f} GiB", detail, gibibytes(k_disk_wanted)),
                    "podman image prune   (removes images that no tag names)");
  }
  return ok(line, detail);
}

CheckResult check_installation(const HostReport& report) {
  const Line line{"installation", "agentbox's files"};
  if (!report.missing_files.empty() || report.installation.empty()) {
    return missing(line, "not there: " + support::join(report.missing_files, ", "),
                   "build or install it anew (source tree: ./dev build; package: " +
                       install_command(report.distro, Package::agentbox) + ")");
  }
  return ok(line, report.installation);
}

CheckResult check_mmdebstrap(const HostReport& report) {
  const Line line{"mmdebstrap", "mmdebstrap"};
  if (report.mmdebstrap.empty()) {
    return degraded(line, "not installed; only used where the base image cannot be pulled from a registry",
                    install_command(report.distro, Package::mmdebstrap));
  }
  return ok(line, report.mmdebstrap);
}

} // namespace agentbox::doctor
