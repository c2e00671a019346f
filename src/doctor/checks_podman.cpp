// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "doctor/checks.hpp"
#include "doctor/remedy.hpp"
#include "support/text.hpp"

namespace agentbox::doctor {
namespace {

/// The first version that can use pasta.
constexpr podman::Version k_first_with_pasta{4, 4, 0};
/// The first version that uses pasta by default.
constexpr podman::Version k_pasta_is_default{5, 0, 0};

/// With less free space an image build may fail. Base, toolkits and two agents take about 1.5 GiB, twice while
/// building.
constexpr std::uint64_t k_disk_wanted = 5ULL << 30U;
constexpr std::uint64_t k_idle_images = 5ULL << 30U;

double gibibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / static_cast<double>(1ULL << 30U);
}

} // namespace

Answer check_podman(const HostReport& report) {
  const PodmanReport& podman = report.podman;
  if (podman.path.empty()) {
    return missing("not installed", install_command(report.distro, Package::podman));
  }
  if (podman.version && *podman.version < podman::k_oldest_podman) {
    return missing(
        fmt::format("{} is too old; {}.{} or newer is needed", podman.version->text(), podman::k_oldest_podman.major,
                    podman::k_oldest_podman.minor),
        "upgrade to a release of this distribution that has it (Debian 12, Ubuntu 24.04, Fedora 37 or newer)");
  }
  if (podman.silent) {
    return {Status::unknown, podman.error, podman.error_hint};
  }
  if (!podman.error.empty()) {
    return missing(podman.error, podman.error_hint.empty() ? "podman info" : podman.error_hint);
  }
  return ok(fmt::format("{} ({})", podman.version ? podman.version->text() : "version unknown", podman.path));
}

Answer check_oci_runtime(const HostReport& report) {
  const std::string& name = report.podman.facts->oci_runtime;
  const std::string version =
      report.podman.runtime_version.empty() ? ", version unknown" : " " + report.podman.runtime_version;
  if (name == "crun") {
    return ok("crun" + version);
  }
  const std::string remedy = install_command(report.distro, Package::crun) +
                             R"( && printf '[engine]\nruntime = "crun"\n' >> ~/.config/containers/containers.conf)";
  if (name == "runc") {
    return degraded(fmt::format("runc{}; agentbox is tested with crun", version), remedy);
  }
  return missing(fmt::format("\"{}\" is not known to enforce the whole contract", support::escape_untrusted(name)),
                 remedy);
}

Answer check_network_program(const HostReport& report) {
  if (report.podman.path.empty()) {
    return not_applicable("Podman is not installed");
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
    return ok(fmt::format("pasta ({})", report.pasta));
  }
  if (program == "slirp4netns" && !report.slirp4netns.empty()) {
    return ok(fmt::format("slirp4netns ({})", report.slirp4netns));
  }
  const bool wants_pasta = program == "pasta" || (program.empty() && version >= k_pasta_is_default);
  return missing(fmt::format("{} is not installed", wants_pasta ? "pasta" : "slirp4netns"),
                 install_command(report.distro, wants_pasta ? Package::pasta : Package::slirp4netns));
}

Answer check_tun(const HostReport& report) {
  if (!report.tun_present) {
    return missing("missing; the rootless network needs it",
                   "sudo modprobe tun && echo tun | sudo tee /etc/modules-load.d/tun.conf");
  }
  if (!report.tun_usable) {
    return missing("you are not allowed to open it for reading and writing", "sudo chmod 666 /dev/net/tun");
  }
  return ok("accessible");
}

Answer check_storage(const HostReport& report) {
  const std::string& driver = report.podman.facts->graph_driver;
  if (driver == "overlay") {
    return ok(report.podman.facts->native_overlay ? "overlay (kernel)" : "overlay (fuse-overlayfs)");
  }
  const std::string remedy = "podman system reset && mkdir -p ~/.config/containers && "
                             "printf '[storage]\\ndriver = \"overlay\"\\n' > ~/.config/containers/storage.conf"
                             "   (reset deletes all your images and containers)";
  return degraded(driver == "vfs"
                      ? "vfs copies the whole image for each box: a start takes seconds"
                      : fmt::format("{}; agentbox is tested with overlay", support::escape_untrusted(driver)),
                  remedy);
}

Answer check_disk(const HostReport& report) {
  const std::string detail =
      fmt::format("{:.1f} GiB at {}", gibibytes(report.disk_free), report.podman.facts->graph_root.string());
  if (report.disk_free < k_disk_wanted) {
    return degraded(fmt::format("{}; building an image needs up to {:.0f} GiB", detail, gibibytes(k_disk_wanted)),
                    "agentbox images prune   (podman image prune: untagged images of others)");
  }
  if (report.idle_images > k_idle_images) {
    return degraded(
        fmt::format("{}; agentbox's images that no box uses take {:.1f} GiB, shared layers counted each time", detail,
                    gibibytes(report.idle_images)),
        "agentbox images prune --dry-run");
  }
  return ok(detail);
}

Answer check_installation(const HostReport& report) {
  if (report.installation.empty()) {
    return missing(
        report.installation_problem.empty() ? "unknown" : report.installation_problem,
        "reinstall it (source tree: ./dev build; package: " + install_command(report.distro, Package::agentbox) + ")");
  }
  return ok(report.installation);
}

Answer check_mmdebstrap(const HostReport& report) {
  if (report.mmdebstrap.empty()) {
    return not_applicable("optional; lets agentbox build the default base image without a registry");
  }
  return ok(report.mmdebstrap);
}

Answer check_box(const HostReport& report) {
  switch (report.box.state) {
  case BoxTrial::State::skipped: break;
  case BoxTrial::State::no_images: return not_applicable("not tried: the images are not built yet (agentbox build)");
  case BoxTrial::State::started:
    return ok(fmt::format("started, ran a command and was removed in {:.1f} s",
                          static_cast<double>(report.box.milliseconds) / 1000));
  case BoxTrial::State::failed: return missing(report.box.error, report.box.hint);
  }
  return not_applicable("not tried");
}

} // namespace agentbox::doctor
