// SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "podman/podman.hpp"

using namespace agentbox;
using Catch::Matchers::Contains;

namespace {

support::Error explained(const std::string& stderr_text, int code = 125) {
  return podman::explain("cannot create the pod", {{code, 0}, {}, stderr_text});
}

} // namespace

TEST_CASE("a common cause has a hint") {
  const support::Error error = explained("Error: creating pod: no subuid ranges found for user \"x\" in /etc/subuid\n");
  CHECK(error.code() == support::ExitCode::refused);
  CHECK_THAT(error.what(), Contains("cannot create the pod") && Contains("subordinate uids"));
  CHECK_THAT(error.hint(), Contains("usermod --add-subuids"));
  CHECK(explained("Error: write /x: no space left on device").code() == support::ExitCode::failed);
  CHECK_THAT(explained("Error: abc: image not known").hint(), Contains("agentbox build"));
}

TEST_CASE("any other failure shows the last line of Podman's output, escaped") {
  const support::Error error = explained("time=x level=warning\nError: something \x1b[31mnew\x1b[0m\n");
  CHECK_THAT(error.what(), Contains("something \\x1b[31mnew") && !Contains("\x1b") && !Contains("level=warning"));
}

TEST_CASE("a failure without output shows the exit code") {
  CHECK_THAT(explained("", 3).what(), Contains("exit code 3"));
}
