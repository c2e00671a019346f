// SPDX-License-Identifier: Apache-2.0
#include "review/hidden_changes.hpp"
#include "review/scan.hpp"

#include <fstream>
#include <sys/stat.h>
#include <thread>

#include "catch.hpp"
#include "review/review_report.hpp"
#include "temp_folder.hpp"

using namespace agentbox::review;
using agentbox::tests::TempFolder;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text = "x") {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

ReviewReport scanned(const std::vector<fs::path>& folders, const timespec& since, const ScanLimits& limits = {},
                     const Baseline& before = {}) {
  std::vector<ReviewedTree> trees;
  for (const fs::path& folder : folders) {
    trees.push_back({folder, {}, {}});
  }
  ReviewReport report;
  scan(trees, since, {".envrc", ".vscode", ".claude/settings.json"}, before, limits, report);
  return report;
}

bool has(const ReviewReport& report, const std::string& path) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [&](const ReviewFinding& finding) { return finding.path == path; });
}

/// Change times have the grain of the kernel's tick.
void next_tick() {
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
}

} // namespace

TEST_CASE("only what changed since is reported") {
  const TempFolder folder;
  write(folder / "old/.envrc");
  write(folder / "touched/.envrc");
  write(folder / "moved");
  next_tick();
  const Moment start = Moment::now();
  write(folder / "new/.envrc");
  fs::last_write_time(folder / "touched/.envrc", fs::file_time_type::clock::now() - std::chrono::hours(24 * 365));
  fs::rename(folder / "moved", folder / ".envrc");
  const ReviewReport report = scanned({folder.path()}, start.earliest());
  CHECK(has(report, "new/.envrc"));
  CHECK(has(report, "touched/.envrc")); // the time of the content can be set back, that of the change cannot
  CHECK(has(report, ".envrc"));
  CHECK_FALSE(has(report, "old/.envrc"));
  CHECK(report.findings.size() == 3);
  CHECK(report.stopped.empty());
}

TEST_CASE("what is old counts in a folder that was moved to where the host runs it") {
  const TempFolder folder;
  write(folder / "docs/v/deep/tasks.json");
  write(folder / "docs/c/settings.json");
  write(folder / "docs/g/config", "[core]\nfsmonitor = x\n");
  write(folder / "docs/g/hooks/post-checkout");
  fs::permissions(folder / "docs/g/hooks/post-checkout", fs::perms::owner_all);
  write(folder / "quiet/.vscode/tasks.json");
  write(folder / ".vscode/tasks.json"); // a mount, in the box
  next_tick();
  const Moment start = Moment::now();
  fs::rename(folder / "docs/v", folder / "docs/.vscode");
  fs::rename(folder / "docs/c", folder / ".claude");
  fs::rename(folder / "docs/g", folder / "docs/.git");
  write(folder / "docs/.git/HEAD");
  fs::create_directories(folder / "docs/.git/objects");
  fs::create_directories(folder / "docs/.git/refs");
  write(folder / ".vscode/other");
  struct stat info {};
  REQUIRE(stat((folder / ".vscode").c_str(), &info) == 0);
  const ReviewReport report = scanned({folder.path()}, start.earliest(), {}, {{{info.st_dev, info.st_ino}}, {}});
  CHECK(has(report, "docs/.vscode/deep/tasks.json"));
  CHECK(has(report, ".claude/settings.json"));
  CHECK(has(report, "docs/.git/config"));
  CHECK(has(report, "docs/.git/hooks/post-checkout"));
  CHECK(has(report, ".vscode/other"));
  CHECK_FALSE(has(report, ".vscode/tasks.json"));
  CHECK_FALSE(has(report, "quiet/.vscode/tasks.json"));
  CHECK(report.findings.size() == 5);
}

TEST_CASE("a folder that becomes a repository has settings that are older than it") {
  const TempFolder folder;
  write(folder / "bare/config", "[core]\nfsmonitor = x\n");
  fs::create_directories(folder / "bare/objects");
  fs::create_directories(folder / "bare/refs");
  next_tick();
  const Moment start = Moment::now();
  CHECK_FALSE(has(scanned({folder.path()}, start.earliest()), "bare/config"));
  write(folder / "bare/HEAD");
  CHECK(has(scanned({folder.path()}, start.earliest()), "bare/config"));
}

