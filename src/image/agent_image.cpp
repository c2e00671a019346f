// SPDX-License-Identifier: Apache-2.0
#include <future>

#include "image/agent_packages.hpp"
#include "image/build.hpp"
#include "image/image.hpp"
#include "image/npm.hpp"
#include "image/state.hpp"
#include "image/workplace.hpp"
#include "podman/podman_info.hpp"
#include "policy/toolkits.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

constexpr std::uint64_t k_space_store =
    3'000'000'000; // base, tools, agents, and their copy for the box's user namespace
constexpr std::uint64_t k_space_cache = 1'300'000'000; // the agents' tarballs and files, the base's tarball
constexpr std::size_t k_max_entrypoint = 64U << 20U;

/// Under which an image is remembered: everything that it is made of, as cheaply as it can be told.
std::string key_of(const podman::Installation& installation, const policy::ImageChoice& choice,
                   const BaseChoice& base) {
  const fs::path data = installation.share / "containerfiles";
  std::string key = "agent\n" + identity_of(base) + "\n" + support::join(choice.toolkits, ",") + "\n";
  for (const char* folder : {"agent/home", "agent/setup", "agent/packages", "toolkits"}) {
    key += fingerprint_folder(data / folder);
  }
  for (const fs::path& file :
       {data / "agent/Containerfile", data / "agent/Containerfile.tools", installation.entrypoint()}) {
    key += fingerprint(file) + "\n";
  }
  const fs::path lock = lock_path(installation.share);
  return support::sha256_hex(key + lock.string() + " " + fingerprint(lock));
}

Family family_of(const Workshop& workshop, const Base& base) {
  const auto family = family_of_os_release(workshop.store.os_release(base.id));
  if (!family) {
    if (base.origin == "rootfs") {
      workshop.store.try_remove(base.id); // imported for nothing
    }
    throw Error(ExitCode::failed,
                "the base " + base.name + " is of no distribution that agentbox knows (its os-release(5) decides)",
                "choose a --base of the Debian, Ubuntu, Fedora, Alpine, openSUSE or Arch families");
  }
  return *family;
}

using AgentFolders = std::map<std::string, fs::path>;

/// Downloads beside the work on the base image.
std::future<AgentFolders> start_downloads(const AgentsLock& lock, bool musl, const std::optional<fs::path>& ca_bundle) {
  return std::async(std::launch::async, [lock, musl, ca_bundle] {
    const std::map<std::string, std::string> environment = podman::caller_environment();
    const std::string registry = registry_address(environment);
    const Fetcher fetcher(environment, ca_bundle);
    const std::string arch = npm_arch();
    AgentFolders folders;
    for (const Vendor& vendor : vendors()) {
      const PinnedPackage& package = package_for(lock.agents.at(vendor.agent), vendor.agent, arch, musl);
      folders[vendor.agent] = ensure_agent_files(vendor.agent, package, arch, registry, fetcher);
    }
    return folders;
  });
}

std::map<std::string, AgentVersion> versions_of(const AgentsLock& lock, bool musl) {
  std::map<std::string, AgentVersion> versions;
  for (const Vendor& vendor : vendors()) {
    const PinnedAgent& agent = lock.agents.at(vendor.agent);
    versions[vendor.agent] = {agent.version, package_for(agent, vendor.agent, npm_arch(), musl).integrity};
  }
  return versions;
}

std::string build_tools(Workshop& workshop, const Recipe& recipe, Family family) {
  if (!workshop.renew) {
    if (auto id = workshop.store.id_of(recipe.tag)) {
      return *std::move(id);
    }
  }
  const std::string what = "installing the tools (" + std::string(name_of(family)) + ")";
  workshop.progress.step(what);
  std::string id = build(workshop, what, recipe, {}, [&](const fs::path& folder) {
    if (workshop.ca_bundle) {
      fs::copy_file(*workshop.ca_bundle, folder / "setup/ca.pem");
    }
  });
  workshop.store.tag(id, recipe.tag);
  return id;
}

std::string build_agent(Workshop& workshop, const Recipe& recipe, const AgentFolders& folders,
                        const podman::Installation& installation) {
  workshop.progress.step("adding the agents");
  std::string id = build(workshop, "adding the agents", recipe, folders, [&](const fs::path& folder) {
    fs::copy_file(installation.entrypoint(), folder / "agent-entrypoint");
    fs::create_directories(folder / "root/dev/shm");
    constexpr fs::perms k_for_all{0755};
    fs::permissions(folder / "root", k_for_all);
    fs::permissions(folder / "root/dev", k_for_all);
    fs::permissions(folder / "root/dev/shm", fs::perms::all | fs::perms::sticky_bit);
    fs::create_directories(folder / "links");
    for (const auto& [name, ignored] : folders) {
      fs::create_symlink("../lib/agents/" + name + "/" + layout_of(name, npm_arch()).program, folder / "links" / name);
    }
  });
  workshop.progress.step("preparing the image for the box's user");
  workshop.store.map_for_boxes(id);
  workshop.store.tag(id, recipe.tag);
  return id;
}

