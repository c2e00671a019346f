// SPDX-License-Identifier: Apache-2.0
#include "image/base.hpp"

#include "image/rootfs_scan.hpp"
#include "image/state.hpp"
#include "policy/policy.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

constexpr const char* k_bootstrapped = "localhost/agentbox/base:debian-bookworm";

std::string imported_tag(const BaseChoice& choice) {
  return "localhost/agentbox/base:" + support::sha256_hex(identity_of(choice)).substr(0, 12);
}

/// Imports `archive`. It is pinned only if its fingerprint is still `scanned`.
Base import(BuildEnvironment& environment, const BaseChoice& choice, const fs::path& archive, const std::string& tag,
            const std::string& origin, const std::string& scanned) {
  const auto before = environment.store.id_of(tag);
  environment.log.run("importing the base image", environment.podman.command({"import", archive.string(), tag}));
  const auto id = environment.store.id_of(tag);
  if (!id) {
    throw environment.log.failure("importing the base image");
  }
  if (support::fingerprint(archive) != scanned) {
    environment.store.try_remove(*id);
    throw Error(ExitCode::refused, "the base " + choice.text + " was changed while it was imported", "try again");
  }
  environment.made.pin(*id, tag);
  if (before && *before != *id) {
    environment.store.try_remove(*before);
  }
  return {choice.text, *id, origin};
}

Base bootstrap(BuildEnvironment& environment, const BaseChoice& choice, const std::string& mmdebstrap) {
  environment.progress.note("cannot pull " + choice.text +
                            ": building the same base from the Debian archive with mmdebstrap instead");
  environment.progress.step("bootstrapping Debian 12");
  const fs::path archive = environment.directory / "base.tar";
  environment.log.run("bootstrapping Debian 12", mmdebstrap_command(mmdebstrap, archive, podman::caller_environment()));
  Base base = import(environment, choice, archive, k_bootstrapped, "mmdebstrap", support::fingerprint(archive));
  fs::remove(archive);
  return base;
}

Error pull_error(const BaseChoice& choice, const support::Captured& result) {
  const std::string name = support::escape_untrusted(choice.text);
  for (const char* sign : {"manifest unknown", "name unknown", "not found", "access to the resource is denied",
                           "did not resolve", "unauthorized", "repository does not exist"}) {
    if (result.err.find(sign) != std::string::npos) {
      return {
          ExitCode::failed,
          "the base image " + name + " does not exist or is not public (" + podman::explain("pull", result).what() +
              ")",
          "check the name; podman login REGISTRY for a private image; --base dir:PATH or tar:PATH needs no registry"};
    }
  }
  const Error error = podman::explain("cannot pull the base image " + name, result);
  return {error.code(), error.what(),
          (error.hint().empty() ? "" : error.hint() + "; ") +
              "--base dir:PATH or tar:PATH needs no registry, nor does the default base where mmdebstrap is installed"};
}

/// Returns a base that is only on this machine: no registry has it.
Base require_local(const BuildEnvironment& environment, const BaseChoice& choice) {
  const auto id = environment.store.id_of(choice.text);
  if (!id) {
    throw Error(ExitCode::failed, "there is no image " + support::escape_untrusted(choice.text) + " on this machine",
                "podman images lists the images; podman build --tag NAME makes one");
  }
  return {choice.text, *id, "local"};
}

Base ensure_pulled(BuildEnvironment& environment, const BaseChoice& choice) {
  if (choice.text.starts_with("localhost/")) {
    return require_local(environment, choice);
  }
  const bool is_default = choice.text == policy::default_base_image();
  if (!environment.rebuild) {
    const auto id = is_default ? reusable(environment, choice.text) : environment.store.id_of(choice.text);
    if (id) {
      return {choice.text, *id, "registry"};
    }
  }
  if (const auto id = is_default ? reusable(environment, k_bootstrapped) : std::nullopt) {
    return {choice.text, *id, "mmdebstrap"};
  }
  environment.progress.step("pulling " + support::escape_untrusted(choice.text));
  constexpr support::CaptureLimits k_patient{1U << 20U, std::chrono::minutes(30)};
  const support::Captured result =
      support::capture(networked(environment, {"pull", "--quiet", choice.text}), {}, k_patient);
  if (result.status.ok()) {
    if (const auto id = environment.store.id_of(choice.text)) {
      environment.made.pin_pulled(*id, choice.text);
      return {choice.text, *id, "registry"};
    }
  }
  const auto mmdebstrap = is_default ? support::find_program("mmdebstrap") : std::nullopt;
  if (!mmdebstrap || result.err.find("no space left on device") != std::string::npos) {
    throw pull_error(choice, result);
  }
  return bootstrap(environment, choice, *mmdebstrap);
}

