// SPDX-License-Identifier: Apache-2.0
#include "review/hidden_changes.hpp"
#include "review/scan.hpp"

#include <fstream>
#include <sys/stat.h>
#include <thread>

#include "catch.hpp"
#include "review/review_report.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox::review;
using agentbox::tests::TempDirectory;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text = "x") {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

ReviewReport scanned(const std::vector<fs::path>& directories, const timespec& since, const ScanLimits& limits = {},
                     const Baseline& before = {}) {
  std::vector<ReviewedTree> trees;
  for (const fs::path& directory : directories) {
    trees.push_back({directory, {}, {}});
  }
  ReviewReport report;
  scan(trees, since, {".envrc", ".vscode", ".claude/settings.json"}, before, limits, report);
  return report;
}

bool has(const ReviewReport& report, const std::string& path) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [&](const ReviewFinding& finding) { return finding.path == path; });
}

/// Waits for the kernel's next tick, the resolution of change times.
void next_tick() {
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
}

} // namespace

TEST_CASE("only what changed since is reported") {
  const TempDirectory directory;
  write(directory / "old/.envrc");
  write(directory / "touched/.envrc");
  write(directory / "moved");
  next_tick();
  const Moment start = Moment::now();
  write(directory / "new/.envrc");
  fs::last_write_time(directory / "touched/.envrc", fs::file_time_type::clock::now() - std::chrono::hours(24 * 365));
  fs::rename(directory / "moved", directory / ".envrc");
  const ReviewReport report = scanned({directory.path()}, start.earliest());
  CHECK(has(report, "new/.envrc"));
  CHECK(has(report, "touched/.envrc")); // the time of the content can be set back, that of the change cannot
  CHECK(has(report, ".envrc"));
  CHECK_FALSE(has(report, "old/.envrc"));
  CHECK(report.findings.size() == 3);
  CHECK(report.stopped.empty());
}

TEST_CASE("old files count in a directory that was moved to where the host runs them") {
  const TempDirectory directory;
  write(directory / "docs/v/deep/tasks.json");
  write(directory / "docs/c/settings.json");
  write(directory / "docs/g/config", "[core]\nfsmonitor = x\n");
  write(directory / "docs/g/hooks/post-checkout");
  fs::permissions(directory / "docs/g/hooks/post-checkout", fs::perms::owner_all);
  write(directory / "quiet/.vscode/tasks.json");
  write(directory / ".vscode/tasks.json"); // a mount, in the box
  next_tick();
  const Moment start = Moment::now();
  fs::rename(directory / "docs/v", directory / "docs/.vscode");
  fs::rename(directory / "docs/c", directory / ".claude");
  fs::rename(directory / "docs/g", directory / "docs/.git");
  write(directory / "docs/.git/HEAD");
  fs::create_directories(directory / "docs/.git/objects");
  fs::create_directories(directory / "docs/.git/refs");
  write(directory / ".vscode/other");
  struct stat info {};
  REQUIRE(stat((directory / ".vscode").c_str(), &info) == 0);
  const ReviewReport report = scanned({directory.path()}, start.earliest(), {}, {{{info.st_dev, info.st_ino}}, {}});
  CHECK(has(report, "docs/.vscode/deep/tasks.json"));
  CHECK(has(report, ".claude/settings.json"));
  CHECK(has(report, "docs/.git/config"));
  CHECK(has(report, "docs/.git/hooks/post-checkout"));
  CHECK(has(report, ".vscode/other"));
  CHECK_FALSE(has(report, ".vscode/tasks.json"));
  CHECK_FALSE(has(report, "quiet/.vscode/tasks.json"));
  CHECK(report.findings.size() == 5);
}

TEST_CASE("a directory that becomes a repository has settings that are older than it") {
  const TempDirectory directory;
  write(directory / "bare/config", "[core]\nfsmonitor = x\n");
  fs::create_directories(directory / "bare/objects");
  fs::create_directories(directory / "bare/refs");
  next_tick();
  const Moment start = Moment::now();
  CHECK_FALSE(has(scanned({directory.path()}, start.earliest()), "bare/config"));
  write(directory / "bare/HEAD");
  CHECK(has(scanned({directory.path()}, start.earliest()), "bare/config"));
}

