// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>

#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "support/text.hpp"

namespace agentbox::podman {
namespace {

using support::Error;
using support::ExitCode;

/// Text in Podman's stderr, and what it means.
struct PodmanCause {
  std::string_view piece;
  ExitCode code;
  std::string_view message;
  std::string_view hint;
};

constexpr std::array k_reasons = {
    PodmanCause{"no subuid ranges found", ExitCode::refused, "you have no range of subordinate uids", k_add_subuids},
    PodmanCause{"not enough IDs available in namespace", ExitCode::refused,
                "your range of subordinate uids is too small", k_add_subuids},
    PodmanCause{"insufficient UIDs or GIDs available", ExitCode::refused, "your range of subordinate uids is too small",
                k_add_subuids},
    PodmanCause{"newuidmap", ExitCode::refused, "the uids of the box's user namespace could not be set up",
                "install the package uidmap (Debian) or shadow-utils (Fedora), and check /etc/subuid"},
    PodmanCause{"no space left on device", ExitCode::failed, "the disk is full",
                "free some space: podman system prune, podman image prune"},
    PodmanCause{"disk quota exceeded", ExitCode::failed, "your disk quota is exhausted",
                "free some space: podman system prune"},
    PodmanCause{"image not known", ExitCode::failed, "the image was removed", "agentbox build"},
    PodmanCause{"slirp4netns", ExitCode::refused, "slirp4netns did not start", "agentbox doctor"},
    PodmanCause{"pasta failed", ExitCode::refused, "pasta did not start", "agentbox doctor"},
    PodmanCause{"could not find pasta", ExitCode::refused, "pasta is not installed",
                "sudo apt-get install passt, or: sudo dnf install passt"},
    PodmanCause{"database graph driver", ExitCode::refused, "Podman's store was created with another storage driver",
                "check ~/.config/containers/storage.conf, or delete the store: podman system reset"},
    PodmanCause{"connection refused", ExitCode::failed, "the registry cannot be reached",
                "check the network, or choose another image with --base"},
    PodmanCause{"no such host", ExitCode::failed, "the registry's name does not resolve",
                "check the network, or choose another image with --base"},
    PodmanCause{"i/o timeout", ExitCode::failed, "the registry cannot be reached",
                "check the network, or choose another image with --base"},
};

/// Returns Podman's last line that is not empty, without "Error: ".
std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  std::string_view line = text.substr(text.rfind('\n') + 1);
  if (constexpr std::string_view k_error = "Error: "; line.starts_with(k_error)) {
    line.remove_prefix(k_error.size());
  }
  return support::escape_untrusted(line, 500);
}

} // namespace

Error explain(const std::string& what, const support::Captured& result) {
  const std::string line = last_line(result.err);
  for (const PodmanCause& reason : k_reasons) {
    if (result.err.find(reason.piece) != std::string::npos) {
      return {reason.code, what + ": " + std::string(reason.message) + " (" + line + ")", std::string(reason.hint)};
    }
  }
  const std::string said = line.empty() ? "exit code " + std::to_string(result.status.code) : line;
  return {ExitCode::failed, what + ": " + said, "agentbox doctor checks this host"};
}

} // namespace agentbox::podman
