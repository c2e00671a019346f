// SPDX-License-Identifier: Apache-2.0
#include "conversations/store.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "support/ascii.hpp"
#include "support/digest.hpp"
#include "support/directory.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::conversations {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_names = 200'000;
constexpr int k_max_depth = 8;
constexpr std::size_t k_max_prompts = 1U << 20U; // bytes of a prompt file
constexpr std::size_t k_kept_prompts = 256U << 10U;
constexpr const char* k_prompts_directory = "prompts"; // of a project; no box can create or remove files there
constexpr std::string_view k_database = "opencode.db"; // of SQLite; beside it files with "-wal", "-shm" appended
constexpr const char* k_events_file = "events.jsonl";  // of Copilot, in a directory with the ID as its name
constexpr const char* k_workspace_file = "workspace";
constexpr const char* k_removed_directory = "removed";

constexpr std::size_t k_id_length = 36;

/// Returns the UUID (RFC 9562) at the end of a file name without its extension, or nothing.
std::string id_in(std::string_view stem) {
  if (stem.size() < k_id_length) {
    return {};
  }
  const std::string_view id = stem.substr(stem.size() - k_id_length);
  for (std::size_t i = 0; i < k_id_length; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? id[i] != '-' : !support::is_digit(id[i]) && (id[i] < 'a' || id[i] > 'f')) {
      return {};
    }
  }
  return std::string(id);
}

