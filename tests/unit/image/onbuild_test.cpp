// SPDX-License-Identifier: Apache-2.0
#include "image/onbuild.hpp"

#include "catch.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox;

TEST_CASE("a base with ONBUILD instructions is refused") {
  const tests::TempDirectory root;
  podman::PodmanInfo info;
  info.graph_root = root.path();
  info.graph_driver = "overlay";
  const auto stored = [&](const std::string& config) {
    const std::string id = support::sha256_hex(config);
    root.write("overlay-images/" + id + "/manifest", "{}");
    root.write("overlay-images/" + id + "/=c2hhMjU2", config);
    return id;
  };
  CHECK_NOTHROW(image::refuse_onbuild(info, stored(R"({"config":{"Cmd":["sh"]}})"), "base"));
  CHECK_NOTHROW(image::refuse_onbuild(info, stored(R"({"config":{"OnBuild":[]}})"), "base"));
  CHECK_NOTHROW(image::refuse_onbuild(info, stored(R"({"config":{"OnBuild":null}})"), "base"));
  CHECK_NOTHROW(image::refuse_onbuild(info, stored(R"({"architecture":"amd64"})"), "base"));
  CHECK_NOTHROW(image::refuse_onbuild(info, stored(R"({"config":{"Labels":{"onbuild":"x"}}})"), "base"));
  for (const char* config :
       {R"({"config":{"OnBuild":["ADD http://x /"]}})", R"({"config":{"OnBuild":"x"}})",
        R"({"config":{"onbuild":["ADD http://x /"]}})", R"({"CONFIG":{"OnBuild":["ADD http://x /"]}})",
        R"({"config":{"OnBuild":["ADD http://x /"]},"config":{}})",
        R"({"config":{"OnBuild":["ADD http://x /"],"onbuild":[]}})"}) {
    INFO(config);
    CHECK_THROWS_WITH(image::refuse_onbuild(info, stored(config), "base"), Catch::Contains("ONBUILD"));
  }
  CHECK_THROWS_WITH(image::refuse_onbuild(info, stored("not JSON"), "base"), Catch::Contains("is not in"));
  CHECK_THROWS_WITH(image::refuse_onbuild(info, std::string(64, 'a'), "base"), Catch::Contains("is not in"));
}
