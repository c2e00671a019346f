// SPDX-License-Identifier: Apache-2.0
#include "conversations/store.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
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
#include "support/text.hpp"

namespace agentbox::conversations {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_names = 200'000;
constexpr int k_max_depth = 8;
constexpr const char* k_events_file = "events.jsonl"; // of Copilot, in a directory with the ID as its name
constexpr const char* k_workspace_file = "workspace";
constexpr const char* k_removed_directory = "removed";

/// Returns the UUID (RFC 9562) at the end of a file name without its extension, or nothing.
std::string id_in(std::string_view stem) {
  constexpr std::size_t k_length = 36;
  if (stem.size() < k_length) {
    return {};
  }
  const std::string_view id = stem.substr(stem.size() - k_length);
  for (std::size_t i = 0; i < k_length; ++i) {
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

class ConversationFinder {
public:
  explicit ConversationFinder(const fs::path& project) : m_project(project) {}

  std::vector<Conversation> run() {
    look_in(open_directory(AT_FDCWD, m_project.c_str()), {}, 0);
    std::sort(m_found.begin(), m_found.end(), [](const Conversation& one, const Conversation& other) {
      return std::pair(other.modified, other.file) < std::pair(one.modified, one.file);
    });
    return std::move(m_found);
  }
  /// Returns when anything changed last.
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
        add(path / name, info);
      }
    }
    if (!directory || directory.error() != 0) {
      throw support::system_error(
          ExitCode::failed, "cannot read the conversations in " + support::in_quotes((m_project / path).string(), 4096),
          directory ? directory.error() : error, "a box may have changed its mode: chmod -R u+rwX that directory");
    }
  }

  void add(const fs::path& file, const struct stat& info) {
    const bool is_in_own_directory = file.filename() == k_events_file;
    const std::string id = id_in((is_in_own_directory ? file.parent_path().filename() : file.stem()).native());
    if (!id.empty() && (!is_in_own_directory || file.parent_path().filename() == id)) {
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
    constexpr std::size_t k_max_rounds = 1'000'000; // each takes the top off a directory, or reads one again
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

void make_directory(const fs::path& mounted, const fs::path& workspace) {
  const fs::path project = project_directory(workspace);
  support::make_private_directory(project);
  const fs::path record = project / k_workspace_file;
  if (!fs::exists(fs::symlink_status(record))) {
    support::write_file(record, workspace.native() + "\n");
  }
  support::make_private_directory(mounted.parent_path());
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
  const fs::path& file = conversation.file;
  const bool is_in_own_directory = file.filename() == k_events_file;
  const support::Fd parent = open_parent(project, is_in_own_directory ? file.parent_path() : file);
  if (!is_in_own_directory && unlinkat(parent.get(), file.filename().c_str(), 0) != 0 && errno != ENOENT) {
    throw support::system_error(ExitCode::failed,
                                "cannot remove " + support::in_quotes((project / file).string(), 4096), errno);
  }
  const support::Fd root = open_directory(AT_FDCWD, project.c_str());
  TreeRemover remover(root.get());
  remover.add(parent.get(), conversation.id.c_str()); // beside it, not by its path, which a box may have replaced
  remover.empty();
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
  rmdir(project.c_str()); // not if a box was started meanwhile
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
