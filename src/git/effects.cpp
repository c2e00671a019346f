// SPDX-License-Identifier: Apache-2.0
#include "git/effects.hpp"

#include <algorithm>
#include <array>

namespace agentbox::git {
namespace {

/// SECTION.KEY in lower case; "*" for any key. The first row that fits decides.
struct Row {
  std::string_view section;
  std::string_view key;
  Effect effect;
};

constexpr std::array k_rows = {
    Row{"alias", "*", Effect::runs}, // without "!" as well: "rebase --exec ./x"
    Row{"browser", "*", Effect::runs},
    Row{"core", "alternaterefscommand", Effect::runs},
    Row{"core", "askpass", Effect::runs},
    Row{"core", "attributesfile", Effect::elsewhere},
    Row{"core", "editor", Effect::runs},
    Row{"core", "excludesfile", Effect::elsewhere},
    Row{"core", "fsmonitor", Effect::runs},
    Row{"core", "gitproxy", Effect::runs},
    Row{"core", "hookspath", Effect::hooks},
    Row{"core", "pager", Effect::runs},
    Row{"core", "sshcommand", Effect::runs},
    Row{"core", "worktree", Effect::lies_at},
    Row{"credential", "helper", Effect::runs},
    Row{"credential", "*", Effect::elsewhere},
    Row{"diff", "command", Effect::runs},
    Row{"diff", "external", Effect::runs},
    Row{"diff", "textconv", Effect::runs},
    Row{"difftool", "*", Effect::runs},
    Row{"extensions", "*", Effect::elsewhere},
    Row{"filter", "*", Effect::runs},
    Row{"gc", "recentobjectshook", Effect::runs},
    Row{"gpg", "*", Effect::runs},
    Row{"guitool", "*", Effect::runs},
    Row{"help", "browser", Effect::runs},
    Row{"hook", "*", Effect::runs},
    Row{"http", "proxy", Effect::elsewhere},
    Row{"http", "sslverify", Effect::elsewhere},
    Row{"imap", "tunnel", Effect::runs},
    Row{"include", "path", Effect::includes},
    Row{"include", "*", Effect::elsewhere},
    Row{"includeif", "path", Effect::includes},
    Row{"includeif", "*", Effect::elsewhere},
    Row{"init", "templatedir", Effect::hooks}, // its hooks become those of the next repository
    Row{"instaweb", "*", Effect::runs},
    Row{"interactive", "difffilter", Effect::runs},
    Row{"lfs", "clean", Effect::runs},
    Row{"lfs", "path", Effect::runs},
    Row{"lfs", "smudge", Effect::runs},
    Row{"lfs", "standalonetransferagent", Effect::elsewhere},
    Row{"man", "*", Effect::runs},
    Row{"merge", "driver", Effect::runs},
    Row{"mergetool", "*", Effect::runs},
    Row{"pager", "*", Effect::runs},
    Row{"protocol", "*", Effect::elsewhere},
    Row{"remote", "proxy", Effect::elsewhere},
    Row{"remote", "receivepack", Effect::runs},
    Row{"remote", "uploadpack", Effect::runs},
    Row{"remote", "vcs", Effect::runs},
    Row{"safe", "*", Effect::elsewhere},
    Row{"sendemail", "*", Effect::runs},
    Row{"sequence", "editor", Effect::runs},
    Row{"submodule", "update", Effect::runs},
    Row{"tar", "command", Effect::runs},
    Row{"trailer", "*", Effect::runs},
    Row{"uploadpack", "packobjectshook", Effect::runs},
    Row{"url", "*", Effect::elsewhere},
    Row{"web", "*", Effect::runs},
};

/// "ext::COMMAND", Git's transport that runs one.
bool is_command_url(const Setting& setting) {
  return setting.section == "remote" && (setting.key == "url" || setting.key == "pushurl") &&
         setting.value.starts_with("ext::");
}

} // namespace

Effect effect_of(const Setting& setting) {
  if (is_command_url(setting)) {
    return Effect::runs;
  }
  // Section by section with a plain comparison: there are few rows, and few settings.
  const auto* const row = std::find_if(k_rows.begin(), k_rows.end(), [&](const Row& one) {
    return one.section == setting.section && (one.key == "*" || one.key == setting.key);
  });
  return row == k_rows.end() ? Effect::none : row->effect;
}

} // namespace agentbox::git
