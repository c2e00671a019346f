// SPDX-License-Identifier: Apache-2.0
#include "support/error.hpp"

#include <system_error>

namespace agentbox::support {

Error system_error(ExitCode code, const std::string& what, int error_number, std::string hint) {
  return {code, what + ": " + std::generic_category().message(error_number), std::move(hint)};
}

} // namespace agentbox::support
