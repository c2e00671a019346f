// SPDX-License-Identifier: Apache-2.0
#include "doctor/parse.hpp"

#include "catch.hpp"

using namespace agentbox::doctor;

TEST_CASE("os-release") {
  CHECK(parse_os_release("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n").family == Family::debian);
  CHECK(parse_os_release("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n").name ==
        "Debian GNU/Linux 12 (bookworm)");
  CHECK(parse_os_release("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n").family == Family::debian);
  CHECK(parse_os_release("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n").family == Family::fedora);
  CHECK(parse_os_release("ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n").family == Family::suse);
  CHECK(parse_os_release("ID=manjaro\nID_LIKE=arch\n").family == Family::arch);
  CHECK(parse_os_release("ID=alpine\n").family == Family::alpine);
  CHECK(parse_os_release("ID=nixos\n").family == Family::unknown);
  CHECK(parse_os_release("").family == Family::unknown);
}

TEST_CASE("the text of /etc/subuid") {
  const char* text = "root:100000:65536\n"
                     "dev:165536:65536\n"
                     "1000:300000:1000\n"
                     "device:400000:65536\n";
  const IdRange range = parse_subordinate_ids(text, "dev", 1000);
  CHECK(range.count == 66536); // by name and by number
  CHECK(range.next_free == 465536);
  CHECK(parse_subordinate_ids(text, "nobody", 65534).count == 0);
  CHECK(parse_subordinate_ids("", "dev", 1000).next_free == 100000);
  for (const char* bad : {"dev:x:65536", "dev:1:2:3", "dev:100000", "dev:-1:65536", "dev:1:99999999999", "dev::"}) {
    CHECK(parse_subordinate_ids(bad, "dev", 1000).count == 0);
  }
}

TEST_CASE("how control groups are mounted") {
  const std::string tmpfs = "30 20 0:26 / /sys/fs/cgroup ro shared:4 - tmpfs tmpfs ro,mode=755\n";
  const std::string v1 = "31 30 0:27 / /sys/fs/cgroup/pids rw shared:5 - cgroup cgroup rw,pids\n";
  const std::string unified = "32 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
  const std::string v2 = "33 20 0:29 / /sys/fs/cgroup rw,nosuid - cgroup2 none rw\n";
  CHECK(parse_cgroup_layout("") == CgroupLayout::none);
  CHECK(parse_cgroup_layout(tmpfs) == CgroupLayout::none);
  CHECK(parse_cgroup_layout(tmpfs + v1) == CgroupLayout::v1);
  CHECK(parse_cgroup_layout(tmpfs + v1 + unified) == CgroupLayout::hybrid);
  CHECK(parse_cgroup_layout(v2) == CgroupLayout::v2);
  CHECK(parse_cgroup_layout(tmpfs + v1 + unified + v2) == CgroupLayout::v2); // mounted over it
  CHECK(parse_cgroup_layout("garbage\n- - -\n") == CgroupLayout::none);
}

TEST_CASE("states of kernel modules") {
  ModuleSources sources;
  CHECK(module_states(sources).at("nf_tables") == ModuleState::unknown);
  SECTION("files of a distribution's kernel") {
    sources.loaded = "nf_tables 376832 0 - Live 0x0000000000000000\nnf_tables_more 1 0 - Live 0x0\n";
    sources.built_in = "kernel/fs/overlayfs/overlay.ko\n";
    sources.loadable = "kernel/net/netfilter/nft-redir.ko.xz: kernel/net/netfilter/nf_tables.ko.xz\n"
                       "kernel/net/netfilter/x.ko: kernel/net/netfilter/nft_ct.ko\n";
    const auto states = module_states(sources);
    CHECK(states.at("nf_tables") == ModuleState::loaded);
    CHECK(states.at("overlay") == ModuleState::built_in);
    CHECK(states.at("nft_redir") == ModuleState::loadable);
    CHECK(states.at("nft_ct") == ModuleState::absent); // named only as a dependency
  }
  SECTION("a kernel without module files") {
    sources.config = "CONFIG_NF_TABLES=y\nCONFIG_NFT_REDIR=m\n# CONFIG_NFT_CT is not set\n";
    sources.filesystems = "nodev\tsysfs\nnodev\toverlay\n";
    const auto states = module_states(sources);
    CHECK(states.at("nf_tables") == ModuleState::built_in);
    CHECK(states.at("nft_redir") == ModuleState::absent);
    CHECK(states.at("nft_ct") == ModuleState::absent);
    CHECK(states.at("overlay") == ModuleState::built_in);
  }
}

TEST_CASE("seccomp profiles") {
  CHECK(seccomp_profile_problem(R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"]}]})").empty());
  for (const char* bad : {"", "{", "[]", "{}", R"({"defaultAction":7})", R"({"defaultAction":"SCMP_ACT_ERRNO"})",
                          R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]})",
                          R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["reboot"]}]})"}) {
    CHECK_FALSE(seccomp_profile_problem(bad).empty());
  }
}

TEST_CASE("versions") {
  CHECK(version_word("crun version 1.8.1\ncommit: f8a0\n") == "1.8.1");
  CHECK(version_word("podman version 4.3.1") == "4.3.1");
  CHECK(version_word("nothing").empty());
}

TEST_CASE("idle images are counted once each") {
  CHECK(idle_image_bytes(R"([{"Id": "a", "Size": 5, "Containers": 0}, {"Id": "a", "Size": 5, "Containers": 0},
                             {"Id": "b", "Size": 7, "Containers": 0}, {"Id": "c", "Size": 11, "Containers": 2}])") ==
        12);
  for (const char* text : {"", "null", "[]", "[1]", R"([{"Id": "a", "Size": "5"}])"}) {
    CHECK(idle_image_bytes(text) == 0);
  }
}
