// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "git/settings.hpp"

namespace agentbox::git {

/// What Git does because of a setting.
enum class Effect {
  none,
  runs,      ///< the value is a command line, or names a program
  hooks,     ///< the value is a folder of hooks
  includes,  ///< the value is a further file of settings
  lies_at,   ///< the value is the working tree (core.worktree)
  elsewhere, ///< it goes to another place than it seems, trusts more, or reads a further list
};

/// By git-config(1) of Git 2.52, and gitattributes(5), git-lfs-config(5). Pure.
Effect effect_of(const Setting& setting);

} // namespace agentbox::git
