// SPDX-License-Identifier: Apache-2.0
#include "box/labels.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <mntent.h>
#include <spdlog/spdlog.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "boxes/registry.hpp"
#include "config/instructions.hpp"
#include "config/workspace.hpp"
#include "conversations/store.hpp"
#include "policy/path_rules.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace {

namespace fs = std::filesystem;
using selinux::Access;
using selinux::Relabelling;
using support::Error;
using support::ExitCode;

fs::path label_records_directory() {
  return support::state_directory() / "selinux";
}

std::vector<fs::path> host_mount_points() {
  std::vector<fs::path> points;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> table(setmntent("/proc/self/mounts", "re"), endmntent);
  if (!table) {
    throw support::system_error(ExitCode::refused, "cannot read /proc/self/mounts", errno);
  }
  while (const mntent* entry = getmntent(table.get())) {
    points.emplace_back(entry->mnt_dir);
  }
  return points;
}

std::vector<HeldPath> held_paths(const std::string& own_name) {
  std::vector<HeldPath> held;
  for (const boxes::FoundSession& box : boxes::find_sessions()) {
    if (!box.alive || !box.record || box.name == own_name) {
      continue;
    }
    for (const std::string& path : box.record->labelled) {
      held.push_back({path, box.record->level, box.name});
    }
  }
  return held;
}

std::string shown_path(const fs::path& path) {
  return support::in_quotes(path.string(), 1000);
}

/// Returns the command with which a user labels `path` for boxes whose files have context `files`.
std::string label_command(const fs::path& path, const selinux::Context& files) {
  std::vector<std::string> words = {"chcon", "-R", "-t", files.type};
  if (!files.level.empty()) {
    words.insert(words.end(), {"-l", files.level});
  }
  words.push_back(path.string());
  return support::shell_quote(words);
}

/// Returns the hint for a context whose file system has no labels: the boolean that opens it to containers.
std::string boolean_for(std::string_view context) {
  for (const auto& [type, name] : {std::pair(":nfs_t", "virt_use_nfs"), {":cifs_t", "virt_use_samba"}}) {
    if (context.find(type) != std::string_view::npos) {
      return std::string("sudo setsebool -P ") + name + " on   (for all containers); or use a local directory";
    }
  }
  return "use a directory on a local file system with labels (ext4, XFS, Btrfs)";
}

class LabelChooser {
public:
  LabelChooser(const policy::PolicyFields& fields, const Identities& sources, const LabelFacts& facts)
      : m_fields(fields), m_sources(sources), m_facts(facts) {
    m_labels.enforcing = facts.selinux.enforcing;
    std::vector<std::string> logins;
    for (const policy::Mount& mount : fields.mounts) {
      if (is_login(mount)) {
        logins.push_back(login_of(mount));
      }
    }
    m_labels.contexts = selinux::box_contexts(facts.selinux.contexts, facts.selinux.levels, facts.uid,
                                              fields.workspace.source.native(), logins);
  }

  BoxLabels run() {
    const fs::path& workspace = m_fields.workspace.source;
    if (is_own(workspace)) {
      relabel(workspace, m_labels.own_paths, false);
    } else if (const std::string why = why_not_project(); why.empty()) {
      relabel(workspace, m_labels.user_paths, true);
    } else {
      require_access(workspace, Access::write, why, "");
    }
    for (const policy::Mount& mount : m_fields.mounts) {
      if (mount.reason == conversations::k_reason || mount.reason == policy::k_home_reason ||
          (is_own(workspace) && is_own(mount.source))) {
        relabel(mount.source, m_labels.own_paths, false);
      } else if (is_login(mount)) {
        relabel_login(mount);
      } else if (mount.reason !=
                 config::k_instructions_reason) { // the box sees a copy, labelled with the session's files
        label_mount(mount);
      }
    }
    return std::move(m_labels);
  }

private:
  /// Returns whether agentbox made `path`, as the workspace of one of its own boxes (login, doctor).
  bool is_own(const fs::path& path) const {
    return !m_facts.own.empty() && policy::contains_path(m_facts.own.native(), path.native());
  }

  static bool is_login(const policy::Mount& mount) { return mount.reason.starts_with(policy::k_auth_reason); }

  static std::string login_of(const policy::Mount& mount) {
    return mount.reason.substr(std::string_view(policy::k_auth_reason).size());
  }

  /// Returns why agentbox does not label the workspace, or empty.
  std::string why_not_project() const {
    return why_not(m_fields.workspace.source, m_facts.not_a_project.empty() ? "" : "agentbox labels only projects");
  }

