// SPDX-License-Identifier: Apache-2.0
// The user's agreement to what a project's configuration broadens.
#include "cli/agreement.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <iostream>
#include <spdlog/spdlog.h>
#include <termios.h>
#include <unistd.h>

#include "config/trust.hpp"
#include "support/error.hpp"
#include "support/line_diff.hpp"
#include "support/terminal.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_lines = 120;

config::TrustStore store() {
  return config::TrustStore(config::trust_directory());
}

bool is_agreed(const config::Loaded& loaded) {
  return loaded.project_broadens.empty() || store().agreed(loaded.fields.workspace.source, loaded.project_digest);
}

std::string shown_file(const config::Loaded& loaded) {
  return support::escape_untrusted(loaded.project_file.string(), 1000);
}

/// Asks on the terminal. Input typed before the question is discarded.
bool ask() {
  tcflush(STDIN_FILENO, TCIFLUSH);
  fmt::print(stderr, "Trust this configuration? [y/N] ");
  std::fflush(stderr);
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

/// Shows and asks. Stores the digest of the text shown, not of what the file contains when the user answers.
void ask_and_keep(const config::Loaded& loaded) {
  fmt::print(stderr, "{} would broaden the box:\n{}", shown_file(loaded), agreement_text(loaded));
  if (!ask()) {
    throw Error(ExitCode::refused, "not trusted; nothing was started",
                "edit the file, or trust it later with: agentbox policy trust");
  }
  store().agree(loaded.fields.workspace.source, loaded.project_digest, loaded.project_text);
}

Error refusal(const config::Loaded& loaded) {
  return {ExitCode::refused,
          shown_file(loaded) + " would broaden the box:\n" + config::describe(loaded.project_broadens),
          "to trust it, on a terminal: agentbox policy trust; for this run only: --trust-project"};
}

} // namespace

std::string agreement_text(const config::Loaded& loaded) {
  std::string text;
  for (const auto& [direction, field, change] : loaded.project_broadens) {
    text += fmt::format("  broader: {}: {}\n", field, support::escape_untrusted(change, 500));
  }
  const auto last = store().last_text(loaded.fields.workspace.source);
  text += last ? "Changes since you last trusted it:\n" : "Its text, which you have not trusted before:\n";
  std::size_t count = 0;
  const auto lines = support::line_diff(last.value_or(""), loaded.project_text);
  for (const std::string& line : lines) {
    if (++count > k_max_lines) {
      text += fmt::format("  ({} more lines)\n", lines.size() - k_max_lines);
      break;
    }
    text += "  " + (line == "…" ? line : support::escape_untrusted(line, 300)) + "\n";
  }
  return text;
}

void require_agreement(const config::Loaded& loaded, MayAsk may_ask) {
  if (is_agreed(loaded)) {
    return;
  }
  const support::Terminal terminal = support::own_terminal();
  if (may_ask == MayAsk::no || !terminal.in || !terminal.err) {
    throw refusal(loaded);
  }
  ask_and_keep(loaded);
}

void trust_project(const config::Loaded& loaded) {
  if (loaded.project_file.empty()) {
    throw Error(ExitCode::usage, "this project has no .agentbox/config.toml", "agentbox init writes one");
  }
  if (loaded.project_broadens.empty()) {
    spdlog::info("{} broadens nothing and needs no trust", shown_file(loaded));
    return;
  }
  if (is_agreed(loaded)) {
    spdlog::info("{} is already trusted (sha256:{})", shown_file(loaded), loaded.project_digest);
    return;
  }
  const support::Terminal terminal = support::own_terminal();
  if (!terminal.in || !terminal.err) {
    throw Error(ExitCode::refused, refusal(loaded).what(), "policy trust needs a terminal");
  }
  ask_and_keep(loaded);
  spdlog::info("trusted (sha256:{}); a change must be trusted again", loaded.project_digest);
}

} // namespace agentbox::cli