support::Fd open_directory(int parent, const char* name) {
  return support::Fd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

/// Returns the UUID at the start of a file of Gemini CLI if the file's name (`stem`, session-TIME-XXXXXXXX) ends with
/// its first digits; otherwise nothing. Follows no link, and waits for no FIFO.
std::string id_in_file(int directory, const std::string& name, std::string_view stem) {
  constexpr std::string_view k_start = R"({"sessionId":")";
  constexpr std::size_t k_digits = 8;
  if (!stem.starts_with("session-") || stem.size() < k_digits) {
    return {};
  }
  const support::Fd file(openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  std::string start(k_start.size() + k_id_length, '\0');
  if (!file || pread(file.get(), start.data(), start.size(), 0) != static_cast<ssize_t>(start.size()) ||
      !start.starts_with(k_start)) {
    return {};
  }
  const std::string id = id_in(start);
  return id.starts_with(stem.substr(stem.size() - k_digits)) ? id : std::string();
}

/// Merges the conversations that have the same agent and ID.
void merge_files(std::vector<Conversation>& found) {
  std::map<std::pair<std::string, std::string>, Conversation> merged;
  for (Conversation& one : found) {
    const auto [place, is_new] = merged.try_emplace({one.agent, one.id}, one);
    if (is_new) {
      continue;
    }
    Conversation& all = place->second;
    if (one.bytes > all.bytes) {
      std::swap(one.file, all.file);
    }
    all.more.push_back(one.file);
    all.bytes += one.bytes;
    all.modified = std::max(all.modified, one.modified);
    all.changed = std::max(all.changed, one.changed);
  }
  found.clear();
  for (auto& [key, one] : merged) {
    found.push_back(std::move(one));
  }
}

class ConversationFinder {
public:
  explicit ConversationFinder(const fs::path& project) : m_project(project) {}

  std::vector<Conversation> run() {
    look_in(open_directory(AT_FDCWD, m_project.c_str()), {}, 0);
    merge_files(m_found);
    std::sort(m_found.begin(), m_found.end(), [](const Conversation& one, const Conversation& other) {
      return std::pair(other.modified, other.file) < std::pair(one.modified, one.file);
    });
    return std::move(m_found);
  }
  /// Returns the time of the latest change.
  std::time_t newest() const { return m_newest; }

private:
  void look_in(support::Fd fd, const fs::path& path, int depth) {
    const int error = errno;
    support::DirectoryReader directory(std::move(fd));
    if (!directory && (error == ENOENT || error == ELOOP || error == ENOTDIR)) {
      return; // nothing is kept, or a box replaced it
    }
    while (const support::DirectoryEntry* entry = directory ? directory.next() : nullptr) {
      const std::string name(entry->name);
      struct stat info {};
      if (++m_names > k_max_names) {
        throw Error(ExitCode::failed,
                    "there are more than 200,000 files in " + support::in_quotes(m_project.string(), 4096),
                    "a box may have flooded it; remove them: agentbox history rm --all");
      }
      if (fstatat(directory.fd(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        continue; // removed by a box
      }
      m_newest = std::max(m_newest, info.st_ctim.tv_sec);
      if (S_ISDIR(info.st_mode) && depth < k_max_depth) {
        look_in(open_directory(directory.fd(), name.c_str()), path / name, depth + 1);
      } else if (S_ISREG(info.st_mode) && name.ends_with(".jsonl")) {
        add(path / name, id_of(directory.fd(), path / name), info);
      } else if (S_ISREG(info.st_mode) && name.starts_with(k_database)) {
        add(path / name, k_database_id, info);
      }
    }
    if (!directory || directory.error() != 0) {
      throw support::system_error(
          ExitCode::failed, "cannot read the conversations in " + support::in_quotes((m_project / path).string(), 4096),
          directory ? directory.error() : error, "a box may have changed its mode: chmod -R u+rwX that directory");
    }
  }

  static std::string id_of(int directory, const fs::path& file) {
    const std::string name = file.filename().native();
    if (name == k_events_file) {
      const std::string above = file.parent_path().filename().native();
      return id_in(above) == above ? above : std::string();
    }
    const std::string stem = file.stem().native();
    const std::string id = id_in(stem);
    return id.empty() ? id_in_file(directory, name, stem) : id;
  }

  void add(const fs::path& file, const std::string& id, const struct stat& info) {
    if (!id.empty()) {
      m_found.push_back({file.begin()->string(), id, file, info.st_mtim.tv_sec, info.st_ctim.tv_sec,
                         static_cast<std::uintmax_t>(std::max<off_t>(0, info.st_size))});
    }
  }

  fs::path m_project;
  std::vector<Conversation> m_found;
  std::size_t m_names = 0;
  std::time_t m_newest = 0;
};

/// Opens the directory that contains `file`; no component of it is a symbolic link.
support::Fd open_parent(const fs::path& project, const fs::path& file) {
  const support::Fd root = open_directory(AT_FDCWD, project.c_str());
  support::Fd fd = support::open_beneath(root.get(), file.parent_path().native(), O_RDONLY | O_DIRECTORY);
  if (!fd) {
    throw support::system_error(ExitCode::failed, "cannot open " + support::in_quotes((project / file).string(), 4096),
                                errno);
  }
  return fd;
}

/// Removes directory trees of any depth and with any modes, while a box may change them. It first moves them to a
/// directory of the project that no box sees; subdirectories are moved to its top, so that few are open at a time.
class TreeRemover {
public:
  explicit TreeRemover(int project) : m_project(project) {
    mkdirat(project, k_removed_directory, 0700);
    m_fd = open_directory(project, k_removed_directory);
    if (!m_fd) {
      throw support::system_error(ExitCode::failed, "cannot create the directory for removed files", errno);
    }
  }

  /// Removes the file, or moves the directory here. Does nothing if it does not exist.
  void add(int parent, const char* name) {
    const support::Fd fd(openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    int failed = fd && fstat(fd.get(), &info) == 0 ? 0 : -1;
    if (failed == 0 && S_ISDIR(info.st_mode)) {
      chmod(("/proc/self/fd/" + std::to_string(fd.get())).c_str(), 0700);
      const std::string moved = std::to_string(getpid()) + "-" + std::to_string(++m_moved);
      failed = renameat(parent, name, m_fd.get(), moved.c_str());
    } else if (failed == 0) {
      failed = unlinkat(parent, name, 0);
    }
    if (failed != 0 && errno != ENOENT) {
      throw support::system_error(ExitCode::failed, "cannot remove " + support::in_quotes(name), errno);
    }
  }

  /// Removes what was added, and the directory itself.
  void empty() {
    constexpr std::size_t k_max_rounds = 1'000'000; // each takes one level off the directories, or retries one
    std::size_t rounds = 0;
    while (unlinkat(m_project, k_removed_directory, AT_REMOVEDIR) != 0) {
      if (errno == ENOENT) {
        return; // another process emptied it
      }
      if ((errno != ENOTEMPTY && errno != EEXIST) || ++rounds > k_max_rounds) {
        throw support::system_error(ExitCode::failed, "cannot remove the files that a box left", errno);
      }
      support::DirectoryReader reader(open_directory(m_fd.get(), "."));
      while (const support::DirectoryEntry* entry = reader.next()) {
        take_apart(std::string(entry->name).c_str());
      }
    }
  }

private:
  void take_apart(const char* name) {
    support::DirectoryReader reader(open_directory(m_fd.get(), name));
    while (const support::DirectoryEntry* entry = reader.next()) {
      add(reader.fd(), std::string(entry->name).c_str());
    }
    unlinkat(m_fd.get(), name, AT_REMOVEDIR); // if it is not empty, the next round reads it again
  }

  int m_project;
  support::Fd m_fd;
  std::size_t m_moved = 0;
};

/// Opens a prompt file, which a box may have given another mode. Never a link or a FIFO.
support::Fd open_prompts(int parent, const char* name) {
  const support::Fd any(openat(parent, name, O_PATH | O_CLOEXEC | O_NOFOLLOW));
  const std::string path = "/proc/self/fd/" + std::to_string(any.get());
  struct stat info {};
  if (!any || fstat(any.get(), &info) != 0 || !S_ISREG(info.st_mode) || chmod(path.c_str(), 0600) != 0) {
    return {};
  }
  return support::Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
}

/// Replaces the content of a prompt file in place, because boxes that run have it mounted.
void replace_prompts(int fd, std::string_view text) {
  if (ftruncate(fd, 0) != 0 || pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    throw support::system_error(ExitCode::failed, "cannot write a file of prompts", errno);
  }
}

/// Returns the content of a prompt file; if it exceeds k_max_prompts, only the last lines, at most k_kept_prompts.
std::string last_prompts(int fd, std::uintmax_t size) {
  const bool is_large = size > k_max_prompts;
  std::string text(is_large ? k_kept_prompts : size, '\0');
  const ssize_t count = pread(fd, text.data(), text.size(), static_cast<off_t>(size - text.size()));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, count)));
  return is_large ? text.substr(std::min(text.find('\n'), text.size() - 1) + 1) : text;
}

void make_prompt_file(const fs::path& path) {
  const support::Fd made(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  const support::Fd fd = open_prompts(AT_FDCWD, path.c_str());
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) {
    throw support::system_error(ExitCode::failed, "cannot use the file " + path.string(), errno,
                                "agentbox run --fresh starts without earlier conversations");
  }
  if (static_cast<std::uintmax_t>(info.st_size) > k_max_prompts) {
    replace_prompts(fd.get(), last_prompts(fd.get(), static_cast<std::uintmax_t>(info.st_size)));
  }
}

/// Removes the lines that contain `id` from all prompt files of an agent; without `id`, all lines. Boxes can change
/// these files, but not the directories.
void remove_prompts(const fs::path& project, const std::string& agent, const std::string& id) {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(project / k_prompts_directory / agent, error)) {
    const support::Fd fd = open_prompts(AT_FDCWD, entry.path().c_str());
    struct stat info {};
    if (!fd || fstat(fd.get(), &info) != 0) {
      continue; // a directory
    }
    const std::string before = last_prompts(fd.get(), static_cast<std::uintmax_t>(info.st_size));
    std::string after;
    for (const std::string_view line : support::lines(before)) {
      after += line.find(id) == std::string_view::npos ? std::string(line) + "\n" : "";
    }
    if (after.size() < before.size()) {
      replace_prompts(fd.get(), after);
    }
  }
}