  /// Returns why agentbox does not label `path`, or empty. `problem`: what is wrong with the path itself.
  std::string why_not(const fs::path& path, const std::string& problem) const {
    if (m_facts.choice == config::LabelChoice::never) {
      return "[selinux] label is \"never\"";
    }
    if (!problem.empty()) {
      return problem;
    }
    for (const fs::path& point : m_facts.mount_points) {
      if (point != path && policy::contains_path(path.native(), point.native())) {
        return "another file system is mounted in it, at " + shown_path(point);
      }
    }
    return {};
  }

  Relabelling relabelling(const fs::path& path, selinux::Label label) const {
    const auto identity = m_sources.find(path);
    Relabelling what{path, std::move(label), identity == m_sources.end() || identity->second.directory};
    if (identity != m_sources.end() && identity->second.inode != 0) { // else it is made later
      what.identity = protocol::FileId{identity->second.device, identity->second.inode};
    }
    return what;
  }

  /// Returns whether `path` gets the project's label together with a directory above it.
  bool is_inside_labelled(const fs::path& path) const {
    return std::any_of(m_labels.user_paths.begin(), m_labels.user_paths.end(), [&](const Relabelling& one) {
      return one.label.level == m_labels.contexts.project.level && one.tree &&
             policy::contains_path(one.path.native(), path.native());
    });
  }

  void label_mount(const policy::Mount& mount) {
    if (is_inside_labelled(mount.source)) {
      return;
    }
    const std::string problem = m_facts.label_problem(mount.source);
    const std::string why = why_not(mount.source, problem.empty() ? "" : "agentbox does not label it: " + problem);
    if (mount.label && why.empty()) {
      relabel(mount.source, m_labels.user_paths, true);
      return;
    }
    require_access(mount.source, mount.read_only ? Access::read : Access::write,
                   mount.label ? why : "agentbox labels only mounts with the option \"label\"",
                   why.empty() ? "add the option (--mount SRC:DST:label, or label = true in [[mounts]]), or run: "
                               : "");
  }

  /// Boxes of several projects may use a login at the same time.
  void relabel_login(const policy::Mount& mount) {
    selinux::Label label = selinux::label_of(m_labels.contexts.project);
    if (m_facts.selinux.levels) {
      label.level = selinux::login_level(m_facts.uid, login_of(mount));
    }
    (is_own(mount.source) ? m_labels.own_paths : m_labels.user_paths).push_back(relabelling(mount.source, label));
  }

  void relabel(const fs::path& path, std::vector<Relabelling>& list, bool recorded) {
    require_free(path);
    Relabelling what = relabelling(path, selinux::label_of(m_labels.contexts.project));
    if (const auto before = recorded ? m_facts.read_record(path) : std::nullopt;
        before && before->label == what.label && before->identity == what.identity) {
      what.changed_since = before->time;
      if (path == m_fields.workspace.source && before->time == m_facts.changes.since) {
        what.changes = m_facts.changes;
      }
    }
    list.push_back(std::move(what));
  }

  /// Refuses a path that a running box uses with another label: that box would lose access to it.
  void require_free(const fs::path& path) const {
    for (const auto& [held, level, box] : m_facts.held) {
      if (m_facts.selinux.enforcing && level != m_labels.contexts.project.level &&
          policy::overlap(held.native(), path.native())) {
        throw Error(ExitCode::refused,
                    fmt::format("box \"{}\" uses {} with another SELinux label", support::escape_untrusted(box),
                                shown_path(held)),
                    "wait until it has ended, or stop it: agentbox stop " + support::escape_untrusted(box));
      }
    }
  }

  /// Refuses a path that SELinux denies the box. The hint is `otherwise`, then the command that labels it.
  void require_access(const fs::path& path, Access access, const std::string& why, const std::string& otherwise) const {
    const auto identity = m_sources.find(path);
    const bool directory = identity == m_sources.end() || identity->second.directory;
    const std::string context = m_facts.context_of(path);
    if (m_facts.is_allowed(m_labels.contexts.agent, context, directory, access)) {
      return;
    }
    const std::string problem =
        fmt::format("SELinux denies the box {} access to {} ({}), and {}", access == Access::read ? "read" : "write",
                    shown_path(path), support::escape_untrusted(context), why);
    if (m_facts.selinux.enforcing) {
      throw Error(ExitCode::refused, problem, otherwise + label_command(path, m_labels.contexts.project));
    }
    spdlog::warn("{}; SELinux is permissive now", problem);
  }

  const policy::PolicyFields& m_fields;
  const Identities& m_sources;
  const LabelFacts& m_facts;
  BoxLabels m_labels;
};

