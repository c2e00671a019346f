// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor/parse.hpp"
#include "doctor/read_host.hpp"
#include "podman/installation.hpp"
#include "podman/landlock.hpp"
#include "podman/podman.hpp"
#include "protocol/protocol.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::doctor {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_max_output = 16U << 20U;

std::uint64_t free_bytes(fs::path directory) {
  struct statvfs info {};
  while (statvfs(directory.c_str(), &info) != 0) { // the store is made on first use
    if (directory == directory.parent_path()) {
      return 0;
    }
    directory = directory.parent_path();
  }
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

void note_error(PodmanReport& report, const support::Error& error) {
  report.error = error.what();
  report.error_hint = error.hint();
  report.silent = dynamic_cast<const support::TimedOut*>(&error) != nullptr;
}

/// Reads values that do not depend on one another: a read that fails hides no other value. Reports the first error.
void read_facts(HostReport& report, const podman::Podman& podman, support::CaptureLimits limits) {
  const auto attempt = [&](const auto& read) {
    try {
      read();
    } catch (const support::Error& error) {
      if (report.podman.error.empty()) {
        note_error(report.podman, error);
      }
    }
  };
  attempt([&] { report.podman.facts = podman::fresh_podman_info(podman, limits); });
  if (!report.podman.facts) {
    return; // nor would it list its images
  }
  report.disk_free = free_bytes(report.podman.facts->graph_root);
  attempt([&] {
    report.podman.runtime_version = program_version(report.podman.facts->oci_runtime, podman.command({}).env);
  });
  attempt([&] {
    report.idle_images = idle_image_bytes(podman.capture(
        {"image", "ls", "--format", "json", "--filter", std::string("label=") + protocol::k_image_label}, limits));
  });
}

void read_seccomp_profile(HostReport& report) {
  const fs::path named = report.podman.facts ? report.podman.facts->seccomp_profile : fs::path();
  const fs::path path = named.empty() ? fs::path("/usr/share/containers/seccomp.json") : named;
  report.seccomp_profile = path.string();
  try {
    const std::string profile = support::read_file(path, 4U << 20U);
    report.kernel_landlock = podman::kernel_landlock_abi();
    report.box_landlock = podman::landlock_abi(profile);
    const std::string problem = seccomp_profile_problem(profile);
    report.seccomp_problem = problem.empty() ? "" : fmt::format("{} {}", path.string(), problem);
  } catch (const support::Error& error) {
    report.seccomp_problem = error.what();
  }
}

void read_installation(HostReport& report) {
  try {
    report.installation = podman::find_installation().libexec.string();
  } catch (const support::Error& error) {
    report.installation_problem = error.what(); // names what is missing
  }
}

} // namespace

std::string program_version(const std::string& program, const std::map<std::string, std::string>& environment) {
  const auto path = support::find_program(program);
  if (!path) {
    return {};
  }
  // Passes an environment: crun 1.21 prints no version when XDG_RUNTIME_DIR is not its directory.
  const support::Captured result =
      support::capture({{*path, "--version"}, environment, {}}, {}, {k_max_output, k_patience});
  return version_word(result.out);
}

void read_podman(HostReport& report, std::chrono::milliseconds patience) {
  const support::CaptureLimits limits{k_max_output, patience};
  report.pasta = support::find_program("pasta").value_or("");
  report.slirp4netns = support::find_program("slirp4netns").value_or("");
  report.mmdebstrap = support::find_program("mmdebstrap").value_or("");
  read_installation(report);
  try {
    const podman::Podman podman = podman::Podman::find();
    report.podman.path = podman.program().string();
    report.podman.version = podman::parse_version(version_word(podman.capture({"--version"}, limits)));
    if (report.uid != 0) { // as root it would describe, and prepare, root's own store
      read_facts(report, podman, limits);
    }
  } catch (const support::Error& error) {
    if (!report.podman.path.empty()) {
      note_error(report.podman, error);
    }
  }
  read_seccomp_profile(report);
}

HostReport read_host() {
  HostReport report;
  read_user(report);
  read_kernel(report);
  read_podman(report);
  read_ruleset(report);
  return report;
}

} // namespace agentbox::doctor
