// SPDX-License-Identifier: Apache-2.0
#include "firewall/serve/drop_privileges.hpp"

#include <array>
#include <cerrno>
#include <linux/capability.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/error.hpp"

namespace agentbox::firewall::serve {
namespace {

using support::Error;
using support::ExitCode;

using CapabilityData = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

__user_cap_header_struct header() {
  return {_LINUX_CAPABILITY_VERSION_3, 0};
}

CapabilityData current() {
  CapabilityData data{};
  auto head = header();
  if (::syscall(SYS_capget, &head, data.data()) != 0) {
    throw support::system_error(ExitCode::failed, "cannot read the firewall's capabilities", errno);
  }
  return data;
}

void require(const CapabilityData& data, unsigned capability, const char* name) {
  if ((data[0].effective & (1U << capability)) == 0) {
    throw Error(ExitCode::failed, std::string("the firewall was started without ") + name,
                "the box's firewall container gets it from agentbox's OCI hook; start the box with agentbox");
  }
}

void must(long result, const char* what) {
  if (result != 0) {
    throw support::system_error(ExitCode::failed, std::string("cannot drop privileges: ") + what, errno);
  }
}

} // namespace

void require_capabilities(bool to_bind) {
  const CapabilityData data = current();
  require(data, CAP_NET_ADMIN, "CAP_NET_ADMIN");
  if (to_bind) {
    require(data, CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE");
  }
}

void drop_privileges(bool keep_net_admin) {
  must(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
  must(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient capabilities");
  CapabilityData data{};
  data[0].effective = data[0].permitted = keep_net_admin ? 1U << CAP_NET_ADMIN : 0U;
  auto head = header();
  must(::syscall(SYS_capset, &head, data.data()), "capset");
  must(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "dumpable");
}

unsigned long raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw support::system_error(ExitCode::failed, "cannot read the limit on open files", errno);
  }
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw support::system_error(ExitCode::failed, "cannot raise the limit on open files", errno);
  }
  return limit.rlim_cur;
}

} // namespace agentbox::firewall::serve
