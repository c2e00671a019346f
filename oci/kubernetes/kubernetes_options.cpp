// SPDX-License-Identifier: Apache-2.0
#include "oci/kubernetes/kubernetes_parts.hpp"
#include "policy/egress_index.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

using support::Error;
using support::ExitCode;

/// Returns whether `text` is a valid name of a Kubernetes object (RFC 1123): a label or, with `dots`, several labels
/// separated by dots.
bool is_object_name(const std::string& text, bool dots) {
  constexpr std::size_t k_max = 253;
  constexpr std::size_t k_max_label = 63;
  if (text.size() > (dots ? k_max : k_max_label)) {
    return false;
  }
  const auto is_label = [](std::string_view label) {
    return !label.empty() && label.front() != '-' && label.back() != '-' &&
           label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  };
  std::string_view rest = text;
  for (std::size_t dot = rest.find('.'); dots && dot != std::string::npos; dot = rest.find('.')) {
    if (!is_label(rest.substr(0, dot))) {
      return false;
    }
    rest.remove_prefix(dot + 1);
  }
  return is_label(rest);
}

/// Returns whether `text` is UTF-8 without line breaks or invisible characters.
bool is_plain_line(const std::string& text) {
  return support::escape_untrusted(text, text.size() * 4) == text;
}

/// Throws unless `url` is an https URL and `egress` allows its host: the clone runs behind the firewall.
void check_git_url(const policy::EgressPolicy& egress, const std::string& url) {
  constexpr std::string_view k_scheme = "https://";
  const bool clean =
      url.starts_with(k_scheme) && is_plain_line(url) && url.find_first_of(" \t\r\n\"'\\$") == std::string::npos;
  const std::string rest = clean ? url.substr(k_scheme.size()) : "";
  const std::string authority = rest.substr(0, rest.find('/'));
  if (!clean || authority.size() == rest.size()) {
    throw Error(ExitCode::usage, "--git takes https://HOST/PATH, not " + support::escape_untrusted(url));
  }
  if (authority.find('@') != std::string::npos) {
    throw Error(
        ExitCode::usage, "--git: a URL with a user or a password would be written into the manifest",
        "use a deploy token from a Secret in a workspace claim of your own, or a repository that everybody can read");
  }
  const auto parsed = policy::parse_host_entry(authority);
  const auto* entry = std::get_if<policy::HostEntry>(&parsed);
  if (entry == nullptr || entry->pattern.subdomains) {
    throw Error(ExitCode::usage, "--git: " + support::escape_untrusted(authority) + " is not a valid host name");
  }
  if (egress.mode == policy::NetworkMode::filtered &&
      !policy::EgressIndex(egress).decide(entry->pattern.name, entry->port).allowed()) {
    throw Error(ExitCode::refused, "--git: the firewall does not let the box reach " + entry->text(),
                "add --allow " + entry->text());
  }
}

} // namespace

void check_options(const policy::PolicyFields& fields, const KubernetesOptions& options) {
  const auto& [kind, parallel, name_space, workspace_claim, git_url, git_branch, workspace_host_path, runtime_seccomp] =
      options;
  static_cast<void>(runtime_seccomp);
  const int sources = static_cast<int>(!workspace_claim.empty()) + static_cast<int>(!git_url.empty()) +
                      static_cast<int>(workspace_host_path);
  if (sources == 0) {
    throw cannot_express(OutputFormat::kubernetes, "workspace.source", fields.workspace.source.string());
  }
  if (sources > 1) {
    throw Error(ExitCode::usage, "only one of --workspace-claim, --git and --workspace-host-path can be given");
  }
  constexpr std::uint32_t k_max_agents = 10000;
  if (parallel == 0 || parallel > k_max_agents) {
    throw Error(ExitCode::usage, "--parallel takes 1 to 10000");
  }
  if (parallel > 1 && kind != KubernetesOptions::Kind::job) {
    throw Error(ExitCode::usage, "--parallel makes a Job and cannot be combined with another --kind");
  }
  if (parallel > 1 && workspace_host_path) {
    throw Error(ExitCode::usage,
                "--parallel needs a separate workspace per agent; --workspace-host-path would give them all the same "
                "one",
                "use --git URL or --workspace-claim NAME");
  }
  if (!name_space.empty() && !is_object_name(name_space, false)) {
    throw Error(ExitCode::usage,
                "--namespace: " + support::escape_untrusted(name_space) + " is not a valid Kubernetes name");
  }
  if (!workspace_claim.empty() && !is_object_name(workspace_claim, true)) {
    throw Error(ExitCode::usage,
                "--workspace-claim: " + support::escape_untrusted(workspace_claim) + " is not a valid Kubernetes name");
  }
  if (!git_url.empty()) {
    check_git_url(fields.egress, git_url);
  }
  if (!git_branch.empty() && (git_url.empty() || git_branch.front() == '-' || !is_plain_line(git_branch) ||
                              git_branch.find_first_of(" \t\r\n$~^:?*[\\") != std::string::npos)) {
    throw Error(ExitCode::usage, "--git-branch takes a branch or a tag of the repository of --git");
  }
}

} // namespace agentbox::oci
