// SPDX-License-Identifier: Apache-2.0
#include "image/build.hpp"

#include <array>

#include "protocol/protocol.hpp"
#include "support/file.hpp"
#include "support/signals.hpp"

namespace agentbox::image {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_id_file = "image-id";
// Buildah derives a working container's name from that of the image it builds on: agentbox.build-working-container.
constexpr const char* k_build_tag = "localhost/agentbox/agentbox.build:base";

void write_context(const Recipe& recipe, const fs::path& directory) {
  for (const auto& [path, content] : recipe.files) {
    fs::create_directories((directory / path).parent_path());
    support::write_file(directory / path, content, 0644);
  }
}

} // namespace

bool has_local_proxy(const std::map<std::string, std::string>& environment) {
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}) {
    const auto found = environment.find(name);
    if (found == environment.end()) {
      continue;
    }
    const std::string& value = found->second;
    const std::size_t scheme = value.find("://");
    std::string host = scheme == std::string::npos ? value : value.substr(scheme + 3);
    host = host.substr(0, host.find('/'));
    host = host.substr(host.rfind('@') + 1);
    if (host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]")) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> build_arguments(const Recipe& recipe, const fs::path& directory,
                                         const std::map<std::string, fs::path>& contexts,
                                         const BuildConfinement* confinement, bool host_network) {
  // oci: the isolation "chroot" would use the host's network.
  std::vector<std::string> args = {"build",          "--pull=never",   "--layers=false",
                                   "--no-cache",     "--force-rm",     "--format=" + recipe.format,
                                   "--cap-drop=all", "--isolation=oci"};
  if (confinement == nullptr) {
    args.emplace_back("--network=none");
  } else {
    for (const protocol::NumberedCapability& capability : protocol::k_build_capabilities) {
      args.push_back(std::string("--cap-add=") + capability.name);
    }
    args.push_back("--security-opt=seccomp=" + confinement->seccomp.string());
    if (!confinement->network.empty()) {
      args.insert(args.end(), {"--network=" + confinement->network,
                               std::string("--dns=") + protocol::k_resolver_address, "--http-proxy=false"});
    } else if (host_network) {
      args.emplace_back("--network=host");
    }
  }
  for (const auto& [name, value] : recipe.arguments) {
    args.insert(args.end(), {"--build-arg", name + "=" + value});
  }
  for (const auto& [name, value] : recipe.labels) {
    args.insert(args.end(), {"--label", name + "=" + value});
  }
  for (const auto& [name, path] : contexts) {
    args.insert(args.end(), {"--build-context", name + "=" + path.string()});
  }
  const fs::path context = directory / "context";
  args.insert(args.end(), {"--iidfile", (directory / k_id_file).string(), "--file",
                           (context / "Containerfile").string(), context.string()});
  return args;
}

std::string build(BuildEnvironment& environment, const std::string& what, Recipe recipe,
                  const std::map<std::string, fs::path>& contexts,
                  const std::function<void(const fs::path& context)>& fill, const BuildConfinement* confinement) {
  const fs::path context = environment.directory / "context";
  fs::remove_all(context);
  fs::create_directories(context);
  write_context(recipe, context);
  fill(context);
  for (auto& [name, id] : recipe.arguments) { // the image to build on
    environment.store.tag(id, k_build_tag);
    id = k_build_tag;
  }
  const bool open = confinement != nullptr && confinement->network.empty();
  const std::vector<std::string> arguments = build_arguments(recipe, environment.directory, contexts, confinement,
                                                             open && has_local_proxy(podman::caller_environment()));
  environment.log.run(what, open ? networked(environment, arguments) : environment.podman.command(arguments));
  std::string id = support::read_file(environment.directory / k_id_file, 256);
  if (const std::size_t colon = id.find(':'); colon != std::string::npos) {
    id.erase(0, colon + 1);
  }
  id.resize(std::min(id.find_first_not_of("0123456789abcdef"), id.size()));
  environment.made.pin(id, recipe.tag);
  return id;
}

void remove_leftovers(const ImageStore& store) noexcept {
  try {
    const support::CleanUp cleaning_up;
    store.remove_container(k_build_container);
    store.remove_working_containers(k_build_container);
    store.try_untag(k_build_tag);
    store.prune(protocol::k_image_label);
  } catch (const std::exception&) { // the next build tries again
  }
}

} // namespace agentbox::image
