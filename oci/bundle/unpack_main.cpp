// SPDX-License-Identifier: Apache-2.0
// agentbox-unpack LAYOUT ROOTFS [UID GID]: unpacks the image in an OCI image layout to an empty folder. A program of
// its own, because it runs in a user namespace (`podman unshare`), where it may give files to the box's other users.
//
// With UID and GID: this process is root of a namespace in which the host's user is 0 and his subordinate ids follow;
// the box's user UID:GID shall be the host's user (Podman's keep-id), everybody else one of the subordinate ids.
#include <charconv>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "oci/bundle/layout.hpp"
#include "oci/bundle/mappings.hpp"
#include "support/error.hpp"

namespace {

namespace bundle = agentbox::oci::bundle;
using agentbox::support::Error;
using agentbox::support::ExitCode;

std::uint32_t number(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(ExitCode::usage, "not a number: " + text);
  }
  return value;
}

void run(const std::vector<std::string>& words) {
  if (words.size() != 2 && words.size() != 4) {
    throw Error(ExitCode::usage, "usage: agentbox-unpack LAYOUT ROOTFS [UID GID]");
  }
  std::vector<agentbox::oci::IdMapping> uids;
  std::vector<agentbox::oci::IdMapping> gids;
  if (words.size() == 4) {
    uids = bundle::keep_id_inside(number(words[2]));
    gids = bundle::keep_id_inside(number(words[3]));
  }
  umask(0);
  std::filesystem::create_directory(words[1]);
  if (!std::filesystem::is_empty(words[1])) {
    throw Error(ExitCode::failed, words[1] + " is not empty");
  }
  bundle::Rootfs rootfs(words[1], uids, gids);
  bundle::unpack_image(words[0], rootfs, {});
}

} // namespace

int main(int argc, char** argv) {
  try {
    run({argv + 1, argv + argc});
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n%s\n", error.what(), error.hint().c_str()); // for agentbox, which shows both
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n\n", error.what());
    return static_cast<int>(ExitCode::failed);
  }
}