TEST_CASE("links are not followed, FIFOs not opened, and a further tree has absolute paths") {
  const TempDirectory directory;
  const Moment start = Moment::now();
  fs::create_directories(directory / "a");
  fs::create_directories(directory / "other");
  fs::create_directory_symlink("..", directory / "a/loop");
  write(directory / "other/.envrc");
  REQUIRE(mkfifo((directory / "a/.git").c_str(), 0600) == 0); // reading it would hang
  const ReviewReport report = scanned({directory / "a", directory / "other"}, start.earliest());
  CHECK(has(report, ".git"));
  CHECK(has(report, "loop"));
  CHECK(has(report, (directory / "other/.envrc").string()));
  CHECK(report.findings.size() == 3);
}

TEST_CASE("a guarded repository's data is skipped, but not its settings, nor what only looks like one") {
  const TempDirectory directory;
  const Moment start = Moment::now();
  for (const char* git : {"sub/.git", "made/up"}) {
    write(directory / git / "HEAD");
    write(directory / git / "objects/.envrc");
    write(directory / git / "logs/bin/x");
    fs::permissions(directory / git / "logs/bin/x", fs::perms::owner_all);
    fs::create_directories(directory / git / "refs");
    write(directory / git / "config", "[core]\nfsmonitor = x\n");
  }
  struct stat info {};
  REQUIRE(stat((directory / "sub/.git").c_str(), &info) == 0);
  const Baseline before{{{info.st_dev, info.st_ino}}, {}};
  const ReviewReport report = scanned({directory.path()}, start.earliest(), {}, before);
  CHECK(has(report, "sub/.git/config"));
  CHECK(has(report, "made/up/config"));
  CHECK(has(report, "made/up/objects/.envrc"));
  CHECK(has(report, "made/up/logs/bin/x"));
  CHECK(report.findings.size() == 4);
  CHECK(report.findings.front() == ReviewFinding{FindingKind::git_settings, "made/up/config", "core.fsmonitor"});
  CHECK(has(scanned({directory.path()}, start.earliest()), "sub/.git/objects/.envrc")); // it was not there before
}

TEST_CASE("links in a guarded repository's refs and logs are listed: Git writes to where they lead") {
  const TempDirectory directory;
  write(directory / ".git/HEAD");
  write(directory / ".git/logs/refs/heads/old");
  fs::create_directories(directory / ".git/objects/aa");
  fs::create_directories(directory / ".git/refs/heads");
  fs::create_symlink("../kept", directory / ".git/logs/was-there");
  next_tick();
  const Moment start = Moment::now();
  struct stat info {};
  REQUIRE(stat((directory / ".git").c_str(), &info) == 0);
  const Baseline before{{{info.st_dev, info.st_ino}}, {}};
  write(directory / ".git/logs/refs/heads/main");
  write(directory / ".git/refs/heads/.envrc"); // a branch of that name would be one, and is nothing that a shell reads
  CHECK(scanned({directory.path()}, start.earliest(), {}, before).findings.empty());
  fs::create_symlink("/home/x/.bashrc", directory / ".git/logs/refs/heads/outside");
  fs::create_directory_symlink("../../.husky", directory / ".git/refs/remotes");
  fs::create_symlink("../../x",
                     directory / ".git/objects/aa/x"); // files there have names and bytes that nobody chooses
  const ReviewReport report = scanned({directory.path()}, start.earliest(), {}, before);
  CHECK(report.findings ==
        std::vector<ReviewFinding>{{FindingKind::git_settings, ".git/logs/refs/heads/outside", "-> /home/x/.bashrc"},
                                   {FindingKind::git_settings, ".git/refs/remotes", "-> ../../.husky"}});
}

TEST_CASE("the data of a repository that did not change is skipped only in a .git directory") {
  const TempDirectory directory;
  for (const char* git : {"sub/.git", "hostile"}) {
    write(directory / git / "HEAD");
    fs::create_directories(directory / git / "objects/deep");
    fs::create_directories(directory / git / "refs");
  }
  next_tick();
  const Moment start = Moment::now();
  write(directory / "sub/.git/objects/deep/.envrc");
  write(directory / "hostile/objects/deep/.envrc");
  const ReviewReport report = scanned({directory.path()}, start.earliest());
  CHECK(has(report, "hostile/objects/deep/.envrc"));
  CHECK(report.findings.size() == 1);
}

