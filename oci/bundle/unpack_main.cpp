// SPDX-License-Identifier: Apache-2.0
// agentbox-unpack TAR DIRECTORY UID [CONTEXT]: extracts a container that `podman export` wrote to TAR into the new
// DIRECTORY. A separate program because it runs under `podman unshare`, where files can be given to the box's other
// users: user and group UID of the box map to the host's user, all others to subordinate IDs (Podman's keep-id). The
// files get the SELinux context CONTEXT.
#include <cerrno>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/bundle/extract.hpp"
#include "oci/bundle/id_maps.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

namespace {

namespace bundle = agentbox::oci::bundle;
using agentbox::support::Error;
using agentbox::support::ExitCode;

/// Sets the SELinux context of the files that this thread creates (proc_pid_attr(5)).
void create_files_with(const std::string& context) {
  const agentbox::support::Fd file(open("/proc/thread-self/attr/fscreate", O_WRONLY | O_CLOEXEC));
  if (!file || write(file.get(), context.data(), context.size()) != static_cast<ssize_t>(context.size())) {
    throw agentbox::support::system_error(ExitCode::failed, "cannot create files with SELinux context " + context,
                                          errno);
  }
}

void run(const char* tar, const char* directory, const char* uid) {
  const auto ids = bundle::keep_id_inside(static_cast<std::uint32_t>(std::stoul(uid)));
  const agentbox::support::Fd input(open(tar, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!input) {
    throw agentbox::support::system_error(ExitCode::failed, std::string("cannot open ") + tar, errno);
  }
  umask(022);
  const auto root = ids.front().host_id;
  if (mkdir(directory, 0755) != 0 || chdir(directory) != 0 || chown(".", root, root) != 0) {
    throw agentbox::support::system_error(ExitCode::failed, std::string("cannot create ") + directory, errno);
  }
  bundle::extract(input.get(), ids, {});
}

} // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 4 && argc != 5) {
      throw Error(ExitCode::usage, "usage: agentbox-unpack TAR DIRECTORY UID [CONTEXT]");
    }
    if (argc == 5) {
      create_files_with(argv[4]);
    }
    run(argv[1], argv[2], argv[3]);
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n%s\n", error.what(), error.hint().c_str()); // for agentbox, which shows both
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n\n", error.what());
    return static_cast<int>(ExitCode::failed);
  }
}
