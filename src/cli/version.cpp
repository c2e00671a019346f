// SPDX-License-Identifier: Apache-2.0
#include "cli/version.hpp"

#include <fmt/format.h>
#include <string_view>

#include "doctor/read_host.hpp"
#include "podman/podman_environment.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

constexpr std::string_view k_commit = AGENTBOX_COMMIT; // empty: not built from a release

std::string installed(const std::string& program) {
  const std::string version =
      doctor::program_version(program, podman::constructed_environment(podman::caller_environment()));
  return program + " " + (version.empty() ? "(not found)" : support::escape_untrusted(version));
}

} // namespace

const char* const k_version = AGENTBOX_VERSION;

std::string version_text() {
  return fmt::format("agentbox {}{}\nbuilt with libnftables {}, uses {}, {}", k_version,
                     k_commit.empty() ? "" : fmt::format(" (commit {})", k_commit), LIBNFTABLES_VERSION,
                     installed("podman"), installed("crun"));
}

} // namespace agentbox::cli
