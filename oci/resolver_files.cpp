// SPDX-License-Identifier: Apache-2.0
#include "oci/resolver_files.hpp"

namespace agentbox::oci {

std::string agent_hosts(const policy::PolicyFields& fields) {
  return "127.0.0.1 localhost " + fields.hostname + "\n::1 localhost " + fields.hostname + "\n";
}

std::string agent_resolv_conf(const policy::PolicyFields& fields) {
  switch (fields.egress.mode) {
  case policy::NetworkMode::filtered: return "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n";
  case policy::NetworkMode::full: return "";
  }
  return "";
}

} // namespace agentbox::oci
