// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/mount_sources.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace agentbox::oci::hook {
namespace {

using nlohmann::json;
using support::Error;
using support::ExitCode;
using support::Fd;
using support::in_quotes;

/// Returns whether the mount is one of the user's paths, not a file that we or Podman wrote.
bool is_users(const json& mount) {
  const json options = mount.value("options", json::array());
  return mount.at("type") == "bind" && std::find(options.begin(), options.end(), "rbind") != options.end();
}

std::string identity_of(const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const Fd fd(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how))));
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) {
    throw support::system_error(ExitCode::refused, "cannot mount " + in_quotes(path), errno,
                                errno == ELOOP ? "part of the path has become a symbolic link" : "");
  }
  return protocol::to_text({info.st_dev, info.st_ino});
}

} // namespace

void require_recorded_sources(const json& ours) {
  const json text = ours.value("annotations", json::object()).value(protocol::k_sources_annotation, json("{}"));
  const json recorded = json::parse(text.get<std::string>());
  for (const json& mount : ours.at("mounts")) {
    if (!is_users(mount)) {
      continue;
    }
    const auto source = mount.at("source").get<std::string>();
    const auto expected = recorded.find(source);
    if (expected == recorded.end()) {
      throw Error(ExitCode::refused, "no identity recorded for " + in_quotes(source));
    }
    if (*expected != identity_of(source)) {
      throw Error(ExitCode::refused, in_quotes(source) + " was replaced after it was checked", "start the box again");
    }
  }
}

} // namespace agentbox::oci::hook
