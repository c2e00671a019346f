// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>

#include "podman/podman.hpp"
#include "support/text.hpp"

namespace agentbox::podman {
namespace {

using support::Error;
using support::ExitCode;

/// A piece of Podman's stderr, and what it means to a user.
struct Reason {
  std::string_view piece;
  ExitCode code;
  std::string_view message;
  std::string_view hint;
};

constexpr std::array k_reasons = {
    Reason{"no subuid ranges found", ExitCode::refused, "you have no range of subordinate uids",
           "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \"$USER\" && podman system migrate"},
    Reason{"not enough IDs available in namespace", ExitCode::refused, "your range of subordinate uids is too small",
           "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \"$USER\" && podman system migrate"},
    Reason{"insufficient UIDs or GIDs available", ExitCode::refused, "your range of subordinate uids is too small",
           "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \"$USER\" && podman system migrate"},
    Reason{"newuidmap", ExitCode::refused, "the uids of the box's user namespace could not be set up",
           "install the package uidmap (Debian) or shadow-utils (Fedora), and look at /etc/subuid"},
    Reason{"no space left on device", ExitCode::failed, "the disk is full",
           "make room: podman system prune, podman image prune"},
    Reason{"disk quota exceeded", ExitCode::failed, "your disk quota is used up", "make room: podman system prune"},
    Reason{"image not known", ExitCode::failed, "the image is not there any more", "agentbox build"},
    Reason{"slirp4netns", ExitCode::refused, "slirp4netns did not start", "agentbox doctor"},
    Reason{"pasta failed", ExitCode::refused, "pasta did not start", "agentbox doctor"},
    Reason{"could not find pasta", ExitCode::refused, "pasta is not installed",
           "sudo apt-get install passt, or: sudo dnf install passt"},
    Reason{"database graph driver", ExitCode::refused, "Podman's store was made with another storage driver",
           "look at ~/.config/containers/storage.conf, or start anew: podman system reset"},
    Reason{"connection refused", ExitCode::failed, "the registry did not answer",
           "check the network, or choose another image with --base"},
    Reason{"no such host", ExitCode::failed, "the registry's name was not found",
           "check the network, or choose another image with --base"},
    Reason{"i/o timeout", ExitCode::failed, "the registry did not answer",
           "check the network, or choose another image with --base"},
};

/// Podman's last line that says something, without its "Error: ".
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
  for (const Reason& reason : k_reasons) {
    if (result.err.find(reason.piece) != std::string::npos) {
      return {reason.code, what + ": " + std::string(reason.message) + " (" + line + ")", std::string(reason.hint)};
    }
  }
  const std::string said = line.empty() ? "exit code " + std::to_string(result.status.code) : line;
  return {ExitCode::failed, what + ": " + said, "agentbox doctor checks this host"};
}

} // namespace agentbox::podman