/// Removes a file of a conversation, and what its agent stored under the same ID beside it.
void remove_file(const fs::path& project, const fs::path& file, const std::string& id) {
  const bool is_in_own_directory = file.filename() == k_events_file;
  const support::Fd parent = open_parent(project, is_in_own_directory ? file.parent_path() : file);
  if (!is_in_own_directory && unlinkat(parent.get(), file.filename().c_str(), 0) != 0 && errno != ENOENT) {
    throw support::system_error(ExitCode::failed,
                                "cannot remove " + support::in_quotes((project / file).string(), 4096), errno);
  }
  const support::Fd root = open_directory(AT_FDCWD, project.c_str());
  TreeRemover remover(root.get());
  remover.add(parent.get(), id.c_str()); // by descriptor: a box may have replaced the path
  remover.empty();
}

std::vector<fs::path> projects() {
  std::vector<fs::path> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory(), error)) {
    found.push_back(entry.path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw support::system_error(ExitCode::failed, "cannot read " + directory().string(), error.value());
  }
  return found;
}

} // namespace

fs::path directory() {
  std::error_code error;
  const fs::path state = support::state_directory();
  fs::path real = fs::weakly_canonical(state, error);
  return (error ? state : real) / "history";
}

fs::path project_directory(const fs::path& workspace) {
  constexpr std::size_t k_digits = 32;
  return directory() / support::sha256_hex(workspace.native()).substr(0, k_digits);
}

