// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "git/settings.hpp"

namespace agentbox::git {

/// The use that Git makes of the value of a setting.
enum class Effect {
  none,
  runs,      ///< runs it: a command line, or the name of a program
  hooks,     ///< runs the hooks in this directory
  includes,  ///< reads this file of settings
  worktree,  ///< uses it as the working tree (core.worktree)
  elsewhere, ///< connects elsewhere, trusts more, or reads another list
};

/// Returns the effect of `setting`, as git-config(1) of Git 2.52, gitattributes(5) and git-lfs-config(5) describe it.
Effect effect_of(const Setting& setting);

} // namespace agentbox::git