/// Images of the same base and toolkits that the new ones replace. An image that a box still uses stays.
void remove_replaced(const Workshop& workshop, const Recipe& recipe, const std::string& kept_id) {
  for (const std::string& id :
       workshop.store.with_label(std::string(k_slot_label) + "=" + recipe.labels.at(k_slot_label))) {
    if (id != kept_id) {
      workshop.store.try_remove(id);
    }
  }
}

AgentsLock complete_lock(const fs::path& share) {
  AgentsLock lock = load_lock(share);
  for (const Vendor& vendor : vendors()) {
    if (!lock.agents.contains(vendor.agent)) {
      throw Error(ExitCode::failed, lock_path(share).string() + " does not pin " + vendor.agent, "agentbox update");
    }
  }
  return lock;
}

ImageRef build_image(Workshop& workshop, const podman::Installation& installation, const policy::ImageChoice& choice,
                     const BaseChoice& base_choice) {
  const fs::path data = installation.share / "containerfiles";
  const AgentsLock lock = complete_lock(installation.share);
  std::future<AgentFolders> downloads;
  if (choice.base == policy::default_base_image()) { // its C library is known beforehand
    downloads = start_downloads(lock, false, workshop.ca_bundle);
  }
  const Base base = ensure_base(workshop, base_choice);
  const Family family = family_of(workshop, base);
  if (!downloads.valid()) {
    downloads = start_downloads(lock, uses_musl(family), workshop.ca_bundle);
  }
  const Recipe tools = tools_recipe(data, base, family, choice.toolkits);
  const std::string tools_id = build_tools(workshop, tools, family);
  const std::string entrypoint = support::sha256_hex(support::read_file(installation.entrypoint(), k_max_entrypoint));
  const Recipe agent = agent_recipe(data, tools, tools_id, versions_of(lock, uses_musl(family)), entrypoint);
  if (!workshop.renew) {
    if (const auto id = workshop.store.id_of(agent.tag)) {
      return {*id, agent.tag};
    }
  }
  if (downloads.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    workshop.progress.step("downloading the agents");
  }
  const AgentFolders folders = downloads.get();
  ImageRef image{build_agent(workshop, agent, folders, installation), agent.tag};
  remove_replaced(workshop, agent, image.id);
  remove_replaced(workshop, tools, tools_id);
  return image;
}

void check_ca_bundle(const std::optional<fs::path>& bundle) {
  constexpr std::size_t k_max_bundle = 16U << 20U;
  if (bundle && support::read_file(*bundle, k_max_bundle).find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    throw Error(ExitCode::usage, "the CA bundle " + bundle->string() + " holds no certificate",
                "--ca-bundle names a file in PEM form");
  }
}

} // namespace

std::optional<ImageRef> known_agent_image(const podman::Installation& installation, const policy::ImageChoice& choice) {
  return ImagesState::load().find(key_of(installation, choice, parse_base(choice.base, std::nullopt)));
}

ImageRef ensure_agent_image(const podman::Podman& podman, const podman::Installation& installation,
                            const policy::ImageChoice& choice, const BuildOptions& options) {
  const BaseChoice base = parse_base(choice.base, options.workspace);
  const std::string key = key_of(installation, choice, base);
  const auto remembered = [&]() -> std::optional<ImageRef> {
    if (options.rebuild) {
      return std::nullopt;
    }
    auto image = ImagesState::load().find(key);
    return image && options.recheck && Store(podman).id_of(image->id) != image->id ? std::nullopt : image;
  };
  if (auto image = remembered()) {
    return *std::move(image);
  }
  const Workplace workplace;
  if (auto image = remembered()) { // another build was faster
    return *std::move(image);
  }
  check_ca_bundle(options.ca_bundle);
  require_space(podman::podman_info(podman).graph_root, k_space_store);
  require_space(support::cache_folder(), k_space_cache);
  BuildLog log;
  Progress progress;
  Workshop workshop{podman, Store(podman), log, progress, workplace.folder(), options.ca_bundle, options.rebuild};
  ImageRef image = build_image(workshop, installation, choice, base);
  progress.done();
  ImagesState::load().remember(key, image);
  return image;
}

} // namespace agentbox::image
