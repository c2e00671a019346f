// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <future>
#include <stop_token>

#include "image/agent_packages.hpp"
#include "image/agent_set.hpp"
#include "image/build.hpp"
#include "image/build_directory.hpp"
#include "image/image.hpp"
#include "image/mirrors.hpp"
#include "image/npm.hpp"
#include "image/onbuild.hpp"
#include "image/state.hpp"
#include "image/update.hpp"
#include "podman/podman_info.hpp"
#include "policy/policy.hpp"
#include "protocol/protocol.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/replaced.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

constexpr std::size_t k_max_entrypoint = 64U << 20U;

/// Returns a string that changes with every ingredient of the image except the agents. Uses only stat(2).
std::string ingredients_of(const podman::Installation& installation, const policy::ImageChoice& choice,
                           const BaseChoice& base) {
  const fs::path data = installation.share / "containerfiles";
  std::string key = "agent\n" + identity_of(base) + "\n" + support::join(choice.toolkits, ",") + "\n" +
                    support::join(choice.packages, ",") + "\n";
  for (const auto& [name, package] : choice.agents) {
    key += name + "=" + package + "\n";
  }
  for (const char* directory : {"agent/home", "agent/setup", "agent/packages", "toolkits"}) {
    key += fingerprint_directory(data / directory);
  }
  for (const fs::path& file :
       {data / "agent/Containerfile", data / "agent/Containerfile.tools", installation.entrypoint()}) {
    key += support::fingerprint(file) + "\n";
  }
  return key;
}

/// Returns the key of an image of `ingredients` and the agents of the lock file in force.
std::string key_of(const std::string& ingredients, const fs::path& share) {
  const fs::path lock = lock_path(share);
  return support::sha256_hex(ingredients + lock.string() + " " + support::fingerprint(lock));
}

Family family_of(const BuildEnvironment& environment, const Base& base) {
  const auto family = family_of_os_release(environment.store.os_release(base.id));
  if (!family) {
    if (base.origin == "rootfs") {
      environment.store.try_remove(base.id);
    }
    throw Error(ExitCode::failed,
                "the base " + base.name +
                    " is not a distribution that agentbox supports (according to its os-release(5))",
                "choose a --base of the Debian, Ubuntu, Fedora, Alpine, openSUSE or Arch family");
  }
  return *family;
}

using AgentDirectories = std::map<std::string, fs::path>;

/// The downloads of the agents, in a separate thread while the base is made. The destructor cancels them.
class Downloads {
public:
  Downloads(const std::vector<agents::AgentData>& agents, const AgentsLock& lock, bool musl,
            const BuildEnvironment& environment)
      : m_result(std::async(std::launch::async, [agents, lock, musl, scratch = environment.directory,
                                                 registry = registry_address(podman::caller_environment()),
                                                 fetcher = fetcher_of(environment)] {
          const std::string arch = npm_arch();
          AgentDirectories directories;
          for (const agents::AgentData& agent : agents) {
            const PinnedPackage& package = package_for(lock.agents.at(agent.name), agent.name, arch, musl);
            directories[agent.name] =
                ensure_agent_files(agent.name, package, layout_of(agent.npm, arch), registry, fetcher, scratch);
          }
          return directories;
        })) {}
  Downloads(const Downloads&) = delete;
  Downloads& operator=(const Downloads&) = delete;
  ~Downloads() { m_stop.request_stop(); } // the future waits for the thread