void require_usable_label(const Relabelling& what, const selinux::Context& process, int error) {
  const std::string context = selinux::context_of(what.path);
  if (selinux::is_allowed(process, context, what.tree, Access::write)) {
    return;
  }
  const std::string problem = fmt::format("cannot set the SELinux label of {} ({}): {}", shown_path(what.path),
                                          support::escape_untrusted(context), std::generic_category().message(error));
  if (selinux::host_mode() == selinux::Mode::enforcing) {
    throw Error(ExitCode::refused, problem, boolean_for(context));
  }
  spdlog::warn("{}; SELinux is permissive now", problem);
}

void announce_report(const Relabelling& what, const selinux::RelabelReport& report) {
  const std::string undo = support::shell_quote({"restorecon", "-RF", what.path.string()});
  if (report.changed > 0) {
    spdlog::info("labelled {} {} of {} for this directory's boxes (SELinux: {}); undo: {}", report.changed,
                 report.changed == 1 ? "entry" : "entries", support::escape_untrusted(what.path.string(), 1000),
                 to_text(what.label), support::escape_untrusted(undo, 1000));
  }
  if (report.linked > 0) {
    spdlog::info("{} files keep their SELinux label and cannot be read in the box: they have hard links outside of the "
                 "project (first: {}); to separate one: cp FILE FILE.new && mv FILE.new FILE",
                 report.linked, support::escape_untrusted(report.first_linked, 1000));
  }
  if (report.denied > 0) {
    spdlog::info("{} files keep their SELinux label and cannot be read in the box: they belong to another user or are "
                 "immutable (first: {})",
                 report.denied, support::escape_untrusted(report.first_denied, 1000));
  }
}

} // namespace

LabelFacts label_facts(const policy::PolicyFields& fields, const selinux::HostSelinux& host,
                       config::LabelChoice choice) {
  LabelFacts facts;
  facts.selinux = host;
  facts.uid = geteuid();
  facts.choice = choice;
  facts.label_problem = [home = support::home_directory()](const fs::path& path) {
    return config::label_problem(path, home);
  };
  try {
    config::require_project(fields.workspace.source, support::home_directory());
  } catch (const Error& error) {
    facts.not_a_project = error.what();
  }
  std::error_code error;
  facts.own = fs::weakly_canonical(support::state_directory(), error);
  facts.held = held_paths(fields.name);
  facts.mount_points = host_mount_points();
  facts.read_record = [](const fs::path& path) { return selinux::read_label_record(label_records_directory(), path); };
  facts.context_of = [](const fs::path& path) { return selinux::context_of(path); };
  facts.is_allowed = selinux::is_allowed;
  return facts;
}

BoxLabels choose_labels(const policy::PolicyFields& fields, const Identities& sources, const LabelFacts& facts) {
  return LabelChooser(fields, sources, facts).run();
}

std::int64_t labelled_at(const fs::path& workspace) {
  const auto record = selinux::read_label_record(label_records_directory(), workspace);
  return record ? record->time : 0;
}

std::optional<BoxLabels> labels_for(const policy::PolicyFields& fields, const podman::PodmanInfo& podman,
                                    const oci::HostFacts& host, config::LabelChoice choice) {
  const auto selinux = podman.selinux ? selinux::host_selinux() : std::nullopt;
  if (!selinux) {
    return std::nullopt;
  }
  LabelFacts facts = label_facts(fields, *selinux, choice);
  facts.changes = host.changes;
  return choose_labels(fields, host.sources, facts);
}

oci::SelinuxLabels oci_labels(const selinux::BoxContexts& contexts) {
  return {to_text(contexts.agent),    to_text(contexts.agent_files),    contexts.agent.level,
          to_text(contexts.firewall), to_text(contexts.firewall_files), contexts.firewall.level,
          contexts.project.level};
}

void apply_labels(const std::vector<Relabelling>& paths, const selinux::Context& process, bool announce,
                  selinux::FileLabels& labels) {
  for (const Relabelling& what : paths) {
    const std::int64_t began = what.changes ? what.changes->began : support::file_time_now();
    const selinux::RelabelReport report = selinux::relabel(what, labels, [&](std::size_t count) {
      support::throw_if_interrupted();
      if (announce && what.changed_since == 0) {
        spdlog::info("labelling {} for SELinux: {} files", support::escape_untrusted(what.path.string(), 1000), count);
      }
    });
    if (report.error != 0) {
      require_usable_label(what, process, report.error);
    }
    if (announce) {
      announce_report(what, report);
      if (what.identity && report.error == 0) {
        selinux::write_label_record(label_records_directory(), what.path, {*what.identity, what.label, began});
      }
    }
  }
}

} // namespace agentbox::box
