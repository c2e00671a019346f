// SPDX-License-Identifier: Apache-2.0
#include "image/build.hpp"

#include <algorithm>

#include "catch.hpp"
#include "image/build_log.hpp"
#include "support/command.hpp"
#include "support/text.hpp"

using namespace agentbox::image;
using Catch::Matchers::Contains;

TEST_CASE("podman build gets arguments, labels, contexts and files") {
  Recipe recipe;
  recipe.arguments = {{"BASE", "abc"}};
  recipe.labels = {{"org.agentbox.base", "debian:12"}};
  CHECK(agentbox::support::join(build_arguments(recipe, "/w", {{"codex", "/c"}}), " ") ==
        "build --pull=never --layers=false --no-cache --force-rm --format=oci --cap-drop=all --isolation=oci "
        "--network=none --build-arg BASE=abc --label "
        "org.agentbox.base=debian:12 "
        "--build-context codex=/c --iidfile /w/image-id --file /w/context/Containerfile /w/context");
  recipe.format = "docker";
  CHECK(agentbox::support::join(build_arguments(recipe, "/w", {}), " ").find("--format=docker") != std::string::npos);
}

TEST_CASE("programs of a base image are built in the firewall's network, with few capabilities and our filter") {
  BuildConfinement confinement{"/s.json", "ns:/proc/7/ns/net", "nonce", "/dev/agentbox-test", {}};
  const std::string text = agentbox::support::join(build_arguments({}, "/w", {}, &confinement), " ");
  CHECK_THAT(text, Contains("--cap-drop=all") && Contains("--cap-add=CAP_CHOWN") &&
                       Contains("--security-opt=seccomp=/s.json") && Contains("--isolation=oci") &&
                       Contains("--network=ns:/proc/7/ns/net --dns=127.0.0.1 --http-proxy=false"));
  CHECK_THAT(text, !Contains("NET_ADMIN") && !Contains("NET_RAW") && !Contains("SYS_ADMIN"));
  confinement.network.clear(); // --full-network
  CHECK_THAT(agentbox::support::join(build_arguments({}, "/w", {}, &confinement, true), " "),
             Contains("--network=host"));
  CHECK_THAT(agentbox::support::join(build_arguments({}, "/w", {}, &confinement), " "),
             !Contains("--network") && Contains("--security-opt=seccomp=/s.json"));
}

TEST_CASE("only a proxy on this machine's loopback needs the host's network") {
  CHECK_FALSE(has_local_proxy({}));
  CHECK_FALSE(has_local_proxy({{"https_proxy", "http://proxy.example.com:3128"}}));
  CHECK_FALSE(has_local_proxy({{"no_proxy", "localhost"}}));
  CHECK(has_local_proxy({{"http_proxy", "http://127.0.0.1:3128/"}}));
  CHECK(has_local_proxy({{"HTTPS_PROXY", "localhost:3128"}}));
  CHECK(has_local_proxy({{"ALL_PROXY", "socks5://u@[::1]:1080"}}));
}

TEST_CASE("mmdebstrap runs with a constructed environment and makes the default base") {
  const auto command = mmdebstrap_command("/usr/bin/mmdebstrap", "/w/base.tar",
                                          {{"HOME", "/home/x"},
                                           {"http_proxy", "http://p:1"},
                                           {"OPENAI_API_KEY", "no"},
                                           {"PATH", "/evil"},
                                           {"APT_CONFIG", "/evil"}});
  CHECK(command.env.at("http_proxy") == "http://p:1");
  CHECK(command.env.at("PATH") == "/usr/sbin:/usr/bin:/sbin:/bin");
  CHECK_FALSE(command.env.contains("OPENAI_API_KEY"));
  CHECK_FALSE(command.env.contains("APT_CONFIG"));
  CHECK(command.argv.back() == "/w/base.tar");
  CHECK(std::count(command.argv.begin(), command.argv.end(), "bookworm") == 1);
}

TEST_CASE("a failed step is explained by its output") {
  CHECK_THAT(explain_output("tar: write error: No space left on device\n").reason, Contains("the disk is full"));
  CHECK_THAT(
      explain_output("W: Failed to fetch http://deb.debian.org/x  Temporary failure resolving 'deb.debian.org'\n").hint,
      Contains("--ca-bundle"));
  CHECK_THAT(
      explain_output("Error: server certificate verification failed. CAfile: x\nCertificate verification failed\n")
          .reason,
      Contains("certificate"));
  const BuildFailure unknown = explain_output("one\ntwo\x1b[31m\n\n");
  CHECK_THAT(unknown.reason, Contains("| one") && Contains("| two\\x1b[31m") && !Contains("\x1b"));
  CHECK(unknown.hint.empty());
}
