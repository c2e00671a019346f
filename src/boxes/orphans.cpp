// SPDX-License-Identifier: Apache-2.0
#include "boxes/orphans.hpp"

#include <csignal>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/numbers.hpp"
#include "support/pidfd.hpp"

namespace agentbox::boxes {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_max_arguments = 1U << 20U;
constexpr std::chrono::seconds k_creation_time{5};
constexpr std::chrono::milliseconds k_end_time{500};

struct Orphan {
  support::Fd process;
  bool creating = false; ///< podman pod create
};

bool is_ours(const fs::path& process) {
  struct stat info {};
  return stat(process.c_str(), &info) == 0 && info.st_uid == geteuid();
}

/// Returns the process's arguments, each between NUL bytes.
std::string arguments_of(const fs::path& process) {
  const std::string nul(1, '\0');
  try {
    return nul + support::read_file_if_exists(process / "cmdline", k_max_arguments).value_or("");
  } catch (const support::Error&) {
    return {}; // it has ended
  }
}

std::vector<Orphan> orphans_of(const std::string& name) {
  const std::string nul(1, '\0');
  const std::string label = nul + protocol::k_box_annotation + "=" + name + nul;
  std::vector<Orphan> found;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string text = entry.path().filename();
    const auto pid = support::parse_number<pid_t>(text);
    if (!pid || *pid == getpid() || !is_ours(entry.path())) {
      continue;
    }
    // Opens the descriptor first, so that everything read afterwards belongs to the same process.
    Orphan orphan{support::open_pidfd(*pid), false};
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
      support::ends_within(orphan.process, k_creation_time);
    }
  }
}

void end_orphans(const std::string& name) {
  for (const Orphan& orphan : orphans_of(name)) {
    support::send_signal(orphan.process, SIGKILL);
    support::ends_within(orphan.process, k_end_time);
  }
}

} // namespace agentbox::boxes