  bool done() const { return m_result.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
  /// Waits until they are done. Rethrows a download's exception; throws Interrupted.
  AgentDirectories get() {
    constexpr std::chrono::milliseconds k_pause{50};
    while (m_result.wait_for(k_pause) != std::future_status::ready) {
      support::throw_if_interrupted();
    }
    return m_result.get();
  }

private:
  // Called in the main thread, before any other thread is started.
  Fetcher fetcher_of(const BuildEnvironment& environment) const {
    return {podman::caller_environment(), environment.ca_bundle, [stop = m_stop.get_token()] {
              if (stop.stop_requested()) {
                throw Error(ExitCode::failed, "the download was cancelled");
              }
            }};
  }

  std::stop_source m_stop;
  std::future<AgentDirectories> m_result;
};

std::map<std::string, AgentVersion> versions_of(const std::vector<agents::AgentData>& agents, const AgentsLock& lock,
                                                bool musl) {
  std::map<std::string, AgentVersion> versions;
  for (const agents::AgentData& data : agents) {
    const PinnedAgent& agent = lock.agents.at(data.name);
    versions[data.name] = {agent.version, package_for(agent, data.name, npm_arch(), musl).integrity};
  }
  return versions;
}

/// Reports what the firewall denied, however the build ends.
class DeniedNotes {
public:
  DeniedNotes(const BuildConfinement& confinement, Progress& progress)
      : m_confinement(confinement), m_progress(progress) {}
  DeniedNotes(const DeniedNotes&) = delete;
  DeniedNotes& operator=(const DeniedNotes&) = delete;
  DeniedNotes(DeniedNotes&&) = delete;
  DeniedNotes& operator=(DeniedNotes&&) = delete;
  ~DeniedNotes() {
    for (const std::string& line : m_confinement.denied()) {
      m_progress.note(line);
    }
  }

private:
  const BuildConfinement& m_confinement;
  Progress& m_progress;
};

constexpr std::string_view k_setup = "@SETUP@"; // in Containerfile.tools

std::string build_tools(BuildEnvironment& environment, const Recipe& recipe, Family family,
                        const podman::Installation& installation, const MakeBuildConfinement& make_confinement) {
  if (auto id = reusable(environment, recipe.tag)) {
    return *std::move(id);
  }
  const std::string what = "installing the tools (" + std::string(name_of(family)) + ")";
  environment.progress.step(what);
  const BuildConfinement confinement = make_confinement(
      environment.directory, official_mirrors(installation.share / "containerfiles", family), host_mirrors());
  const DeniedNotes notes(confinement, environment.progress);
  std::string id = build(
      environment, what, recipe, {},
      [&](const fs::path& context) {
        if (environment.ca_bundle) {
          fs::copy_file(*environment.ca_bundle, context / "setup/ca.pem");
        }
        fs::copy_file(installation.entrypoint(), context / "setup/agent-entrypoint");
        support::write_file(context / "setup/gate", confinement.gate, 0644);
        support::write_file(context / "Containerfile",
                            support::replaced(recipe.files.at("Containerfile"), k_setup, confinement.mounted_at), 0644);
      },
      &confinement);
  environment.store.tag(id, recipe.tag);
  return id;
}

constexpr const char* k_agents_directory = "/usr/local/lib/agents/";

/// Makes the command of `agent` in `links`: a link, or a script that runs the program in its runtime.
void add_command(const agents::AgentData& agent, const fs::path& links) {
  const agents::AgentData* runtime = agents::find_agent_data(agent.runtime);
  if (agent.is_runtime) {
    return;
  }
  if (runtime == nullptr) {
    fs::create_symlink("../lib/agents/" + agent.name + "/" + agent.npm.program, links / agent.name);
    return;
  }
  const auto path = [](const agents::AgentData& one) { return k_agents_directory + one.name + "/" + one.npm.program; };
  support::write_file(links / agent.name, "#!/bin/sh\nexec " + path(*runtime) + " " + path(agent) + " \"$@\"\n", 0755);
}

/// Makes the directories into which --auth and kept conversations are mounted: one that the runtime made would belong
/// to root.
void add_home(const agents::AgentData& agent, const fs::path& home) {
  for (const std::string& path : agent.auth) {
    fs::create_directories((home / path).parent_path());
  }
  for (const std::string& path : agent.history) {
    const bool is_file = path.ends_with(".jsonl"); // as in conversations::is_prompt_file()
    fs::create_directories(is_file ? (home / path).parent_path() : home / path);
  }
}

std::string build_agent(BuildEnvironment& environment, const Recipe& recipe,
                        const std::vector<agents::AgentData>& agents, const AgentDirectories& directories,
                        const podman::Installation& installation) {
  environment.progress.step("adding the agents");
  std::string id = build(environment, "adding the agents", recipe, directories, [&](const fs::path& context) {
    fs::copy_file(installation.entrypoint(), context / "agent-entrypoint");
    fs::create_directories(context / "root/dev/shm");
    constexpr fs::perms k_for_all{0755};
    fs::permissions(context / "root", k_for_all);
    fs::permissions(context / "root/dev", k_for_all);
    fs::permissions(context / "root/dev/shm", fs::perms::all | fs::perms::sticky_bit);
    fs::create_directories(context / "links");
    fs::create_directories(context / "home");
    fs::create_symlink("agent-entrypoint", context / "links" / protocol::k_ask_program);
    for (const agents::AgentData& agent : agents) {
      add_command(agent, context / "links");
      if (!agent.in_default_image) { // the tools image has the directories of the others
        add_home(agent, context / "home");
      }
    }
  });
  environment.progress.step("preparing the image for the box's user");
  environment.store.map_for_boxes(id);
  environment.store.tag(id, recipe.tag);
  return id;
}

/// Removes images of the same base and toolkits that the new ones replace. Keeps an image that a box uses, and one that
/// the user built on an image of ours and that inherited the label.
void remove_replaced(const BuildEnvironment& environment, const Recipe& recipe, const std::string& kept_id) {
  for (const std::string& id :
       environment.store.with_label(std::string(k_slot_label) + "=" + recipe.labels.at(k_slot_label))) {
    if (id != kept_id && environment.made.knows(id)) {
      environment.store.try_remove(id);
    }
  }
}

void refuse_without_glibc(const std::vector<agents::AgentData>& agents, Family family, const std::string& base) {
  for (const agents::AgentData& agent : agents) {
    if (agent.glibc_only && uses_musl(family)) {
      throw Error(ExitCode::refused, agent.title + ", which an agent of this image needs, is not published for " + base,
                  "choose a --base with glibc (Debian, Ubuntu, Fedora, openSUSE, Arch)");
    }
  }
}

/// Returns the agents to build with: those of `options`, else of the lock file, and those for which `choice` names a
/// package, which are pinned in `added` if the lock file does not pin them yet.
AgentsLock lock_for(const policy::ImageChoice& choice, const fs::path& share, const BuildOptions& options,
                    AgentsLock& added) {
  AgentsLock lock = options.agents.value_or(AgentsLock{});
  added = lock;
  const std::vector<agents::AgentData> needed = agents_of(choice.agents, {});
  if (!std::all_of(needed.begin(), needed.end(), [&](const auto& data) { return lock.agents.contains(data.name); })) {
    lock.agents.merge(load_lock(share).agents);
  }
  for (const auto& [name, package] : choice.agents) {
    if (!package.empty() && !is_pinned(lock, name, package)) {
      const std::map<std::string, std::string> environment = podman::caller_environment();
      const Fetcher fetcher(environment, options.ca_bundle, support::throw_if_interrupted);
      added.agents[name] =
          pin_package(name, package, registry_address(environment), fetcher, load_registry_trust(share));
      lock.agents[name] = added.agents[name];
    }
  }
  return lock;
}

ImageRef build_image(BuildEnvironment& environment, const podman::PodmanInfo& info,
                     const podman::Installation& installation, const policy::ImageChoice& choice,
                     const BaseChoice& base_choice, const AgentsLock& lock, const BuildOptions& options) {
  const fs::path data = installation.share / "containerfiles";
  const std::vector<agents::AgentData> agents = agents_of(choice.agents, lock);
  for (const agents::AgentData& agent : agents) {
    if (!lock.agents.contains(agent.name)) {
      throw Error(ExitCode::failed, lock_path(installation.share).string() + " does not pin " + agent.name,
                  "agentbox update");
    }
  }
  std::optional<Downloads> downloads;
  if (choice.base == policy::default_base_image()) { // its C library is known before it is pulled
    downloads.emplace(agents, lock, false, environment);
  }
  const Base base = ensure_base(environment, base_choice);
  refuse_onbuild(info, base.id, base.name);
  const Family family = family_of(environment, base);
  refuse_without_glibc(agents, family, base.name);
  if (!downloads) {
    downloads.emplace(agents, lock, uses_musl(family), environment);
  }
  const Recipe tools = tools_recipe(data, base, family, choice.toolkits, choice.packages);
  const std::string tools_id = build_tools(environment, tools, family, installation, options.confinement);
  const std::string entrypoint = support::sha256_hex(support::read_file(installation.entrypoint(), k_max_entrypoint));
  const Recipe agent = agent_recipe(data, tools, tools_id, versions_of(agents, lock, uses_musl(family)), entrypoint);
  if (const auto id = reusable(environment, agent.tag)) {
    return {*id, agent.tag};
  }
  if (!downloads->done()) {
    environment.progress.step("downloading the agents");
  }
  ImageRef image{build_agent(environment, agent, agents, downloads->get(), installation), agent.tag};
  remove_replaced(environment, agent, image.id);
  remove_replaced(environment, tools, tools_id);
  return image;
}

void check_ca_bundle(const std::optional<fs::path>& bundle) {
  constexpr std::size_t k_max_bundle = 16U << 20U;
  if (bundle && support::read_file(*bundle, k_max_bundle).find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    throw Error(ExitCode::usage, "the CA bundle " + bundle->string() + " contains no certificate",
                "--ca-bundle takes a file in PEM format");
  }
}

} // namespace

