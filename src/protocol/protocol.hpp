// SPDX-License-Identifier: Apache-2.0
// Everything that two of agentbox's programs must agree on: names of files, containers, annotations and variables,
// addresses and formats. Included by the launcher, the hook, the firewall and the programs inside the box, which are
// linked statically and without exceptions: constants and inline functions only.
#pragma once
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace agentbox::protocol {

// Files of a session, below $XDG_RUNTIME_DIR/agentbox/sessions/NAME. ARCHITECTURE.md says who writes which.
inline constexpr const char* k_lock = "lock";
inline constexpr const char* k_session_record = "session.json";
inline constexpr const char* k_workspace_claim = "workspace"; ///< "DEV:INO\n" of the workspace
inline constexpr const char* k_hooks_directory = "hooks";
inline constexpr const char* k_hook_file = "agentbox.json"; ///< in k_hooks_directory
inline constexpr const char* k_agent_config = "agent.json";
inline constexpr const char* k_firewall_config = "firewall.json";
inline constexpr const char* k_agent_env = "agent-env";    ///< FIFO: JSON object of the values of --env
inline constexpr const char* k_pod_name_fifo = "pod-name"; ///< FIFO: the pod's name, as soon as the pod exists
inline constexpr const char* k_hook_error = "hook-error";  ///< message and hint of the hook's refusal, a line each
inline constexpr const char* k_firewall_pid = "firewall.pid";
inline constexpr const char* k_new_firewall_pid = "firewall.pid.new"; ///< becomes k_firewall_pid when it is written
inline constexpr const char* k_agent_pid = "agent.pid";
inline constexpr const char* k_egress = "egress.json";
inline constexpr const char* k_hosts = "hosts";
inline constexpr const char* k_resolv_conf = "resolv.conf";
inline constexpr const char* k_empty = "empty";       ///< mounted over each masked file
inline constexpr const char* k_box_directory = "box"; ///< mounted read-only into the agent's container only
inline constexpr const char* k_run_directory = "run";
inline constexpr const char* k_run_ready = "run/ready";   ///< the nonce and a newline: the firewall serves
inline constexpr const char* k_run_failed = "run/failed"; ///< why the firewall could not start, one line
inline constexpr const char* k_run_leash = "run/leash";   ///< FIFO: only the launcher has it open for writing

// The file of k_box_directory, at k_run_path in the agent's container: what the agent may know about its box.
inline constexpr const char* k_box_file = "box.json";
inline constexpr const char* k_box_file_path = "/run/agentbox/box.json";
// The user's Git settings, in the same directory.
inline constexpr const char* k_git_config = "gitconfig";
inline constexpr const char* k_git_config_path = "/run/agentbox/gitconfig";
inline constexpr const char* k_git_ignore = "gitignore";
inline constexpr const char* k_git_attributes = "gitattributes";

// Files of the firewall's run directory (k_run_path in its container, k_run_directory outside).
inline constexpr const char* k_ready = "ready";
inline constexpr const char* k_failed = "failed";
inline constexpr const char* k_control_socket = "control";
inline constexpr const char* k_host_resolv_conf = "resolv.conf"; ///< the host's name servers, kept up to date

// Files of the audit directory: BOX + suffix.
inline constexpr const char* k_log_suffix = ".jsonl";
inline constexpr const char* k_old_log_suffix = ".jsonl.1";
inline constexpr const char* k_totals_suffix = ".totals";
inline constexpr const char* k_log_lock_suffix = ".lock";

// Paths inside the containers.
inline constexpr const char* k_firewall_program = "/agentbox-firewall";
inline constexpr const char* k_egress_path = "/etc/agentbox/egress.json";
inline constexpr const char* k_run_path = "/run/agentbox";
inline constexpr const char* k_leash_path = "/run/agentbox/leash";
inline constexpr const char* k_audit_path = "/var/log/agentbox";
inline constexpr const char* k_entrypoint_program = "/usr/local/bin/agent-entrypoint";
inline constexpr const char* k_ask_program = "agentbox-ask"; ///< beside k_entrypoint_program, a link to it
/// Below the agent's home: a directory for each agent whose login the box has.
inline constexpr const char* k_login_directory = ".agentbox-login";
inline constexpr const char* k_ca_bundle_path = "/etc/agentbox/ca-bundle.pem";

// The pod of box NAME is "agentbox-NAME", its containers "agentbox-NAME-agent" and "agentbox-NAME-firewall".
inline constexpr const char* k_pod_prefix = "agentbox-";
inline constexpr const char* k_agent_suffix = "-agent";
inline constexpr const char* k_firewall_suffix = "-firewall";

// Annotations (of the pod: labels) that agentbox sets.
inline constexpr const char* k_role_annotation = "org.agentbox.role"; ///< k_agent_role; the agent's container only
inline constexpr const char* k_agent_role = "agent";
inline constexpr const char* k_box_annotation = "org.agentbox.box";       ///< the box's name
inline constexpr const char* k_agent_annotation = "org.agentbox.agent";   ///< the agent's name
inline constexpr const char* k_egress_annotation = "org.agentbox.egress"; ///< SHA-256 of egress.json, hex
/// For the hook, which checks and removes it: {"/host/path":"DEV:INO",…} of the bind mounts.
inline constexpr const char* k_sources_annotation = "org.agentbox.sources";

/// The label of all images that agentbox builds: "tools", "agent" or "firewall".
inline constexpr const char* k_image_label = "org.agentbox.image";

// Environment of agent-entrypoint.
inline constexpr const char* k_network_variable = "AGENTBOX_NETWORK"; ///< "filtered" or "full"
inline constexpr const char* k_filtered = "filtered";
inline constexpr const char* k_full = "full";
inline constexpr const char* k_pids_variable = "AGENTBOX_PIDS"; ///< RLIMIT_NPROC
inline constexpr const char* k_open_files_variable =
    "AGENTBOX_OPEN_FILES";                                       ///< RLIMIT_NOFILE, where the format has none
inline constexpr const char* k_nonce_variable = "AGENTBOX_GATE"; ///< the nonce that the firewall must answer with
/// The box's mounts, a line "KIND ID PATH" for each. KIND: v (visible), c (covered by a later mount) or o (need not be
/// mounted), then optionally r (must be read-only) and l (links in the image may redirect it). ID: "DEV:INO" of the
/// mounted file or directory, or "-". PATH: as in /proc/self/mountinfo, where " ", "\t", "\n" and "\\" are \ooo. The
/// lines that do not fit into k_max_mounts_bytes are in AGENTBOX_MOUNTS_1, then AGENTBOX_MOUNTS_2, and so on.
inline constexpr const char* k_mounts_variable = "AGENTBOX_MOUNTS";
inline constexpr std::size_t k_max_mounts_bytes = 96U << 10U; ///< a variable has at most 128 KiB (MAX_ARG_STRLEN)
inline constexpr std::size_t k_max_mounts_variables = 12;     ///< all have at most a quarter of the stack limit, 2 MiB
/// The agent's rights to files (landlock(7)). The first line is "abi N": the kernel's Landlock must support at
/// least N, and no more than N is used. The others are "RIGHTS PATH", RIGHTS of l (list), r (read), w (write) and x
/// (execute), or once "image LEFT_OUT... ": everything in / that is not mounted is read and executed, except LEFT_OUT.
inline constexpr const char* k_landlock_variable = "AGENTBOX_LANDLOCK";
inline constexpr const char* k_leash_variable =
    "AGENTBOX_LEASH";                ///< "1": descriptor k_leash_fd is a socket whose other end only the launcher has
inline constexpr int k_leash_fd = 3; // the first that `podman run --preserve-fds` passes on
inline constexpr const char* k_verify_variable = "AGENTBOX_VERIFY"; ///< "1": [verify] on_start

// How agent-entrypoint proves that this box's firewall is in force: it asks the resolver for TXT k_gate_name, which the
// firewall answers with the nonce, and connects to k_refused_address, which only the firewall's ruleset refuses.
// How agentbox-ask tells the firewall which host the agent asks its user to allow: a query for TXT
// COUNT-PORT.TEXT.HOST.ZONE, where TEXT are COUNT labels of any bytes, the reason. The answer is one of k_ask_answers.
inline constexpr std::string_view k_ask_zone = "ask.agentbox.internal";
inline constexpr std::size_t k_max_ask_labels = 3;
enum class AskAnswer : std::uint8_t {
  asked,    ///< the user is shown it
  allowed,  ///< the host is allowed already
  denied,   ///< the user denied it before
  blocked,  ///< the configuration blocks it, which the user cannot change while the box runs
  too_many, ///< the box asked too often
  invalid,  ///< not a host that can be allowed
};
inline constexpr std::array<std::string_view, 6> k_ask_answers = {"asked",   "allowed",  "denied",
                                                                  "blocked", "too-many", "invalid"};
inline constexpr const char* k_internal_domain = "agentbox.internal";
inline constexpr const char* k_gate_name = "gate.agentbox.internal";
inline constexpr std::uint32_t k_resolver_address_v4 = 0x7F000001U; // 127.0.0.1
inline constexpr const char* k_resolver_address = "127.0.0.1";
inline constexpr std::uint16_t k_resolver_port = 53;
/// The proxy's port on 127.0.0.1. Below 1024, so that the agent, which has no CAP_NET_BIND_SERVICE, cannot bind
/// to it when the firewall is gone.
inline constexpr std::uint16_t k_proxy_port = 1023;
inline constexpr std::uint32_t k_refused_address_v4 = 0xC0000201U; // 192.0.2.1, TEST-NET-1 (RFC 5737)
inline constexpr const char* k_refused_address = "192.0.2.1";
inline constexpr std::uint16_t k_refused_port = 9; // discard
/// The address at which pasta offers the host's 127.0.0.1 in the box's network. Only the firewall's own sockets get
/// there, and its proxy refuses link-local addresses.
inline constexpr const char* k_mapped_loopback = "169.254.1.3";

/// Capabilities of a base image's programs while the image is built, with their numbers (capabilities(7)): what package
/// managers need. None concerns the network, so the firewall's rules stay.
struct NumberedCapability {
  const char* name;
  unsigned number;
};
inline constexpr std::array k_build_capabilities = {
    NumberedCapability{"CAP_CHOWN", 0},   NumberedCapability{"CAP_DAC_OVERRIDE", 1},
    NumberedCapability{"CAP_FOWNER", 3},  NumberedCapability{"CAP_FSETID", 4},
    NumberedCapability{"CAP_KILL", 5},    NumberedCapability{"CAP_SETGID", 6},
    NumberedCapability{"CAP_SETUID", 7},  NumberedCapability{"CAP_SYS_CHROOT", 18},
    NumberedCapability{"CAP_SETFCAP", 31}};

/// Longest name of a box: "agentbox-NAME-firewall" must fit into a host name's 63 bytes.
inline constexpr std::size_t k_max_box_name = 41;

/// Returns whether `name` is a valid box name: [a-z0-9][a-z0-9-]*, at most k_max_box_name bytes.
constexpr bool is_box_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= k_max_box_name && name.front() != '-' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

/// Returns whether `text` is a valid nonce: 16 to 128 lower-case hex digits. It fits into one TXT string (RFC 1035
/// §3.3).
constexpr bool is_nonce(std::string_view text) noexcept {
  return text.size() >= 16 && text.size() <= 128 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Returns the name of the variable with part `part` of the mounts, zero-terminated: k_mounts_variable for part 0.
constexpr std::array<char, 32> mounts_variable(std::size_t part) noexcept {
  static_assert(k_max_mounts_variables <= 100);
  std::array<char, 32> name{};
  std::size_t length = 0;
  for (const char* c = k_mounts_variable; *c != '\0'; ++c) {
    name[length++] = *c;
  }
  if (part > 0) {
    name[length++] = '_';
    if (part >= 10) {
      name[length++] = static_cast<char>('0' + part / 10);
    }
    name[length++] = static_cast<char>('0' + part % 10);
  }
  return name;
}

/// The identity of a file: st_dev and st_ino. As text "DEV:INO", decimal.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  constexpr bool operator==(const FileId&) const = default;
};

/// Returns "DEV:INO".
inline std::string to_text(const FileId& id) {
  return std::to_string(id.device) + ":" + std::to_string(id.inode);
}

/// Parses "DEV:INO". Returns nothing for anything else.
inline std::optional<FileId> parse_file_id(std::string_view text) noexcept {
  FileId id;
  const char* const end = text.data() + text.size();
  const auto [colon, error] = std::from_chars(text.data(), end, id.device);
  if (error != std::errc() || colon == end || *colon != ':') {
    return std::nullopt;
  }
  const auto [rest, second_error] = std::from_chars(colon + 1, end, id.inode);
  return second_error == std::errc() && rest == end ? std::optional(id) : std::nullopt;
}

} // namespace agentbox::protocol