TEST_CASE("links are not followed, FIFOs not opened, and a further tree has absolute paths") {
  const TempFolder folder;
  const Moment start = Moment::now();
  fs::create_directories(folder / "a");
  fs::create_directories(folder / "other");
  fs::create_directory_symlink("..", folder / "a/loop");
  write(folder / "other/.envrc");
  REQUIRE(mkfifo((folder / "a/.git").c_str(), 0600) == 0); // reading it would hang
  const ReviewReport report = scanned({folder / "a", folder / "other"}, start.earliest());
  CHECK(has(report, ".git"));
  CHECK(has(report, "loop"));
  CHECK(has(report, (folder / "other/.envrc").string()));
  CHECK(report.findings.size() == 3);
}

TEST_CASE("a guarded repository's data is passed over, its settings are not, nor what is laid out like one") {
  const TempFolder folder;
  const Moment start = Moment::now();
  for (const char* git : {"sub/.git", "made/up"}) {
    write(folder / git / "HEAD");
    write(folder / git / "objects/.envrc");
    write(folder / git / "logs/bin/x");
    fs::permissions(folder / git / "logs/bin/x", fs::perms::owner_all);
    fs::create_directories(folder / git / "refs");
    write(folder / git / "config", "[core]\nfsmonitor = x\n");
  }
  struct stat info {};
  REQUIRE(stat((folder / "sub/.git").c_str(), &info) == 0);
  const Baseline before{{{info.st_dev, info.st_ino}}, {}};
  const ReviewReport report = scanned({folder.path()}, start.earliest(), {}, before);
  CHECK(has(report, "sub/.git/config"));
  CHECK(has(report, "made/up/config"));
  CHECK(has(report, "made/up/objects/.envrc"));
  CHECK(has(report, "made/up/logs/bin/x"));
  CHECK(report.findings.size() == 4);
  CHECK(report.findings.front() == ReviewFinding{FindingKind::git_settings, "made/up/config", "core.fsmonitor"});
  CHECK(has(scanned({folder.path()}, start.earliest()), "sub/.git/objects/.envrc")); // it was not there before
}

TEST_CASE("links in a guarded repository's refs and logs are listed: Git writes to where they lead") {
  const TempFolder folder;
  write(folder / ".git/HEAD");
  write(folder / ".git/logs/refs/heads/old");
  fs::create_directories(folder / ".git/objects/aa");
  fs::create_directories(folder / ".git/refs/heads");
  fs::create_symlink("../kept", folder / ".git/logs/was-there");
  next_tick();
  const Moment start = Moment::now();
  struct stat info {};
  REQUIRE(stat((folder / ".git").c_str(), &info) == 0);
  const Baseline before{{{info.st_dev, info.st_ino}}, {}};
  write(folder / ".git/logs/refs/heads/main");
  write(folder / ".git/refs/heads/.envrc"); // a branch of that name would be one, and is nothing that a shell reads
  CHECK(scanned({folder.path()}, start.earliest(), {}, before).findings.empty());
  fs::create_symlink("/home/x/.bashrc", folder / ".git/logs/refs/heads/outside");
  fs::create_directory_symlink("../../.husky", folder / ".git/refs/remotes");
  fs::create_symlink("../../x", folder / ".git/objects/aa/x"); // files there have names and bytes that nobody chooses
  const ReviewReport report = scanned({folder.path()}, start.earliest(), {}, before);
  CHECK(report.findings ==
        std::vector<ReviewFinding>{{FindingKind::git_settings, ".git/logs/refs/heads/outside", "-> /home/x/.bashrc"},
                                   {FindingKind::git_settings, ".git/refs/remotes", "-> ../../.husky"}});
}

