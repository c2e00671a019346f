// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/agent_environment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "entrypoint/entrypoint_message.hpp"

namespace agentbox::entrypoint {
namespace {

constexpr const char* k_file = "/proc/1/environ";
/// The kernel limits argv and environment to a quarter of the stack limit, usually 2 MiB.
constexpr std::size_t k_max_bytes = 8U << 20U;

/// Returns the file's text, "NAME=VALUE\0NAME=VALUE\0"; never freed, because it becomes our environment.
char* read_environment(std::size_t& length) {
  const int fd = open(k_file, O_RDONLY | O_CLOEXEC);
  char* const text = static_cast<char*>(std::malloc(k_max_bytes));
  if (fd < 0 || text == nullptr) {
    die(k_refused, {"refused: cannot read the environment of the box's first process: ", error_text(errno)});
  }
  length = 0;
  while (length < k_max_bytes) {
    const ssize_t count = read(fd, text + length, k_max_bytes - length);
    if (count < 0 && errno != EINTR) {
      die(k_refused, {"refused: cannot read the environment of the box's first process: ", error_text(errno)});
    }
    if (count == 0) {
      break;
    }
    length += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  close(fd);
  if (length == 0 || length == k_max_bytes || text[length - 1] != '\0') {
    die(k_refused, {"refused: the box's first process has no usable environment"});
  }
  return text;
}

} // namespace

void join_environment() {
  std::size_t length = 0;
  char* const text = read_environment(length);
  const auto entries = static_cast<std::size_t>(std::count(text, text + length, '\0'));
  const char* const terminal = std::getenv("TERM");
  char** const variables = static_cast<char**>(std::calloc(entries + 1, sizeof(char*)));
  if (variables == nullptr) {
    die(k_refused, {"refused: out of memory for the environment"});
  }
  char* at = text;
  for (std::size_t i = 0; i < entries; ++i) {
    variables[i] = at;
    at = std::find(at, text + length, '\0') + 1;
  }
  environ = variables;
  if (terminal != nullptr) {
    setenv("TERM", terminal, 1);
  }
}

void use_known_terminal(const char* const* directories) {
  const char* const name = std::getenv("TERM");
  if (name == nullptr || *name == '\0') {
    return;
  }
  constexpr const char* k_digits = "0123456789abcdef";
  const auto first = static_cast<unsigned char>(*name);
  const char by_letter[] = {static_cast<char>(first), '\0'};
  const char by_number[] = {k_digits[first >> 4U], k_digits[first & 15U], '\0'}; // on case-insensitive file systems
  for (; *directories != nullptr && std::strchr(name, '/') == nullptr; ++directories) {
    for (const char* const part : {by_letter, by_number}) {
      char path[512];
      const int length = std::snprintf(path, sizeof path, "%s/%s/%s", *directories, part, name);
      if (length > 0 && static_cast<std::size_t>(length) < sizeof path && access(path, R_OK) == 0) {
        return;
      }
    }
  }
  setenv("TERM", "xterm-256color", 1);
}

} // namespace agentbox::entrypoint