TEST_CASE("old programs that were moved to a directory of programs are listed, those that were there are not") {
  const TempDirectory directory;
  const auto program = [&](const char* path) {
    write(directory / path);
    fs::permissions(directory / path, fs::perms::owner_all);
  };
  for (const char* path : {"a/one", "b/two", "c/bin/three", "d/four", "bin/old", "node_modules/.bin/old",
                           "e/1/2/bin/old", "f/1/2/bin/five", "kept/sbin/old"}) {
    program(path);
  }
  next_tick();
  const Moment start = Moment::now();
  const std::vector<ReviewedTree> trees = {{directory.path(), {}, {}}};
  const Baseline before = record_baseline(trees, {});
  fs::rename(directory / "a", directory / "sbin");        // a directory
  fs::rename(directory / "b/two", directory / "bin/two"); // a file
  fs::rename(directory / "c", directory / ".venv");       // the directory above
  fs::create_directories(directory / "g");
  fs::rename(directory / "d", directory / "g/Scripts"); // into what is new
  fs::rename(directory / "f/1/2", directory / "e/1/3");
  write(directory / "sbin/plain");
  write(directory / "kept/file");
  write(directory / "kept/sbin/file");
  ReviewReport report;
  scan(trees, start.earliest(), {}, before, {}, report);
  for (const char* path : {"sbin/one", "bin/two", ".venv/bin/three", "g/Scripts/four", "e/1/3/bin/five"}) {
    INFO(path);
    CHECK(has(report, path));
  }
  CHECK(report.findings.size() == 5);
}

TEST_CASE("a directory of programs that replaced another is new there") {
  const TempDirectory directory;
  for (const char* path : {"bin/old", "tools/evil"}) {
    write(directory / path);
    fs::permissions(directory / path, fs::perms::owner_all);
  }
  next_tick();
  const Moment start = Moment::now();
  const std::vector<ReviewedTree> trees = {{directory.path(), {}, {}}};
  const Baseline before = record_baseline(trees, {});
  fs::rename(directory / "bin", directory / "x");
  fs::rename(directory / "tools", directory / "bin");
  fs::last_write_time(directory / "bin", fs::file_time_type::clock::now());
  ReviewReport report;
  scan(trees, start.earliest(), {}, before, {}, report);
  CHECK(has(report, "bin/evil"));
  CHECK(report.findings.size() == 1);
}

TEST_CASE("paths that the Git configuration refers to are reported when they are made or changed, even behind a link") {
  const TempDirectory directory;
  write(directory / "tools/same");
  write(directory / "tools/changed");
  write(directory / ".githooks/old");
  next_tick();
  const Moment start = Moment::now();
  write(directory / "tools/changed", "y");
  write(directory / "tools/made");
  write(directory / "tools/other");
  write(directory / ".githooks/new");
  write(directory / "deep/tools/made");
  fs::create_symlink("deep", directory / "link");
  const std::vector<ReviewedTree> trees = {
      {directory.path(), {".githooks"}, {"tools/same", "tools/changed", "tools/made", "link/tools/made"}}};
  struct stat info {};
  REQUIRE(stat((directory / "tools").c_str(), &info) == 0);
  Baseline before{{{info.st_dev, info.st_ino}}, {}};
  REQUIRE(stat((directory / ".githooks").c_str(), &info) == 0);
  before.mounted.emplace(info.st_dev, info.st_ino);
  ReviewReport report;
  scan(trees, start.earliest(), {}, before, {}, report);
  for (const char* path : {"tools/changed", "tools/made", ".githooks/new", "link"}) {
    INFO(path);
    CHECK(has(report, path));
  }
  CHECK(report.findings.size() == 4);
}

TEST_CASE("a repository whose data is elsewhere counts as one, and its hooks count as hooks") {
  const TempDirectory directory;
  const Moment start = Moment::now();
  write(directory / "foo/.git/HEAD");
  write(directory / "foo/.git/commondir", "../../evil\n");
  write(directory / "bare/HEAD");
  fs::create_directories(directory / "bare/objects");
  fs::create_directories(directory / "bare/refs");
  write(directory / "bare/hooks/pre-commit");
  fs::permissions(directory / "bare/hooks/pre-commit", fs::perms::owner_all);
  write(directory / "plain/hooks/pre-commit");
  fs::permissions(directory / "plain/hooks/pre-commit", fs::perms::owner_all);
  const ReviewReport report = scanned({directory.path()}, start.earliest());
  CHECK(has(report, "foo/.git/commondir"));
  CHECK(has(report, "bare/hooks/pre-commit"));
  CHECK(report.findings.size() == 2);
}