TEST_CASE("the data of a repository that did not change is passed over only in a .git folder") {
  const TempFolder folder;
  for (const char* git : {"sub/.git", "hostile"}) {
    write(folder / git / "HEAD");
    fs::create_directories(folder / git / "objects/deep");
    fs::create_directories(folder / git / "refs");
  }
  next_tick();
  const Moment start = Moment::now();
  write(folder / "sub/.git/objects/deep/.envrc");
  write(folder / "hostile/objects/deep/.envrc");
  const ReviewReport report = scanned({folder.path()}, start.earliest());
  CHECK(has(report, "hostile/objects/deep/.envrc"));
  CHECK(report.findings.size() == 1);
}

TEST_CASE("old programs that were moved to a folder of programs are listed, those that were there are not") {
  const TempFolder folder;
  const auto program = [&](const char* path) {
    write(folder / path);
    fs::permissions(folder / path, fs::perms::owner_all);
  };
  for (const char* path : {"a/one", "b/two", "c/bin/three", "d/four", "bin/old", "node_modules/.bin/old",
                           "e/1/2/bin/old", "f/1/2/bin/five", "kept/sbin/old"}) {
    program(path);
  }
  next_tick();
  const Moment start = Moment::now();
  const std::vector<ReviewedTree> trees = {{folder.path(), {}, {}}};
  const Baseline before = record_baseline(trees, {});
  fs::rename(folder / "a", folder / "sbin");        // a folder
  fs::rename(folder / "b/two", folder / "bin/two"); // a file
  fs::rename(folder / "c", folder / ".venv");       // the folder above
  fs::create_directories(folder / "g");
  fs::rename(folder / "d", folder / "g/Scripts"); // into what is new
  fs::rename(folder / "f/1/2", folder / "e/1/3");
  write(folder / "sbin/plain");
  write(folder / "kept/file");
  write(folder / "kept/sbin/file");
  ReviewReport report;
  scan(trees, start.earliest(), {}, before, {}, report);
  for (const char* path : {"sbin/one", "bin/two", ".venv/bin/three", "g/Scripts/four", "e/1/3/bin/five"}) {
    INFO(path);
    CHECK(has(report, path));
  }
  CHECK(report.findings.size() == 5);
}

TEST_CASE("a folder of programs that took the place of another is new there") {
  const TempFolder folder;
  for (const char* path : {"bin/old", "tools/evil"}) {
    write(folder / path);
    fs::permissions(folder / path, fs::perms::owner_all);
  }
  next_tick();
  const Moment start = Moment::now();
  const std::vector<ReviewedTree> trees = {{folder.path(), {}, {}}};
  const Baseline before = record_baseline(trees, {});
  fs::rename(folder / "bin", folder / "x");
  fs::rename(folder / "tools", folder / "bin");
  fs::last_write_time(folder / "bin", fs::file_time_type::clock::now());
  ReviewReport report;
  scan(trees, start.earliest(), {}, before, {}, report);
  CHECK(has(report, "bin/evil"));
  CHECK(report.findings.size() == 1);
}

TEST_CASE("paths that the Git configuration refers to are reported when they are made or changed, also behind a link") {
  const TempFolder folder;
  write(folder / "tools/same");
  write(folder / "tools/changed");
  write(folder / ".githooks/old");
  next_tick();
  const Moment start = Moment::now();
  write(folder / "tools/changed", "y");
  write(folder / "tools/made");
  write(folder / "tools/other");
  write(folder / ".githooks/new");
  write(folder / "deep/tools/made");
  fs::create_symlink("deep", folder / "link");
  const std::vector<ReviewedTree> trees = {
      {folder.path(), {".githooks"}, {"tools/same", "tools/changed", "tools/made", "link/tools/made"}}};
  struct stat info {};
  REQUIRE(stat((folder / "tools").c_str(), &info) == 0);
  Baseline before{{{info.st_dev, info.st_ino}}, {}};
  REQUIRE(stat((folder / ".githooks").c_str(), &info) == 0);
  before.mounted.emplace(info.st_dev, info.st_ino);
  ReviewReport report;
  scan(trees, start.earliest(), {}, before, {}, report);
  for (const char* path : {"tools/changed", "tools/made", ".githooks/new", "link"}) {
    INFO(path);
    CHECK(has(report, path));
  }
  CHECK(report.findings.size() == 4);
}

