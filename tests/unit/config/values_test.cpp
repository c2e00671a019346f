// SPDX-License-Identifier: Apache-2.0
#include "config/values.hpp"

#include "catch.hpp"

namespace config = agentbox::config;
using config::MountText;
using config::ValueProblem;

TEST_CASE("sizes") {
  CHECK(config::parse_size("0") == 0);
  CHECK(config::parse_size("4096") == 4096);
  CHECK(config::parse_size("512MB") == 512ULL << 20U);
  CHECK(config::parse_size("512m") == 512ULL << 20U);
  CHECK(config::parse_size("1KiB") == 1024);
  CHECK(config::parse_size("1.5g") == 3ULL << 29U);
  CHECK(config::parse_size("2tb") == 2ULL << 40U);
  CHECK(config::parse_size("7b") == 7);
  for (const char* text : {"",
                           "MB",
                           "-1",
                           "+1",
                           "1 GB",
                           " 1",
                           "1GB ",
                           "1x",
                           "1kbb",
                           "1.g",
                           ".5g",
                           "1.2345g",
                           "1,5g",
                           "0x10",
                           "1e3",
                           "007",
                           "18446744073709551616",
                           "9223372036854775808",
                           "99999999999T",
                           "1mm"}) {
    INFO(text);
    CHECK_FALSE(config::parse_size(text));
  }
}

TEST_CASE("cores") {
  CHECK(config::parse_cpus("1") == 1000);
  CHECK(config::parse_cpus("1.5") == 1500);
  CHECK(config::parse_cpus("0.05") == 50);
  CHECK(config::parse_cpus("0.125") == 125);
  for (const char* text : {"", "-1", "1.", ".5", "1.2345", "inf", "nan", "1e2", "two", "99999999999"}) {
    INFO(text);
    CHECK_FALSE(config::parse_cpus(text));
  }
}

TEST_CASE("mounts have an exact grammar") {
  CHECK(std::get<MountText>(config::parse_mount("/a:/b")) == MountText{"/a", "/b", false});
  CHECK(std::get<MountText>(config::parse_mount("/a:/b:ro")) == MountText{"/a", "/b", true});
  CHECK(std::get<MountText>(config::parse_mount("/a:/b:rw")) == MountText{"/a", "/b", false});
  CHECK(std::get<MountText>(config::parse_mount("/a:/b:label")) == MountText{"/a", "/b", false, true});
  CHECK(std::get<MountText>(config::parse_mount("/a:/b:ro,label")) == MountText{"/a", "/b", true, true});
  CHECK(std::get<MountText>(config::parse_mount("/a:/b:label,rw")) == MountText{"/a", "/b", false, true});
  CHECK(std::get<MountText>(config::parse_mount("/a,type=tmpfs:/b")) == MountText{"/a,type=tmpfs", "/b", false});
  CHECK(std::get<MountText>(config::parse_mount(R"(/with\:colon:/b:ro)")) == MountText{"/with:colon", "/b", true});
  CHECK(std::get<MountText>(config::parse_mount(R"(/back\\slash:/b)")) == MountText{R"(/back\slash)", "/b", false});
  CHECK(std::get<MountText>(config::parse_mount("/sp ace\n'\":/b")) == MountText{"/sp ace\n'\"", "/b", false});
  for (const char* text :
       {"", ":", "/a", "/a:", ":/b", "/a:/b:", "/a:/b:RO", "/a:/b:ro:", "/a:/b:ro,rw", "/a:b:/c:ro", "/a:/b:z",
        "/a\\b:/c", "/a:/b\\", "/a:/b:label,label", "/a:/b:ro,ro", "/a:/b:label,", "/a:/b:,ro"}) {
    INFO(text);
    CHECK(std::holds_alternative<ValueProblem>(config::parse_mount(text)));
  }
  CHECK(std::get<ValueProblem>(config::parse_mount("/a:/b:ro,Z")).hint.find("\"label\"") != std::string::npos);
}

TEST_CASE("ports") {
  using agentbox::policy::PublishedPort;
  CHECK(std::get<PublishedPort>(config::parse_publish("8080:80")) == PublishedPort{"127.0.0.1", 8080, 80});
  CHECK(std::get<PublishedPort>(config::parse_publish("0.0.0.0:8080:80")) == PublishedPort{"0.0.0.0", 8080, 80});
  CHECK(std::get<PublishedPort>(config::parse_publish("[::1]:8080:80")) == PublishedPort{"::1", 8080, 80});
  for (const char* text :
       {"", "80", ":80", "80:", "0:80", "80:0", "65536:80", "a:80", "[::1:80:80", "[::1]", "1:2:3:4", "-1:80"}) {
    INFO(text);
    CHECK(std::holds_alternative<ValueProblem>(config::parse_publish(text)));
  }
}

TEST_CASE("variables") {
  using config::EnvText;
  CHECK(std::get<EnvText>(config::parse_env("A=b=c")) == EnvText{"A", "b=c"});
  CHECK(std::get<EnvText>(config::parse_env("A=")) == EnvText{"A", ""});
  CHECK(std::get<EnvText>(config::parse_env("A")) == EnvText{"A", std::nullopt});
  CHECK(std::holds_alternative<ValueProblem>(config::parse_env("=b")));
  CHECK(std::holds_alternative<ValueProblem>(config::parse_env("")));
}

TEST_CASE("a TOML string is quoted") {
  CHECK(config::quote_toml("a\"b\\c\n") == "\"a\\\"b\\\\c\\u000A\"");
}
