// SPDX-License-Identifier: Apache-2.0
#include "policy/url_credentials.hpp"

#include "catch.hpp"

using agentbox::policy::without_credentials;

TEST_CASE("credentials are taken out of URLs and headers, and nothing else") {
  CHECK(without_credentials("url = https://u:p@h/x\npushurl=http://ghp_0123456789abcdef@h\n") ==
        "url = https://h/x\npushurl=http://h\n");
  CHECK(without_credentials("[url \"https://u:p@h/\"]\n insteadOf = gh:") == "[url \"https://h/\"]\n insteadOf = gh:");
  CHECK(without_credentials("url = https://u:p@x@h/x") == "url = https://h/x");
  CHECK(without_credentials("[http] extraHeader = AUTHORIZATION: basic \\\nabc\n[core]\n") ==
        "[http] # removed\n[core]\n");
  for (const char* text : {"", "url = https://h/x", "url = https://user@h/x", "url = ssh://git@h/x", "url = git@h:x",
                           "url = https://h/a:b@c", "://", "extraheader = X-Trace: 1", "[user] email = a@b"}) {
    INFO(text);
    CHECK_FALSE(without_credentials(text));
  }
}
