// SPDX-License-Identifier: Apache-2.0
#include "image/base.hpp"

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

constexpr const char* k_bootstrapped = "localhost/agentbox/base:debian-bookworm";

std::string imported_tag(const BaseChoice& choice) {
  return "localhost/agentbox/base:" + support::sha256_hex(identity_of(choice)).substr(0, 12);
}

Base import(Workshop& workshop, const BaseChoice& choice, const fs::path& tarball, const std::string& tag,
            const std::string& origin) {
  const auto before = workshop.store.id_of(tag);
  workshop.log.run("importing the base image", workshop.podman.command({"import", tarball.string(), tag}));
  const auto id = workshop.store.id_of(tag);
  if (!id) {
    throw workshop.log.failure("importing the base image");
  }
  if (before && *before != *id) {
    workshop.store.try_remove(*before);
  }
  return {choice.text, *id, origin};
}

Base bootstrap(Workshop& workshop, const BaseChoice& choice, const std::string& mmdebstrap) {
  workshop.progress.note("the registry of " + choice.text +
                         " cannot be reached: making the same base from the Debian archive with mmdebstrap");
  workshop.progress.step("bootstrapping Debian bookworm");
  const fs::path tarball = workshop.folder / "base.tar";
  workshop.log.run("bootstrapping Debian bookworm",
                   mmdebstrap_command(mmdebstrap, tarball, podman::caller_environment()));
  Base base = import(workshop, choice, tarball, k_bootstrapped, "mmdebstrap");
  fs::remove(tarball);
  return base;
}

Error pull_error(const BaseChoice& choice, const support::Captured& result) {
  const std::string name = support::escape_untrusted(choice.text);
  for (const char* sign : {"manifest unknown", "name unknown", "not found", "access to the resource is denied",
                           "did not resolve", "unauthorized", "repository does not exist"}) {
    if (result.err.find(sign) != std::string::npos) {
      return {ExitCode::failed,
              "there is no image " + name + ", or it is not public (" + podman::explain("pull", result).what() + ")",
              "check the name; podman login REGISTRY for a private one; --base dir:PATH or tar:PATH needs no registry"};
    }
  }
  const Error error = podman::explain("cannot pull " + name, result);
  return {error.code(), error.what(),
          (error.hint().empty() ? "" : error.hint() + "; ") +
              std::string("--base dir:PATH or tar:PATH needs no registry, and with mmdebstrap "
                          "installed the default base does not either")};
}

/// An image that was made on this machine: no registry has it.
Base require_local(const Workshop& workshop, const BaseChoice& choice) {
  const auto id = workshop.store.id_of(choice.text);
  if (!id) {
    throw Error(ExitCode::failed,
                "there is no image " + support::escape_untrusted(choice.text) + ", and localhost/ is no registry",
                "podman images lists what there is; podman build --tag NAME makes one");
  }
  return {choice.text, *id, "local"};
}

Base ensure_pulled(Workshop& workshop, const BaseChoice& choice) {
  if (choice.text.starts_with("localhost/")) {
    return require_local(workshop, choice);
  }
  const bool is_default = choice.text == policy::default_base_image();
  if (!workshop.renew) {
    if (const auto id = workshop.store.id_of(choice.text)) {
      return {choice.text, *id, "registry"};
    }
    if (const auto id = is_default ? workshop.store.id_of(k_bootstrapped) : std::nullopt) {
      return {choice.text, *id, "mmdebstrap"};
    }
  }
  workshop.progress.step("pulling " + support::escape_untrusted(choice.text));
  constexpr support::CaptureLimits k_patient{1U << 20U, std::chrono::minutes(30)};
  const support::Captured result =
      support::capture(networked(workshop, {"pull", "--quiet", choice.text}), {}, k_patient);
  if (result.status.ok()) {
    if (const auto id = workshop.store.id_of(choice.text)) {
      return {choice.text, *id, "registry"};
    }
  }
  const auto mmdebstrap = is_default ? support::find_program("mmdebstrap") : std::nullopt;
  if (!mmdebstrap || result.err.find("no space left on device") != std::string::npos) {
    throw pull_error(choice, result);
  }
  return bootstrap(workshop, choice, *mmdebstrap);
}

