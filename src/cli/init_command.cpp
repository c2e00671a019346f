// SPDX-License-Identifier: Apache-2.0
// init: writes the project's .agentbox/config.toml.
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/box_options.hpp"
#include "cli/subcommands.hpp"
#include "config/config_layer.hpp"
#include "config/host_sets.hpp"
#include "config/proposal.hpp"
#include "config/read_layers.hpp"
#include "config/trust.hpp"
#include "config/values.hpp"
#include "config/workspace.hpp"
#include "policy/policy.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/terminal.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;
using support::Fd;
using Words = std::vector<std::string>;

struct InitOptions {
  std::optional<std::string> agent;
  std::optional<std::string> base;
  Words allow;
  Words toolkits;
  bool yes = false;
  bool force = false;

  bool any() const { return agent || base || !allow.empty() || !toolkits.empty(); }
};

std::string list(const Words& words) {
  Words parts;
  for (const std::string& word : words) {
    parts.push_back(config::quote_toml(word));
  }
  return "[" + support::join(parts, ", ") + "]";
}

/// Returns the text of the file: the chosen settings, and others as comments. `base` is an example of a base image.
std::string config_text(const InitOptions& options, const std::string& base) {
  const auto entry = [](bool chosen, const std::string& line) { return (chosen ? "" : "# ") + line + "\n"; };
  std::string text = "# How agentbox runs agents in this project. See the result with: agentbox policy show\n\n";
  text += entry(options.agent.has_value(), "[agent]");
  text += entry(options.agent.has_value(), "default = " + config::quote_toml(options.agent.value_or("codex")));
  text += "\n" + entry(options.base.has_value(), "[image]");
  text +=
      entry(options.base.has_value(),
            "base = " + config::quote_toml(options.base.value_or(base.empty() ? policy::default_base_image() : base)));
  text += "\n" + entry(!options.toolkits.empty(), "[toolkits]");
  text += entry(!options.toolkits.empty(),
                "selected = " + list(options.toolkits.empty() ? Words{"python"} : options.toolkits));
  text += "\n" + entry(!options.allow.empty(), "[network]");
  text += entry(!options.allow.empty(),
                "allow_hosts = " + list(options.allow.empty() ? Words{"registry.npmjs.org"} : options.allow));
  return text;
}

/// Adds what the project seems to need to what the user requested.
void add_proposal(InitOptions& options, const config::Proposal& proposal) {
  const auto add = [](const Words& words, Words& to) {
    std::copy_if(words.begin(), words.end(), std::back_inserter(to),
                 [&](const std::string& word) { return std::find(to.begin(), to.end(), word) == to.end(); });
  };
  add(proposal.toolkits, options.toolkits);
  add(proposal.sets, options.allow);
}

/// Asks and returns the words of the answer: `proposed` if it is empty, none for "-".
Words ask(const std::string& question, const Words& proposed = {}) {
  fmt::print(stderr, "{} [{}] ", question, support::join(proposed, " "));
  std::string line;
  if (!std::getline(std::cin, line)) {
    throw Error(ExitCode::failed, "no answer; nothing was written");
  }
  const auto words = support::words(line);
  if (words.empty()) {
    return proposed;
  }
  return words.size() == 1 && words.front() == "-" ? Words{} : Words{words.begin(), words.end()};
}

void ask_all(InitOptions& options, const config::Proposal& proposal) {
  fmt::print(stderr, "Press Enter to accept the value in brackets; - means none.\n");
  if (const Words words = ask("Agent (claude, codex, copilot, gemini, opencode, qwen; none: the last used)?");
      !words.empty()) {
    options.agent = words.front();
  }
  options.toolkits =
      ask("Toolkits, separated by spaces (" + support::join(policy::toolkit_names(), " ") + ")?", proposal.toolkits);
  options.allow = ask("Allowed hosts, HOST[:PORT] or @SET (agentbox policy sets)?", proposal.sets);
}