TEST_CASE("a repository whose data lies elsewhere is one as well, and its hooks are hooks") {
  const TempFolder folder;
  const Moment start = Moment::now();
  write(folder / "foo/.git/HEAD");
  write(folder / "foo/.git/commondir", "../../evil\n");
  write(folder / "bare/HEAD");
  fs::create_directories(folder / "bare/objects");
  fs::create_directories(folder / "bare/refs");
  write(folder / "bare/hooks/pre-commit");
  fs::permissions(folder / "bare/hooks/pre-commit", fs::perms::owner_all);
  write(folder / "plain/hooks/pre-commit");
  fs::permissions(folder / "plain/hooks/pre-commit", fs::perms::owner_all);
  const ReviewReport report = scanned({folder.path()}, start.earliest());
  CHECK(has(report, "foo/.git/commondir"));
  CHECK(has(report, "bare/hooks/pre-commit"));
  CHECK(report.findings.size() == 2);
}

TEST_CASE("huge and deep trees end the look, and the report says so") {
  const TempFolder folder;
  const Moment start = Moment::now();
  for (int i = 0; i < 300; ++i) {
    write(folder / ("bin/" + std::to_string(i)));
    fs::permissions(folder / ("bin/" + std::to_string(i)), fs::perms::owner_all);
  }
  ScanLimits limits;
  const ReviewReport whole = scanned({folder.path()}, start.earliest(), limits);
  CHECK(whole.counts.at(FindingKind::program) == 300);
  CHECK(whole.findings.size() == k_max_findings);
  limits.entries = 50;
  CHECK(scanned({folder.path()}, start.earliest(), limits).stopped ==
        "stopped after 50 files; most files were in bin/");
  limits = {};
  limits.depth = 1;
  CHECK(scanned({folder.path()}, start.earliest(), limits).stopped.find("directories deep") != std::string::npos);
  limits = {};
  limits.time = std::chrono::milliseconds(-1);
  CHECK(scanned({folder.path()}, start.earliest(), limits).stopped.find("ms") != std::string::npos);
}

TEST_CASE("an index that Git may read and we cannot is reported") {
  const auto exists = [](const std::string&) { return true; };
  const auto beside = [](const std::string&) { return std::string(); };
  CHECK(newly_hidden("", {}, exists, beside).empty());
  CHECK(newly_hidden("DIRC nobody knows", {}, exists, beside) == "unknown index format");
}

TEST_CASE("a large directory does not keep the rest of the tree from being examined") {
  const TempFolder folder;
  const Moment start = Moment::now();
  for (int i = 0; i < 6000; ++i) {
    std::ofstream(folder / (std::to_string(i) + "-junk"));
  }
  for (int i = 0; i < 300; ++i) {
    fs::create_directories(folder / ("junk/" + std::to_string(i) + "/a/b"));
  }
  write(folder / ".envrc");
  write(folder / "z/y/x/.vscode/tasks.json");
  write(folder / "z/deep/er/.git");
  ScanLimits limits;
  limits.entries = 4096 + 900;
  const ReviewReport report = scanned({folder.path()}, start.earliest(), limits);
  CHECK(has(report, ".envrc"));
  CHECK(has(report, "z/y/x/.vscode/tasks.json"));
  CHECK(has(report, "z/deep/er/.git"));
  CHECK(report.stopped == "stopped after 4996 files; most files were in the top directory");
  limits = {};
  limits.time = std::chrono::minutes(1);
  CHECK(scanned({folder.path()}, start.earliest(), limits).stopped.empty());
  CHECK(scanned({folder.path()}, start.earliest(), limits).looked_at > 6900);
}

