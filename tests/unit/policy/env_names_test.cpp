// SPDX-License-Identifier: Apache-2.0
#include "policy/env_names.hpp"

#include "catch.hpp"

namespace policy = agentbox::policy;

TEST_CASE("names of variables") {
  CHECK(policy::is_env_name("PATH"));
  CHECK(policy::is_env_name("_x1"));
  for (const char* name : {"", "1A", "A-B", "A B", "A=B", "AWS*", "\xc3\xa4"}) {
    INFO(name);
    CHECK_FALSE(policy::is_env_name(name));
    CHECK_FALSE(policy::env_name_problem(name).empty());
  }
}

TEST_CASE("variables that steer the loader, the shell or agentbox cannot be set") {
  for (const char* name : {"LD_PRELOAD", "LD_LIBRARY_PATH", "GCONV_PATH", "GLIBC_TUNABLES", "BASH_ENV", "ENV",
                           "AGENTBOX_GATE", "AGENTBOX_ANYTHING", "HOME", "USER", "container"}) {
    INFO(name);
    CHECK_FALSE(policy::env_name_problem(name).empty());
  }
  for (const char* name : {"PATH", "LANG", "OPENAI_API_KEY", "EDITOR", "LDFLAGS", "ENVIRONMENT"}) {
    INFO(name);
    CHECK(policy::env_name_problem(name).empty());
  }
}

TEST_CASE("names of credentials") {
  for (const char* name : {"OPENAI_API_KEY", "GITHUB_TOKEN", "db_password", "AWS_SECRET_ACCESS_KEY", "CLIENT_SECRET",
                           "NPM_AUTH", "GITLAB_PAT", "GOOGLE_APPLICATION_CREDENTIALS", "SSH_PASSPHRASE", "APIKEY"}) {
    INFO(name);
    CHECK(policy::looks_like_secret(name));
  }
  for (const char* name : {"PATH", "GIT_AUTHOR_NAME", "LANG", "DISABLE_TELEMETRY", "KEYBOARD", "PATTERN"}) {
    INFO(name);
    CHECK_FALSE(policy::looks_like_secret(name));
  }
}
