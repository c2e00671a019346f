// SPDX-License-Identifier: Apache-2.0
#include "policy/package_names.hpp"

#include <string>

#include "catch.hpp"

using namespace agentbox::policy;

TEST_CASE("a package of a distribution is neither an option nor a path") {
  for (const char* name : {"jq", "libstdc++6", "postgresql-client", "nodejs:20", "python3.12"}) {
    CHECK(is_package_name(name));
  }
  for (const std::string& name : {std::string(), std::string("-y"), std::string("a b"), std::string("/x.deb"),
                                  std::string("a;b"), std::string("a\n"), std::string(101, 'a')}) {
    CHECK_FALSE(is_package_name(name));
  }
}

TEST_CASE("a package of npm's registry has a name that is safe in a path, and a version") {
  for (const char* text : {"qwen@1.2.3", "@vendor/agent@1.2.3-rc.1", "a@latest"}) {
    CHECK(is_npm_package(text));
  }
  for (const char* text : {"", "@", "a", "@vendor/agent", "@/a@1", "@v/@1", "a/b@1", "../x@1", "@../x@1", ".a@1", "a@",
                           "a@1/2", "@v/a/b@1", "a b@1", "a@git+https://x"}) {
    INFO(text);
    CHECK_FALSE(is_npm_package(text));
  }
}