/// Packs in Podman's user namespace, where files of subordinate uids can be read. Files whose owner is not mapped there
/// belong to the host's root.
support::Command tar_command(const BuildEnvironment& environment, const BaseChoice& choice, const fs::path& tarball) {
  const auto tar = support::find_program("tar");
  if (!tar) {
    throw Error(ExitCode::failed, "tar is not installed", "sudo apt-get install tar, or: sudo dnf install tar");
  }
  const fs::path owners = environment.directory / "owners";
  support::write_file(owners, "+65534 root:0\n");
  return environment.podman.command({"unshare", *tar, "--create", "--file", tarball.string(), "--directory",
                                     choice.path.string(), "--one-file-system", "--numeric-owner", "--sparse",
                                     "--owner-map=" + owners.string(), "--group-map=" + owners.string(),
                                     "--exclude=./proc/*", "--exclude=./sys/*", "--exclude=./dev/*",
                                     "--exclude=./run/*", "--exclude=./tmp/*", "."});
}

/// Returns the archive to import: the user's own, or the directory packed into the work directory.
fs::path packed(const BuildEnvironment& environment, const BaseChoice& choice) {
  if (choice.kind == BaseChoice::Kind::tarball) {
    return choice.path;
  }
  const fs::path archive = environment.directory / "base.tar";
  if (!environment.log.try_run(tar_command(environment, choice, archive)).ok()) {
    const Error error = environment.log.failure("reading " + choice.text);
    throw Error(ExitCode::failed, error.what(),
                "for files that you cannot read, make a tarball as their owner and use tar:PATH; " + error.hint());
  }
  return archive;
}

Base ensure_imported(BuildEnvironment& environment, const BaseChoice& choice) {
  const std::string tag = imported_tag(choice);
  if (const auto id = reusable(environment, tag)) {
    return {choice.text, *id, "rootfs"};
  }
  environment.progress.step("importing " + support::escape_untrusted(choice.text));
  const fs::path archive = packed(environment, choice);
  const std::string scanned = support::fingerprint(archive);
  refuse_credentials_in_rootfs(archive, choice.text);
  Base base = import(environment, choice, archive, tag, "rootfs", scanned);
  if (archive != choice.path) {
    fs::remove(archive);
  }
  return base;
}

} // namespace

std::optional<std::string> reusable(const BuildEnvironment& environment, const std::string& tag) {
  const auto id = environment.rebuild ? std::nullopt : environment.store.id_of(tag);
  if (!id || environment.made.has(*id, tag)) {
    return id;
  }
  environment.progress.note("not using the image " + support::escape_untrusted(tag) +
                            " in Podman's store: agentbox neither built nor pulled it");
  return std::nullopt;
}

support::Command networked(const BuildEnvironment& environment, const std::vector<std::string>& args) {
  support::Command command = environment.podman.command(args, podman::Reach::registry);
  if (environment.ca_bundle) {
    command.env["SSL_CERT_FILE"] = environment.ca_bundle->string();
  }
  return command;
}

Base ensure_base(BuildEnvironment& environment, const BaseChoice& choice) {
  return choice.kind == BaseChoice::Kind::reference ? ensure_pulled(environment, choice)
                                                    : ensure_imported(environment, choice);
}

support::Command mmdebstrap_command(const std::string& program, const fs::path& target,
                                    const std::map<std::string, std::string>& caller) {
  support::Command command;
  // Like debian:bookworm-slim: the essential packages and apt, without documentation.
  command.argv = {program, "--variant=minbase", "--mode=unshare", "--format=tar",
                  "--aptopt=Acquire::Languages \"none\"", "--dpkgopt=path-exclude=/usr/share/doc/*",
                  "--dpkgopt=path-include=/usr/share/doc/*/copyright", "--dpkgopt=path-exclude=/usr/share/info/*",
                  "--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=path-exclude=/usr/share/man/*",
                  // No file needs to survive a power cut: an interrupted build starts over.
                  "--dpkgopt=force-unsafe-io",
                  // mmdebstrap leaves the host's files there.
                  R"(--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf")", "bookworm", target.string()};
  command.env = podman::constructed_environment(caller, podman::Reach::registry);
  command.env["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
  command.env["HOME"] = "/nonexistent"; // dpkg and debconf would read the user's settings
  return command;
}

} // namespace agentbox::image