bool is_prompt_file(const fs::path& path) {
  return path.extension() == ".jsonl";
}

fs::path kept_path(const fs::path& project, const std::string& agent, const fs::path& path) {
  return is_prompt_file(path) ? project / k_prompts_directory / agent / path : project / agent / path;
}

void make_place(const fs::path& mounted, const fs::path& workspace) {
  const fs::path project = project_directory(workspace);
  support::make_private_directory(project);
  const fs::path record = project / k_workspace_file;
  if (!fs::exists(fs::symlink_status(record))) {
    support::write_file(record, workspace.native() + "\n");
  }
  support::make_private_directory(mounted.parent_path());
  if (is_prompt_file(mounted)) {
    make_prompt_file(mounted);
    return;
  }
  if (mkdir(mounted.c_str(), 0700) != 0 && errno != EEXIST) {
    throw support::system_error(ExitCode::failed, "cannot create the directory " + mounted.string(), errno);
  }
  const support::Fd fd = open_directory(AT_FDCWD, mounted.c_str());
  if (!fd || fchmod(fd.get(), 0700) != 0) { // an earlier box may have changed its mode
    throw support::system_error(ExitCode::failed, "cannot use the directory " + mounted.string(), errno,
                                "agentbox run --fresh starts without earlier conversations");
  }
}

std::vector<Conversation> find(const fs::path& project) {
  return ConversationFinder(project).run();
}

support::Fd open(const fs::path& project, const Conversation& conversation) {
  const support::Fd parent = open_parent(project, conversation.file);
  support::Fd fd(openat(parent.get(), conversation.file.filename().c_str(),
                        O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  const int error = errno;
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    throw support::system_error(ExitCode::failed,
                                "cannot read " + support::in_quotes((project / conversation.file).string(), 4096),
                                fd ? EINVAL : error, "a box may have replaced it");
  }
  return fd;
}

std::string read_start(const fs::path& project, const Conversation& conversation, std::size_t max_bytes) {
  const support::Fd fd = open(project, conversation);
  std::string text(std::min<std::uintmax_t>(max_bytes, conversation.bytes), '\0');
  std::size_t size = 0;
  for (ssize_t count = 1; count != 0 && size < text.size();) {
    count = ::read(fd.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno != EINTR) {
      throw support::system_error(ExitCode::failed, "cannot read the conversation " + conversation.id, errno);
    }
    size += static_cast<std::size_t>(std::max<ssize_t>(0, count));
  }
  text.resize(size);
  return text;
}

void remove(const fs::path& project, const Conversation& conversation) {
  std::vector<fs::path> files = conversation.more;
  files.push_back(conversation.file);
  for (const fs::path& file : files) {
    remove_file(project, file, conversation.id);
  }
  remove_prompts(project, conversation.agent, conversation.is_database() ? "" : conversation.id);
}

void remove_project(const fs::path& project) {
  support::DirectoryReader reader(open_directory(AT_FDCWD, project.c_str()));
  if (!reader) {
    if (errno == ENOENT) {
      return;
    }
    throw support::system_error(ExitCode::failed, "cannot read " + support::in_quotes(project.string(), 4096), errno);
  }
  TreeRemover remover(reader.fd());
  while (const support::DirectoryEntry* entry = reader.next()) {
    if (entry->name != k_removed_directory) {
      remover.add(reader.fd(), std::string(entry->name).c_str());
    }
  }
  remover.empty();
  rmdir(project.c_str()); // fails if a box was started in the meantime
}

void prune(std::time_t now, std::uint32_t days) {
  const std::time_t oldest = now - static_cast<std::time_t>(days) * 24 * 3600;
  std::optional<Error> failure;
  for (const fs::path& project : projects()) {
    try {
      ConversationFinder search(project);
      const std::vector<Conversation> found = search.run();
      if (search.newest() < oldest) {
        remove_project(project);
        continue;
      }
      for (const Conversation& one : found) {
        if (one.changed < oldest) {
          remove(project, one);
        }
      }
    } catch (const Error& error) {
      failure = failure ? failure : error;
    }
  }
  if (failure) {
    throw Error(*failure);
  }
}

} // namespace agentbox::conversations
