// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "support/error.hpp"

namespace agentbox::oci {

/// The formats that a policy can be handed to others in.
enum class OutputFormat { oci, kube, quadlet, kubernetes };

/// "oci", "kube", "quadlet", "kubernetes": the words of the command line.
std::string_view format_text(OutputFormat format);

/// A part of the policy that a format has no words for. Rendering throws; nothing is left out in silence.
struct CannotExpress {
  OutputFormat format;
  std::string_view field;  ///< as policy::Change names it: "limits.pids"
  std::string_view when;   ///< which values of it: "any", "a path that is not in the default contract"
  std::string_view reason; ///< why, in words for the user
  std::string_view hint;   ///< the way out; may be empty
};

/// The whole list. The sensitivity test holds it against what the renderers do.
const std::vector<CannotExpress>& cannot_express_table();

/// Two of the table's `when`, for fields that have both.
inline constexpr std::string_view k_when_expanded = "a word with \"$$\", or with \"$(NAME)\" for a variable of the box";
inline constexpr std::string_view k_when_indented = "a text of several lines that begins with a blank or an empty line";

/// The table's entry as an error (refused). `detail` says which value it was; `when` chooses among several entries of a
/// field. A pair that the table does not hold is a mistake of the renderer: Error(failed).
support::Error cannot_express(OutputFormat format, std::string_view field, const std::string& detail = {},
                              std::string_view when = {});

} // namespace agentbox::oci