/// Inside Podman's user namespace, where the files of subordinate uids can be read. What belongs to nobody there
/// belongs to the host's root outside.
support::Command tar_command(const Workshop& workshop, const BaseChoice& choice, const fs::path& tarball) {
  const auto tar = support::find_program("tar");
  if (!tar) {
    throw Error(ExitCode::failed, "tar is not installed", "sudo apt-get install tar, or: sudo dnf install tar");
  }
  const fs::path owners = workshop.folder / "owners";
  support::write_file(owners, "+65534 root:0\n");
  return workshop.podman.command({"unshare", *tar, "--create", "--file", tarball.string(), "--directory",
                                  choice.path.string(), "--one-file-system", "--numeric-owner", "--sparse",
                                  "--owner-map=" + owners.string(), "--group-map=" + owners.string(),
                                  "--exclude=./proc/*", "--exclude=./sys/*", "--exclude=./dev/*", "--exclude=./run/*",
                                  "--exclude=./tmp/*", "."});
}

Base ensure_imported(Workshop& workshop, const BaseChoice& choice) {
  const std::string tag = imported_tag(choice);
  if (!workshop.renew) {
    if (const auto id = workshop.store.id_of(tag)) {
      return {choice.text, *id, "rootfs"};
    }
  }
  workshop.progress.step("importing " + support::escape_untrusted(choice.text));
  refuse_credentials_in_rootfs(choice);
  if (choice.kind == BaseChoice::Kind::tarball) {
    return import(workshop, choice, choice.path, tag, "rootfs");
  }
  const fs::path tarball = workshop.folder / "base.tar";
  if (!workshop.log.try_run(tar_command(workshop, choice, tarball)).ok()) {
    const Error error = workshop.log.failure("reading " + choice.text);
    throw Error(ExitCode::failed, error.what(),
                "files that you may not read: make a tarball as their owner and use tar:PATH; " + error.hint());
  }
  Base base = import(workshop, choice, tarball, tag, "rootfs");
  fs::remove(tarball);
  return base;
}

} // namespace

support::Command networked(const Workshop& workshop, const std::vector<std::string>& args) {
  support::Command command = workshop.podman.command(args, podman::Reach::registry);
  if (workshop.ca_bundle) {
    command.env["SSL_CERT_FILE"] = workshop.ca_bundle->string();
  }
  return command;
}

Base ensure_base(Workshop& workshop, const BaseChoice& choice) {
  return choice.kind == BaseChoice::Kind::reference ? ensure_pulled(workshop, choice)
                                                    : ensure_imported(workshop, choice);
}

support::Command mmdebstrap_command(const std::string& program, const fs::path& target,
                                    const std::map<std::string, std::string>& caller) {
  support::Command command;
  // What debian:bookworm-slim is: the essential packages and apt, without documentation.
  command.argv = {program, "--variant=minbase", "--mode=unshare", "--format=tar",
                  "--aptopt=Acquire::Languages \"none\"", "--dpkgopt=path-exclude=/usr/share/doc/*",
                  "--dpkgopt=path-include=/usr/share/doc/*/copyright", "--dpkgopt=path-exclude=/usr/share/info/*",
                  "--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=path-exclude=/usr/share/man/*",
                  // No file needs to survive a power cut: what breaks off is made anew.
                  "--dpkgopt=force-unsafe-io",
                  // mmdebstrap leaves the host's own there.
                  R"(--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf")", "bookworm", target.string()};
  command.env = podman::constructed_environment(caller, podman::Reach::registry);
  command.env["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
  command.env["HOME"] = "/nonexistent"; // dpkg and debconf would look for the user's own settings
  return command;
}

} // namespace agentbox::image
