// SPDX-License-Identifier: Apache-2.0
#include "podman/podman_environment.hpp"

#include "catch.hpp"

using namespace agentbox::podman;
using Variables = std::map<std::string, std::string>;

TEST_CASE("Podman's environment is built from a list, not copied") {
  const Variables hostile = {{"PATH", "/tmp/evil"},
                             {"LD_PRELOAD", "/tmp/evil.so"},
                             {"CONTAINERS_CONF", "/tmp/evil"},
                             {"CONTAINERS_CONF_OVERRIDE", "/tmp/evil"},
                             {"CONTAINER_HOST", "tcp://evil"},
                             {"STORAGE_DRIVER", "vfs"},
                             {"DOCKER_HOST", "tcp://evil"},
                             {"AWS_SECRET_ACCESS_KEY", "k"},
                             {"GODEBUG", "x"},
                             {"TMPDIR", "/tmp/evil"},
                             {"https_proxy", "http://evil"},
                             {"HOME", "/home/user"}};
  const Variables built = constructed_environment(hostile);
  CHECK(built ==
        Variables{{"HOME", "/home/user"}, {"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"}});
}

TEST_CASE("what Podman needs of the caller's environment reaches it") {
  const Variables caller = {{"HOME", "/home/user"},
                            {"USER", "user"},
                            {"LOGNAME", "user"},
                            {"XDG_RUNTIME_DIR", "/run/user/1"},
                            {"XDG_CONFIG_HOME", "/c"},
                            {"LANG", "C"},
                            {"TERM", "xterm"},
                            {"XDG_DATA_HOME", "/d"},
                            {"DBUS_SESSION_BUS_ADDRESS", "unix:path=/b"}};
  Variables built = constructed_environment(caller);
  built.erase("PATH");
  CHECK(built == caller);
}

TEST_CASE("proxies reach only calls that fetch something") {
  const Variables caller = {{"https_proxy", "http://proxy"}, {"SSL_CERT_FILE", "/ca.pem"}};
  CHECK(constructed_environment(caller, Reach::local).size() == 1);
  const Variables fetching = constructed_environment(caller, Reach::registry);
  CHECK(fetching.at("https_proxy") == "http://proxy");
  CHECK(fetching.at("SSL_CERT_FILE") == "/ca.pem");
}