TEST_CASE("a huge directory keeps nothing from being examined, not even what is in it") {
  const TempFolder folder;
  const Moment start = Moment::now();
  for (int i = 0; i < 20'000; ++i) { // several turns
    std::ofstream(folder / ("junk/" + std::to_string(i)));
    if (i == 0) {
      fs::create_directories(folder / "junk");
    }
  }
  write(folder / "junk/.vscode/tasks.json");
  write(folder / "z/y/.vscode/tasks.json");
  ScanLimits limits;
  limits.entries = 10'000;
  limits.time = std::chrono::minutes(1);
  const ReviewReport report = scanned({folder.path()}, start.earliest(), limits);
  CHECK(has(report, "junk/.vscode/tasks.json"));
  CHECK(has(report, "z/y/.vscode/tasks.json"));
  CHECK(report.stopped == "stopped after 10000 files; most files were in junk/");
  limits.entries = 100'000;
  CHECK(scanned({folder.path()}, start.earliest(), limits).stopped.empty());
  const ReviewReport whole = scanned({folder.path()}, start.earliest(), limits);
  CHECK(whole.looked_at > 20'000);
  CHECK(whole.counts.at(FindingKind::tool_file) == 2); // each once, although known names are examined first
}

TEST_CASE("what hides changes from Git is reported, what a new repository has is not") {
  const TempFolder folder;
  for (const char* git : {".git", "fresh/.git"}) {
    write(folder / git / "HEAD");
    fs::create_directories(folder / git / "objects/info");
    fs::create_directories(folder / git / "refs/heads");
    write(folder / git / "info/exclude", "# only comments\n");
    write(folder / git / "packed-refs", "# pack-refs\n1234 refs/heads/main\n");
  }
  next_tick();
  const std::vector<ReviewedTree> trees = {{folder.path(), {}, {}}};
  struct stat info {};
  REQUIRE(stat((folder / ".git").c_str(), &info) == 0);
  const Baseline before = record_baseline(trees, {{info.st_dev, info.st_ino}});
  const Moment start = Moment::now();
  write(folder / "fresh/.git/info/exclude", "# only comments\n\n");
  write(folder / "fresh/.git/packed-refs", "1234 refs/heads/main\n");
  write(folder / ".git/objects/info/packs");
  write(folder / ".git/refs/heads/main", "1234\n");
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
                                ".git/remotes/origin",
                                "sub/.gitattributes",
                                ".git/shallow"};
  for (const char* path : hiding) {
    write(folder / path, "*.sh -diff\n1234 refs/replace/1234\n");
  }
  ReviewReport report;
  scan(trees, start.earliest(), {}, before, {}, report);
  for (const char* path : hiding) {
    INFO(path);
    CHECK(has(report, path));
  }
  CHECK(report.counts == std::map<FindingKind, std::size_t>{{FindingKind::hides_changes, std::size(hiding)}});
}

TEST_CASE("files that the index marks are reported, but not those of before or of a sparse checkout") {
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
  const TempFolder folder;
  write(folder / ".git/HEAD");
  fs::create_directories(folder / ".git/objects");
  fs::create_directories(folder / ".git/refs");
  write(folder / ".git/index", index({{"a", '-'}, {"old", 'a'}, {"sparse", 's'}}));
  write(folder / "present");
  const std::vector<ReviewedTree> trees = {{folder.path(), {}, {}}};
  const Baseline before = record_baseline(trees, {});
  next_tick();
  const Moment start = Moment::now();
  write(folder / ".git/index", index({{"a", '-'}, {"old", 'a'}, {"sparse", 's'}, {"sparse2", 's'}}));
  ReviewReport quiet;
  scan(trees, start.earliest(), {}, before, {}, quiet);
  CHECK(quiet.findings.empty());
  write(folder / ".git/index", index({{"a", 'a'}, {"old", 'a'}, {"present", 's'}, {"sparse", 's'}}));
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
  const TempFolder folder;
  ReviewReport report;
  report.box = "b";
  report.workspace = "/home/u/w";
  report.since = 7;
  report.findings = {{FindingKind::link_out, "a", "-> /etc"}};
  report.counts = {{FindingKind::link_out, 3}};
  report.looked_at = 5;
  report.stopped = "stopped after 5 files";
  keep(folder / "review", report);
  CHECK(last(folder / "review", "/home/u/w") == report);
  CHECK_FALSE(last(folder / "review", "/home/u/other"));
  struct stat info {};
  REQUIRE(stat(fs::directory_iterator(folder / "review")->path().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
  CHECK_THROWS(from_json("{}", "x"));
  CHECK_THROWS(from_json("nonsense", "x"));
  CHECK(to_json({"b", "/w", 1, {{FindingKind::program, "bin/\xff", ""}}, {}, 1, ""}).find("bin/") != std::string::npos);
}
