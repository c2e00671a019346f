// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::image {

/// Distributions by their package manager, which is all that the recipe has to know.
enum class Family { apt, dnf, apk, zypper, pacman };

/// "apt", "dnf", …: the name of the family's files below containerfiles/.
std::string_view name_of(Family family);

/// Whether the family's C library is musl: vendors publish other binaries for it.
bool uses_musl(Family family);

/// The family from the text of os-release(5): by ID, else by the first known word of ID_LIKE. Pure.
std::optional<Family> family_of_os_release(std::string_view text);

} // namespace agentbox::image
