// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "support/error.hpp"

namespace agentbox::oci {

/// The formats of `agentbox generate`.
enum class OutputFormat { oci, kube, quadlet, kubernetes };

/// Returns "oci", "kube", "quadlet" or "kubernetes", as on the command line.
std::string_view format_text(OutputFormat format);

/// A part of the policy that a format cannot express. Rendering throws; nothing is left out silently.
struct CannotExpress {
  OutputFormat format;
  std::string_view field;  ///< as policy::Change names it: "limits.pids"
  std::string_view when;   ///< which values: "any", "a path that is not in the default contract"
  std::string_view reason; ///< for the user
  std::string_view hint;   ///< may be empty
};

/// Returns the whole list. The sensitivity test checks the renderers against it.
const std::vector<CannotExpress>& cannot_express_table();

/// Values of `when`, for fields that have both.
inline constexpr std::string_view k_when_expanded = "a word with \"$$\", or with \"$(NAME)\" for a variable of the box";
inline constexpr std::string_view k_when_indented = "a multi-line string that begins with a space or an empty line";

/// Returns the table's entry as Error(refused). `detail` is the value; `when` selects one of several entries of a
/// field. Returns Error(failed), an internal error, if the table has no such entry.
support::Error cannot_express(OutputFormat format, std::string_view field, const std::string& detail = {},
                              std::string_view when = {});

} // namespace agentbox::oci
