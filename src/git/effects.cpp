// SPDX-License-Identifier: Apache-2.0
#include "git/effects.hpp"

#include <algorithm>
#include <array>

namespace agentbox::git {
namespace {

/// SECTION.KEY in lower case; "*" is any key. The first matching row decides.
struct EffectRow {
  std::string_view section;
  std::string_view key;
  Effect effect;
};

constexpr std::array k_rows = {
    EffectRow{"alias", "*", Effect::runs}, // even without "!": "rebase --exec ./x"
    EffectRow{"browser", "*", Effect::runs},
    EffectRow{"core", "alternaterefscommand", Effect::runs},
    EffectRow{"core", "askpass", Effect::runs},
    EffectRow{"core", "attributesfile", Effect::elsewhere},
    EffectRow{"core", "editor", Effect::runs},
    EffectRow{"core", "excludesfile", Effect::elsewhere},
    EffectRow{"core", "fsmonitor", Effect::runs},
    EffectRow{"core", "gitproxy", Effect::runs},
    EffectRow{"core", "hookspath", Effect::hooks},
    EffectRow{"core", "pager", Effect::runs},
    EffectRow{"core", "sshcommand", Effect::runs},
    EffectRow{"core", "worktree", Effect::worktree},
    EffectRow{"credential", "helper", Effect::runs},
    EffectRow{"credential", "*", Effect::elsewhere},
    EffectRow{"diff", "command", Effect::runs},
    EffectRow{"diff", "external", Effect::runs},
    EffectRow{"diff", "textconv", Effect::runs},
    EffectRow{"difftool", "*", Effect::runs},
    EffectRow{"extensions", "*", Effect::elsewhere},
    EffectRow{"filter", "*", Effect::runs},
    EffectRow{"gc", "recentobjectshook", Effect::runs},
    EffectRow{"gpg", "*", Effect::runs},
    EffectRow{"guitool", "*", Effect::runs},
    EffectRow{"help", "browser", Effect::runs},
    EffectRow{"hook", "*", Effect::runs},
    EffectRow{"http", "proxy", Effect::elsewhere},
    EffectRow{"http", "sslverify", Effect::elsewhere},
    EffectRow{"imap", "tunnel", Effect::runs},
    EffectRow{"include", "path", Effect::includes},
    EffectRow{"include", "*", Effect::elsewhere},
    EffectRow{"includeif", "path", Effect::includes},
    EffectRow{"includeif", "*", Effect::elsewhere},
    EffectRow{"init", "templatedir", Effect::hooks}, // its hooks become those of the next repository
    EffectRow{"instaweb", "*", Effect::runs},
    EffectRow{"interactive", "difffilter", Effect::runs},
    EffectRow{"lfs", "clean", Effect::runs},
    EffectRow{"lfs", "path", Effect::runs},
    EffectRow{"lfs", "smudge", Effect::runs},
    EffectRow{"lfs", "standalonetransferagent", Effect::elsewhere},
    EffectRow{"man", "*", Effect::runs},
    EffectRow{"merge", "driver", Effect::runs},
    EffectRow{"mergetool", "*", Effect::runs},
    EffectRow{"pager", "*", Effect::runs},
    EffectRow{"protocol", "*", Effect::elsewhere},
    EffectRow{"remote", "proxy", Effect::elsewhere},
    EffectRow{"remote", "receivepack", Effect::runs},
    EffectRow{"remote", "uploadpack", Effect::runs},
    EffectRow{"remote", "vcs", Effect::runs},
    EffectRow{"safe", "*", Effect::elsewhere},
    EffectRow{"sendemail", "*", Effect::runs},
    EffectRow{"sequence", "editor", Effect::runs},
    EffectRow{"submodule", "update", Effect::runs},
    EffectRow{"tar", "command", Effect::runs},
    EffectRow{"trailer", "*", Effect::runs},
    EffectRow{"uploadpack", "packobjectshook", Effect::runs},
    EffectRow{"url", "*", Effect::elsewhere},
    EffectRow{"web", "*", Effect::runs},
};

/// Returns whether the URL is "ext::COMMAND", a transport that runs the command.
bool is_command_url(const Setting& setting) {
  return setting.section == "remote" && (setting.key == "url" || setting.key == "pushurl") &&
         setting.value.starts_with("ext::");
}

} // namespace

Effect effect_of(const Setting& setting) {
  if (is_command_url(setting)) {
    return Effect::runs;
  }
  // A linear search: there are few rows, and few settings.
  const auto* const row = std::find_if(k_rows.begin(), k_rows.end(), [&](const EffectRow& one) {
    return one.section == setting.section && (one.key == "*" || one.key == setting.key);
  });
  return row == k_rows.end() ? Effect::none : row->effect;
}

} // namespace agentbox::git
