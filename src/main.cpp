// SPDX-License-Identifier: Apache-2.0
#include "cli/app.hpp"
#include "support/standard_streams.hpp"

int main(int argc, char** argv) {
  agentbox::support::open_missing_streams();
  return agentbox::cli::main(argc, argv);
}
