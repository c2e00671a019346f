// SPDX-License-Identifier: Apache-2.0
#include "selinux/host_selinux.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <selinux/selinux.h>
#include <vector>

#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::selinux {
namespace {

constexpr std::size_t k_max_contexts = 65536;

/// Calls `get`, one of libselinux's functions that allocate a context, and returns that; empty when it fails.
template <typename Get>
std::string context_from(Get get) {
  char* context = nullptr;
  if (get(&context) < 0 || context == nullptr) {
    return {};
  }
  const std::unique_ptr<char, decltype(&freecon)> owner(context, freecon);
  return context;
}

bool is_valid(const Context& context) {
  return security_check_context_raw(to_text(context).c_str()) == 0;
}

/// Reads the same files in the same order as Podman's library.
std::optional<ContainerContexts> installed_contexts() {
  for (const char* file : {"/usr/share/containers/selinux/contexts", selinux_lxc_contexts_path()}) {
    const auto text = support::read_file_if_exists(file, k_max_contexts);
    if (auto contexts = text ? parse_container_contexts(*text) : std::nullopt) {
      return contexts;
    }
  }
  return std::nullopt;
}

class HostFileLabels : public FileLabels {
public:
  // /proc/self/fd/N resolves to the open file itself, even if it is a link: it does not matter if its name is replaced.
  std::string context_in(int directory, const char* name) const override {
    const std::string path = fmt::format("/proc/self/fd/{}/{}", directory, name);
    return context_from([&](char** context) { return lgetfilecon_raw(path.c_str(), context); });
  }
  std::string context_of(int fd) const override {
    const std::string path = fmt::format("/proc/self/fd/{}", fd);
    return context_from([&](char** context) { return getfilecon_raw(path.c_str(), context); });
  }
  int set_context(int fd, const std::string& context) override {
    const std::string path = fmt::format("/proc/self/fd/{}", fd);
    return setfilecon_raw(path.c_str(), context.c_str()) == 0 ? 0 : errno;
  }
};

std::vector<const char*> permissions(bool directory, Access access) {
  std::vector<const char*> names = {"getattr", "open", "read"};
  if (directory) {
    names.push_back("search");
  }
  if (access == Access::write) {
    names.push_back("write");
    if (directory) {
      names.insert(names.end(), {"add_name", "remove_name"});
    }
  }
  return names;
}

} // namespace

Mode host_mode() {
  if (is_selinux_enabled() != 1) {
    return Mode::disabled;
  }
  return security_getenforce() == 0 ? Mode::permissive : Mode::enforcing;
}

std::optional<HostSelinux> host_selinux() {
  const Mode mode = host_mode();
  if (mode == Mode::disabled) {
    return std::nullopt;
  }
  HostSelinux host;
  host.enforcing = mode == Mode::enforcing;
  host.levels = is_selinux_mls_enabled() == 1;
  const auto contexts = installed_contexts();
  const BoxContexts probe = contexts ? box_contexts(*contexts, host.levels, 0, "") : BoxContexts();
  if (!contexts || !is_valid(probe.agent) || !is_valid(probe.agent_files) || !is_valid(probe.read_only)) {
    throw support::Error(support::ExitCode::refused, "the SELinux policy has no contexts for containers",
                         "install container-selinux (Fedora), or a policy with container_t");
  }
  host.contexts = *contexts;
  return host;
}

std::unique_ptr<FileLabels> host_file_labels() {
  return std::make_unique<HostFileLabels>();
}

bool is_allowed(const Context& subject, const std::string& object, bool directory, Access access) {
  const security_class_t type = string_to_security_class(directory ? "dir" : "file");
  access_vector_t wanted = 0;
  for (const char* permission : permissions(directory, access)) {
    const access_vector_t bit = string_to_av_perm(type, permission);
    if (bit == 0) {
      return false;
    }
    wanted |= bit;
  }
  av_decision decision{};
  if (security_compute_av_flags_raw(to_text(subject).c_str(), object.c_str(), type, wanted, &decision) != 0) {
    return false;
  }
  return (decision.allowed & wanted) == wanted || (decision.flags & SELINUX_AVD_FLAGS_PERMISSIVE) != 0;
}

std::string context_of(const std::filesystem::path& path) {
  return context_from([&](char** context) { return getfilecon_raw(path.c_str(), context); });
}

std::string context_of(pid_t pid) {
  return context_from([&](char** context) { return getpidcon_raw(pid, context); });
}

std::string policy_name() {
  char* name = nullptr;
  if (selinux_getpolicytype(&name) != 0 || name == nullptr) {
    return {};
  }
  const std::unique_ptr<char, decltype(&free)> owner(name, free);
  return name;
}

std::optional<bool> boolean(const char* name) {
  const int value = security_get_boolean_active(name);
  return value < 0 ? std::nullopt : std::optional(value == 1);
}

} // namespace agentbox::selinux