TEST_CASE("huge and deep trees end the scan, and the report says so") {
  const TempDirectory directory;
  const Moment start = Moment::now();
  for (int i = 0; i < 300; ++i) {
    write(directory / ("bin/" + std::to_string(i)));
    fs::permissions(directory / ("bin/" + std::to_string(i)), fs::perms::owner_all);
  }
  ScanLimits limits;
  const ReviewReport whole = scanned({directory.path()}, start.earliest(), limits);
  CHECK(whole.counts.at(FindingKind::program) == 300);
  CHECK(whole.findings.size() == k_max_findings);
  limits.entries = 50;
  CHECK(scanned({directory.path()}, start.earliest(), limits).stopped ==
        "stopped after 50 files; most files were in bin/");
  limits = {};
  limits.depth = 1;
  CHECK(scanned({directory.path()}, start.earliest(), limits).stopped.find("directories deep") != std::string::npos);
  limits = {};
  limits.time = std::chrono::milliseconds(-1);
  CHECK(scanned({directory.path()}, start.earliest(), limits).stopped.find("ms") != std::string::npos);
}

TEST_CASE("an index that Git may read and we cannot is reported") {
  const auto exists = [](const std::string&) { return true; };
  const auto beside = [](const std::string&) { return std::string(); };
  CHECK(newly_hidden("", {}, exists, beside).empty());
  CHECK(newly_hidden("DIRC nobody knows", {}, exists, beside) == "unknown index format");
}

TEST_CASE("a large directory does not keep the rest of the tree from being examined") {
  const TempDirectory directory;
  const Moment start = Moment::now();
  for (int i = 0; i < 6000; ++i) {
    std::ofstream(directory / (std::to_string(i) + "-junk"));
  }
  for (int i = 0; i < 300; ++i) {
    fs::create_directories(directory / ("junk/" + std::to_string(i) + "/a/b"));
  }
  write(directory / ".envrc");
  write(directory / "z/y/x/.vscode/tasks.json");
  write(directory / "z/deep/er/.git");
  ScanLimits limits;
  limits.entries = 4096 + 900;
  const ReviewReport report = scanned({directory.path()}, start.earliest(), limits);
  CHECK(has(report, ".envrc"));
  CHECK(has(report, "z/y/x/.vscode/tasks.json"));
  CHECK(has(report, "z/deep/er/.git"));
  CHECK(report.stopped == "stopped after 4996 files; most files were in the top directory");
  limits = {};
  limits.time = std::chrono::minutes(1);
  CHECK(scanned({directory.path()}, start.earliest(), limits).stopped.empty());
  CHECK(scanned({directory.path()}, start.earliest(), limits).looked_at > 6900);
}