std::optional<ImageRef> known_agent_image(const podman::Installation& installation, const policy::ImageChoice& choice) {
  const std::string ingredients = ingredients_of(installation, choice, parse_base(choice.base, std::nullopt));
  return ImagesState::load().find(key_of(ingredients, installation.share));
}

ImageRef ensure_agent_image(const podman::Podman& podman, const podman::PodmanInfo& info,
                            const podman::Installation& installation, const policy::ImageChoice& choice,
                            const BuildOptions& options) {
  const BaseChoice base = parse_base(choice.base, options.workspace);
  const std::string ingredients = ingredients_of(installation, choice, base);
  std::string key = key_of(ingredients, installation.share);
  const MadeImages made(podman, info);
  const auto remembered = [&]() -> std::optional<ImageRef> {
    auto image = options.rebuild || options.agents ? std::nullopt : ImagesState::load().find(key);
    return image && made.has(image->id, image->tag) ? image : std::nullopt;
  };
  if (auto image = remembered()) {
    return *std::move(image);
  }
  const support::Signals signals; // an interrupted build removes what it made
  const BuildDirectory directory;
  if (auto image = remembered()) { // another process built it while we waited
    return *std::move(image);
  }
  check_ca_bundle(options.ca_bundle);
  require_space(info.graph_root, options.store_bytes);
  require_space(support::cache_directory(), options.cache_bytes);
  BuildLog log;
  Progress progress;
  BuildEnvironment environment{podman,           ImageStore(podman), made,           log, progress,
                               directory.path(), options.ca_bundle,  options.rebuild};
  remove_leftovers(environment.store); // of a build that was killed
  try {
    AgentsLock added;
    const AgentsLock lock = lock_for(choice, installation.share, options, added);
    ImageRef image = build_image(environment, info, installation, choice, base, lock, options);
    progress.done();
    if (!added.agents.empty()) {
      write_lock(added);
      key = key_of(ingredients, installation.share);
    }
    ImagesState::load().remember(key, image);
    remove_leftovers(environment.store);
    return image;
  } catch (...) {
    remove_leftovers(environment.store);
    throw;
  }
}

} // namespace agentbox::image
