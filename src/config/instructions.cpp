// SPDX-License-Identifier: Apache-2.0
#include "config/instructions.hpp"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "agents/agent_data.hpp"
#include "support/directory.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_files = 256;
constexpr int k_max_depth = 8;

/// Opens the agent's directory, which may be a symbolic link that the user made.
support::Fd open_directory(const fs::path& directory) {
  return support::Fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

class InstructionSearch {
public:
  explicit InstructionSearch(const fs::path& directory) : m_directory(directory), m_root(open_directory(directory)) {}

  void look_at(const fs::path& path) {
    struct stat info {};
    if (m_root && fstatat(m_root.get(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
      add(path, info.st_mode, 0);
    }
  }

  Instructions found() && { return std::move(m_found); }

private:
  void add(const fs::path& path, mode_t mode, int depth) {
    if (S_ISLNK(mode)) {
      m_found.left_out.push_back(path.string());
    } else if (S_ISREG(mode)) {
      m_found.files.push_back(path);
    } else if (S_ISDIR(mode)) {
      look_in(path, depth + 1);
    }
    if (m_found.files.size() > k_max_files || depth > k_max_depth) {
      throw Error(ExitCode::refused,
                  "there are more than 256 files of instructions, or one is more than 8 directories deep: " +
                      support::in_quotes((m_directory / path).string(), 1000),
                  "keep what is not an instruction elsewhere, or omit --instructions (agent.instructions)");
    }
  }

  void look_in(const fs::path& path, int depth) {
    constexpr std::size_t k_max_names = 10'000;
    support::DirectoryReader directory(support::open_beneath(m_root.get(), path.native(), O_RDONLY | O_DIRECTORY));
    std::vector<std::pair<std::string, mode_t>> entries;
    while (const support::DirectoryEntry* entry =
               directory && entries.size() < k_max_names ? directory.next() : nullptr) {
      entries.emplace_back(entry->name, DTTOIF(entry->type));
    }
    std::sort(entries.begin(), entries.end());
    for (const auto& [name, mode] : entries) {
      if (name != ".git") { // of a skill that was cloned
        add(path / name, mode, depth);
      }
    }
  }

  fs::path m_directory;
  support::Fd m_root;
  Instructions m_found;
};

} // namespace

std::vector<std::string> instruction_paths(std::string_view agent) {
  const agents::AgentData* data = agents::find_agent_data(agent);
  std::vector<std::string> paths = data == nullptr ? std::vector<std::string>() : data->instructions;
  for (std::string& path : paths) { // ".claude/skills"
    path.erase(0, path.find('/') + 1);
  }
  return paths;
}

Instructions find_instructions(const fs::path& directory, const std::vector<std::string>& paths) {
  InstructionSearch search(directory);
  for (const std::string& path : paths) {
    search.look_at(path);
  }
  return std::move(search).found();
}

std::string read_instructions(const policy::Mount& file, const std::string& home) {
  constexpr std::size_t k_max_file = 1U << 20U;
  const fs::path inside = fs::path(file.destination).lexically_relative(home); // ".claude/CLAUDE.md"
  const fs::path rest = inside.lexically_relative(*inside.begin());
  fs::path directory = file.source;
  for ([[maybe_unused]] const fs::path& part : rest) {
    directory = directory.parent_path();
  }
  const support::Fd root = open_directory(directory);
  const support::Fd fd = support::open_beneath(root.get(), rest.native(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat info {};
  if (!root || !fd || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    throw support::system_error(ExitCode::refused,
                                "cannot read the instructions " + support::in_quotes(file.source.string(), 1000),
                                fd ? EINVAL : errno, "if it changed in the meantime, try again");
  }
  return support::read_all(fd.get(), file.source.string(), k_max_file);
}

} // namespace agentbox::config