TEST_CASE("a huge directory keeps nothing from being examined, not even its own content") {
  const TempDirectory directory;
  const Moment start = Moment::now();
  for (int i = 0; i < 20'000; ++i) { // several rounds
    std::ofstream(directory / ("junk/" + std::to_string(i)));
    if (i == 0) {
      fs::create_directories(directory / "junk");
    }
  }
  write(directory / "junk/.vscode/tasks.json");
  write(directory / "z/y/.vscode/tasks.json");
  ScanLimits limits;
  limits.entries = 10'000;
  limits.time = std::chrono::minutes(1);
  const ReviewReport report = scanned({directory.path()}, start.earliest(), limits);
  CHECK(has(report, "junk/.vscode/tasks.json"));
  CHECK(has(report, "z/y/.vscode/tasks.json"));
  CHECK(report.stopped == "stopped after 10000 files; most files were in junk/");
  limits.entries = 100'000;
  CHECK(scanned({directory.path()}, start.earliest(), limits).stopped.empty());
  const ReviewReport whole = scanned({directory.path()}, start.earliest(), limits);
  CHECK(whole.looked_at > 20'000);
  CHECK(whole.counts.at(FindingKind::tool_file) == 2); // each once, although known names are examined first
}

TEST_CASE("a flood of directories with known names does not keep others from being examined") {
  const TempDirectory directory;
  const Moment start = Moment::now();
  for (int i = 0; i < 10'000; ++i) {
    const fs::path inner = directory / ("a/.vscode/" + std::to_string(i % 100) + "/" + std::to_string(i));
    fs::create_directories(inner);
    std::ofstream(inner / "x");
  }
  write(directory / "a/b/c/.envrc");
  write(directory / "z/y/.envrc");
  ScanLimits limits;
  limits.entries = 5'000;
  limits.time = std::chrono::minutes(1);
  const ReviewReport report = scanned({directory.path()}, start.earliest(), limits);
  CHECK(has(report, "a/b/c/.envrc"));
  CHECK(has(report, "z/y/.envrc"));
  CHECK(report.stopped == "stopped after 5000 files; most files were in a/");
}

TEST_CASE("a flood of findings does not hide those of another sort, and the report can be read back") {
  const TempDirectory directory;
  ReviewReport report;
  report.workspace = "/w";
  for (const KindNames& kind : k_kinds) {
    for (int i = 0; i < 1000; ++i) {
      add_finding(report, {kind.kind, std::string(20'000, '\x01') + std::to_string(i), std::string(5'000, '\x02')});
    }
    add_finding(report, {kind.kind, "z/.envrc", "direnv"});
  }
  CHECK(report.counts.at(FindingKind::tool_file) == 1001);
  CHECK(has(report, "z/.envrc"));
  CHECK(report.findings.size() == std::size(k_kinds) * (k_max_findings + 1));
  CHECK(report.findings.front().path.ends_with("0"));
  for (int i = 0; i < 1000; ++i) { // many sorts
    add_finding(report,
                {FindingKind::link_out, std::string(20'000, '\x01'), std::to_string(i) + std::string(5'000, '\x02')});
  }
  keep(directory / "review", report);
  CHECK(last(directory / "review", "/w") == report);
}

TEST_CASE("what hides changes from Git is reported, what a new repository has is not") {
  const TempDirectory directory;
  for (const char* git : {".git", "fresh/.git"}) {
    write(directory / git / "HEAD");
    fs::create_directories(directory / git / "objects/info");
    fs::create_directories(directory / git / "refs/heads");
    write(directory / git / "info/exclude", "# only comments\n");
    write(directory / git / "packed-refs", "# pack-refs\n1234 refs/heads/main\n");
  }
  next_tick();
  const std::vector<ReviewedTree> trees = {{directory.path(), {}, {}}};
  struct stat info {};
  REQUIRE(stat((directory / ".git").c_str(), &info) == 0);
  const Baseline before = record_baseline(trees, {{info.st_dev, info.st_ino}});
  const Moment start = Moment::now();
  write(directory / "fresh/.git/info/exclude", "# only comments\n\n");
  write(directory / "fresh/.git/packed-refs", "1234 refs/heads/main\n");
  write(directory / ".git/objects/info/packs");
  write(directory / ".git/refs/heads/main", "1234\n");
  write(directory / ".git/reftable/tables.list", "0x1-0x2.ref\n");
  write(directory / ".git/reftable/0x1-0x1.ref",
        agentbox::support::read_file(AGENTBOX_SOURCE_DIR "/tests/fuzz/git/corpus/fuzz_reftable/sha1-plain", 4096));
  ReviewReport quiet;
  scan(trees, start.earliest(), {}, before, {}, quiet);
  CHECK(quiet.findings.empty());
  const char* const hiding[] = {".git/branches/x",
                                ".git/info/attributes",
                                ".git/info/exclude",
                                ".git/info/grafts",
                                ".git/objects/info/alternates",
                                ".git/packed-refs",
                                ".git/refs/replace/1234",
                                ".git/reftable/0x1-0x2.ref",
                                ".git/remotes/origin",
                                "sub/.gitattributes",
                                ".git/shallow"};
  for (const char* path : hiding) {
    write(directory / path, "*.sh -diff\n1234 refs/replace/1234\n");
  }
  ReviewReport report;
  scan(trees, start.earliest(), {}, before, {}, report);
  for (const char* path : hiding) {
    INFO(path);
    CHECK(has(report, path));
  }
  CHECK(report.counts == std::map<FindingKind, std::size_t>{{FindingKind::hides_changes, std::size(hiding)}});
}

TEST_CASE("files that the index marks are reported, but not those that were marked before or by a sparse checkout") {
  const auto index = [](const std::vector<std::pair<std::string, char>>& files) {
    std::string text("DIRC\0\0\0\3\0\0\0", 11);
    text += static_cast<char>(files.size());
    for (const auto& [name, mark] : files) {
      std::string entry(60, 'x');
      entry += mark == 's'   ? std::string("\x40\0\x40\0", 4)
               : mark == 'a' ? std::string("\x80\0", 2)
                             : std::string(2, '\0');
      entry += name;
      entry.resize(entry.size() / 8 * 8 + 8, '\0');
      text += entry;
    }
    return text + std::string(20, 'h');
  };
  const TempDirectory directory;
  write(directory / ".git/HEAD");
  fs::create_directories(directory / ".git/objects");
  fs::create_directories(directory / ".git/refs");
  write(directory / ".git/index", index({{"a", '-'}, {"old", 'a'}, {"sparse", 's'}}));
  write(directory / "present");
  const std::vector<ReviewedTree> trees = {{directory.path(), {}, {}}};
  const Baseline before = record_baseline(trees, {});
  next_tick();
  const Moment start = Moment::now();
  write(directory / ".git/index", index({{"a", '-'}, {"old", 'a'}, {"sparse", 's'}, {"sparse2", 's'}}));
  ReviewReport quiet;
  scan(trees, start.earliest(), {}, before, {}, quiet);
  CHECK(quiet.findings.empty());
  write(directory / ".git/index", index({{"a", 'a'}, {"old", 'a'}, {"present", 's'}, {"sparse", 's'}}));
  ReviewReport report;
  scan(trees, start.earliest(), {}, before, {}, report);
  CHECK(report.findings == std::vector<ReviewFinding>{{FindingKind::hides_changes, ".git/index",
                                                       "assume-unchanged: a, skip-worktree: present"}});
}

TEST_CASE("an index that is split is examined with its other part") {
  const auto index = [](bool marked, const std::string& extension) {
    std::string entry(60, 'x');
    entry += std::string(marked ? "\x80\0" : "\0\0", 2) + "a";
    entry.resize(64, '\0');
    return std::string("DIRC\0\0\0\2\0\0\0\1", 12) + entry + extension + std::string(20, 'h');
  };
  const std::string link = std::string("link\0\0\0\x14", 8) + std::string(20, '\xab');
  std::string shared = index(true, "");
  const auto beside = [&](const std::string& name) {
    CHECK(name == "sharedindex." + std::string("abababababababababababababababababababab"));
    return shared;
  };
  const auto exists = [](const std::string&) { return true; };
  CHECK(newly_hidden(index(false, link), {}, exists, beside) == "assume-unchanged: a");
  CHECK(newly_hidden(index(false, link), hidden_keys(index(false, link), beside), exists, beside).empty());
  shared = index(false, "");
  CHECK(newly_hidden(index(false, link), {}, exists, beside).empty());
  shared = "";
  CHECK(newly_hidden(index(false, link), {}, exists, beside) == "unknown index format");
}

TEST_CASE("a missing tree is reported as unread") {
  CHECK(scanned({"/no/such/tree"}, Moment::now().earliest()).stopped == "1 directory could not be read");
}

TEST_CASE("a report is kept for its workspace, and read back") {
  const TempDirectory directory;
  ReviewReport report;
  report.box = "b";
  report.workspace = "/home/u/w";
  report.since = 7;
  report.findings = {{FindingKind::link_out, "a", "-> /etc"}};
  report.counts = {{FindingKind::link_out, 3}};
  report.looked_at = 5;
  report.stopped = "stopped after 5 files";
  keep(directory / "review", report);
  CHECK(last(directory / "review", "/home/u/w") == report);
  CHECK_FALSE(last(directory / "review", "/home/u/other"));
  struct stat info {};
  REQUIRE(stat(fs::directory_iterator(directory / "review")->path().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
  CHECK_THROWS(from_json("{}", "x"));
  CHECK_THROWS(from_json("nonsense", "x"));
  CHECK(to_json({"b", "/w", 1, {{FindingKind::program, "bin/\xff", ""}}, {}, 1, ""}).find("bin/") != std::string::npos);
}
