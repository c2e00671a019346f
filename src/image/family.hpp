// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::image {

/// Distributions by package manager, the only difference that matters to a recipe.
enum class Family { apt, dnf, apk, zypper, pacman };

/// Returns "apt", "dnf", …: the name of the family's files below containerfiles/.
std::string_view name_of(Family family);

/// Returns whether the family's C library is musl, for which vendors publish other binaries.
bool uses_musl(Family family);

/// Returns the family from the text of os-release(5): by ID, else by the first known word of ID_LIKE. Pure.
std::optional<Family> family_of_os_release(std::string_view text);

} // namespace agentbox::image
