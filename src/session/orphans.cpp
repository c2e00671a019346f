// SPDX-License-Identifier: Apache-2.0
#include "session/orphans.hpp"

#include <charconv>
#include <csignal>
#include <filesystem>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "oci/names.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"

namespace agentbox::session {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_longest = 1U << 20U;
constexpr int k_creation_ms = 5000;
constexpr int k_end_ms = 500;

struct Orphan {
  support::Fd process;
  bool creating = false; ///< podman pod create
};

bool ends_within(const Orphan& orphan, int milliseconds) {
  pollfd watched{orphan.process.get(), POLLIN, 0};
  return poll(&watched, 1, milliseconds) != 0;
}

bool is_ours(const fs::path& process) {
  struct stat info {};
  return stat(process.c_str(), &info) == 0 && info.st_uid == geteuid();
}

/// The process's arguments, each between NUL bytes.
std::string arguments_of(const fs::path& process) {
  const std::string nul(1, '\0');
  try {
    return nul + support::read_file_if_exists(process / "cmdline", k_longest).value_or("");
  } catch (const support::Error&) {
    return {}; // it ended meanwhile
  }
}

std::vector<Orphan> orphans_of(const std::string& name) {
  const std::string nul(1, '\0');
  const std::string label = nul + oci::k_box_annotation + "=" + name + nul;
  std::vector<Orphan> found;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string text = entry.path().filename();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc() || end != text.data() + text.size() || pid == getpid() || !is_ours(entry.path())) {
      continue;
    }
    // The descriptor first: then the process that is looked at is the one that is meant.
    Orphan orphan{support::Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))), false};
    const std::string arguments = arguments_of(entry.path());
    if (orphan.process && arguments.find(label) != std::string::npos) {
      orphan.creating = arguments.find(nul + "pod" + nul + "create" + nul) != std::string::npos;
      found.push_back(std::move(orphan));
    }
  }
  return found;
}

} // namespace

void await_orphaned_creation(const std::string& name) {
  for (const Orphan& orphan : orphans_of(name)) {
    if (orphan.creating) {
      ends_within(orphan, k_creation_ms);
    }
  }
}

void end_orphans(const std::string& name) {
  for (const Orphan& orphan : orphans_of(name)) {
    syscall(SYS_pidfd_send_signal, orphan.process.get(), SIGKILL, nullptr, 0);
    ends_within(orphan, k_end_ms);
  }
}

} // namespace agentbox::session