/// Returns what is wrong with the text of a project's configuration.
policy::Diagnostics mistakes_in(const std::string& text, std::string& sets) {
  policy::Diagnostics mistakes;
  config::ConfigLayer layer = config::parse_layer(text, "agentbox init", config::LayerKind::project, mistakes);
  config::expand_sets(layer, config::standard_sources("/proc").sets, mistakes);
  sets = config::sets_text(layer.sets);
  return mistakes;
}

Error exists_already(const fs::path& file) {
  return {ExitCode::usage, file.string() + " exists already", "edit it, or replace it: agentbox init --force ..."};
}

/// Writes `.agentbox/config.toml` without following a symbolic link that a repository may contain.
void write_config(const fs::path& workspace, const std::string& text, bool force) {
  const fs::path directory = workspace / ".agentbox";
  if (mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
    throw support::system_error(ExitCode::failed, "cannot create " + directory.string(), errno);
  }
  const Fd at(open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!at) {
    throw support::system_error(ExitCode::refused, directory.string() + " is not a directory", errno);
  }
  if (force) {
    unlinkat(at.get(), "config.toml", 0);
  }
  const Fd file(openat(at.get(), "config.toml", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file && errno == EEXIST) {
    throw exists_already(directory / "config.toml");
  }
  if (!file) {
    throw support::system_error(ExitCode::failed, "cannot write " + (directory / "config.toml").string(), errno);
  }
  support::write_all(file.get(), text, (directory / "config.toml").string());
}

void init(InitOptions options, const Context& context) {
  const fs::path workspace = config::choose_workspace(".", support::home_directory()).path;
  const fs::path file = workspace / ".agentbox/config.toml";
  if (!options.force && fs::exists(fs::symlink_status(file))) {
    throw exists_already(file);
  }
  const bool interactive = !options.any() && !options.yes && support::own_terminal().interactive();
  const bool only_shown = !options.any() && !options.yes && !interactive;
  config::Proposal proposal;
  if (!options.any() || options.yes) {
    proposal = config::propose(workspace);
    for (const std::string& reason : proposal.reasons) {
      spdlog::info("{}", reason);
    }
  }
  if (interactive) {
    ask_all(options, proposal);
  } else {
    add_proposal(options, proposal);
  }
  const std::string text = config_text(options, proposal.base);
  std::string sets;
  if (const policy::Diagnostics mistakes = mistakes_in(text, sets); !mistakes.empty()) {
    throw Error(ExitCode::usage, config::describe(mistakes));
  }
  if (only_shown) {
    fmt::print("{}", text);
    spdlog::info("nothing was written; to write this to {}: agentbox init --yes", file.string());
    return;
  }
  write_config(workspace, text, options.force);
  spdlog::info("wrote {}", file.string());
  // The user wrote this file with this command, and so agrees to it, but not to saved hosts beside it.
  const config::Loaded loaded = load_box({}, context);
  config::ProjectTexts texts;
  texts.config = text;
  texts.sets = sets;
  if (!loaded.project_broadens.empty() && loaded.project_digest == texts.digest()) {
    config::TrustStore(config::trust_directory()).agree(workspace, texts.digest(), texts.shown());
  } else if (!loaded.project_broadens.empty()) {
    spdlog::warn("not trusted yet, because .agentbox/saved-hosts.txt exists too; review both with: agentbox policy "
                 "trust");
  }
}

} // namespace

void add_init(const CommandSpec& app, Context& context) {
  const CommandSpec command =
      app.command("init", "Create the project's .agentbox/config.toml from options, or from what its files suggest");
  auto options = std::make_shared<InitOptions>();
  command.option("--agent", options->agent, "NAME", "Default agent");
  command.option("--base", options->base, "IMAGE", "Base image");
  command.list("--allow", options->allow, "HOST[:PORT]", "Allow a host, or a set of hosts such as @npm; repeatable");
  command.list("--toolkit", options->toolkits, "NAME", "Install a toolkit; repeatable");
  command.flag("--yes", options->yes, "Accept the proposals for this project without asking");
  command.flag("--force", options->force, "Replace an existing file");
  command.action([options, &context] { init(*options, context); });
}

} // namespace agentbox::cli
