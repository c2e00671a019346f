// SPDX-License-Identifier: Apache-2.0
// logs: what the firewall of a box decided.
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <vector>

#include "boxes/select.hpp"
#include "boxes/session_paths.hpp"
#include "cli/network_command.hpp"
#include "firewall/audit/audit_record.hpp"
#include "network/history.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

/// Returns one record as one line. Everything in it may come from the box.
std::string line_of(const firewall::audit::AuditRecord& record) {
  const std::string host = record.name.empty() ? record.address : record.name;
  const std::string port = record.port == 0 ? "" : ":" + std::to_string(record.port);
  const std::string times =
      record.count < 2 ? ""
                       : fmt::format("{} times since {}: ", record.count, support::escape_untrusted(record.first, 40));
  return fmt::format("{} {:<5} {:<8} {}{} {}{}", record.time, firewall::audit::verdict_text(record.verdict),
                     firewall::audit::kind_text(record.kind), support::escape_untrusted(host), port, times,
                     support::escape_untrusted(record.text));
}

/// Returns this directory's box, running or the last one that ended, or the only box that runs elsewhere.
std::string default_box() {
  const std::filesystem::path here = std::filesystem::current_path();
  const std::vector<std::string> names = boxes_here(here);
  return names.size() == 1 ? names.front()
                           : boxes::select_running(
                                 {}, here, "name the box: agentbox logs NAME (agentbox network log shows all boxes)")
                                 .name;
}

void print_logs(const std::string& name, bool as_data) {
  const std::filesystem::path file = boxes::audit_file(name);
  if (name.find('/') != std::string::npos || !std::filesystem::exists(file)) {
    throw support::Error(support::ExitCode::usage,
                         "there is no log of a box named \"" + support::escape_untrusted(name) + "\"",
                         "the logs are in " + boxes::audit_directory().string());
  }
  const network::History history = network::read_history(boxes::audit_directory(), {name, {}});
  for (const auto* records : {&history.displaced, &history.lines}) {
    for (const auto& record : *records) {
      fmt::print("{}", as_data ? firewall::audit::to_json_line(record) : line_of(record) + "\n");
    }
  }
}

} // namespace

void add_logs(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec command = app.command("logs", "Show the firewall decisions of a box");
  auto name = std::make_shared<std::optional<std::string>>();
  auto as_data = std::make_shared<bool>(false);
  command.positional("NAME", *name,
                     "Name of the box (default: this directory's, running or ended, else the only running box)");
  command.flag("--json", *as_data, "Print the raw records, one JSON object per line");
  command.action([name, as_data] { print_logs(*name ? **name : default_box(), *as_data); });
}

} // namespace agentbox::cli
