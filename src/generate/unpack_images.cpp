// SPDX-License-Identifier: Apache-2.0
#include "generate/unpack_images.hpp"

#include <algorithm>
#include <chrono>
#include <unistd.h>

#include "generate/pinned_directory.hpp"
#include "podman/idle_container.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::generate {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr support::CaptureLimits k_limits{1U << 20U, std::chrono::minutes(30)};

/// Returns the unpacker's message and hint, a line each.
Error error_of(const support::Captured& result) {
  const std::size_t end = std::min(result.err.find('\n'), result.err.size());
  const std::string rest = end < result.err.size() ? result.err.substr(end + 1) : "";
  const ExitCode code =
      result.status.code == static_cast<int>(ExitCode::refused) ? ExitCode::refused : ExitCode::failed;
  return {code, support::escape_untrusted(result.err.substr(0, end), 1000),
          support::escape_untrusted(rest.substr(0, rest.find('\n')), 1000)};
}

} // namespace

void unpack_rootfs(const podman::Podman& podman, const podman::Installation& installation, const std::string& image,
                   const policy::User& user, const fs::path& rootfs, const fs::path& scratch, const std::string& name,
                   const std::string& context) {
  const fs::path tar = scratch / "image.tar";
  const podman::IdleContainer container(podman, name, image);
  podman.capture({"export", "--output", tar, name}, k_limits);
  std::vector<std::string> words = {"unshare", installation.libexec / "agentbox-unpack", tar, rootfs,
                                    std::to_string(user.uid)};
  if (!context.empty()) {
    words.push_back(context);
  }
  const support::Captured result = support::capture(podman.command(words), {}, k_limits);
  fs::remove(tar);
  if (!result.status.ok()) {
    throw error_of(result);
  }
}

void remove_content(const support::Fd& directory, const std::string& kept) {
  std::vector<std::string> remaining = {"unshare", "rm", "-rf", "--"};
  const std::size_t words = remaining.size();
  for (const fs::directory_entry& entry : fs::directory_iterator(path_of(directory))) {
    std::error_code error;
    if (entry.path().filename() == kept) {
      continue;
    }
    fs::remove_all(entry.path(), error); // of libstdc++ 12 and newer: openat(2) without links, unlinkat(2)
    if (error) {
      remaining.push_back("/proc/self/fd/0/" + entry.path().filename().string());
    }
  }
  if (remaining.size() == words) {
    return;
  }
  // Passed as stdin: processes in the user namespace may not read /proc/PID/fd of this process.
  support::Command command = podman::Podman::find().command(remaining);
  command.fds[STDIN_FILENO] = directory.get();
  if (!support::wait(support::spawn(command)).ok()) {
    throw Error(ExitCode::failed, "cannot remove what is left of a set: `podman unshare rm` failed");
  }
}

} // namespace agentbox::generate
