// SPDX-License-Identifier: Apache-2.0
#include "image/fetch.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <fcntl.h>
#include <functional>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include "support/command.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;

struct Pipe {
  Fd read_end;
  Fd write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw support::system_error(ExitCode::failed, "cannot make a pipe", errno);
  }
  return {Fd(ends[0]), Fd(ends[1])};
}

/// Reads `fd` to its end. `take` gets each piece and returns false to stop.
void read_all(const Fd& fd, const std::function<bool(std::string_view)>& take) {
  std::vector<char> buffer(1U << 18U);
  while (true) {
    const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0 || !take({buffer.data(), static_cast<std::size_t>(count)})) {
      return;
    }
  }
}

std::string hint_for(int code) {
  switch (code) {
  case 5:
  case 6:
  case 7:
  case 28: return "check the network and the proxy; npm_config_registry names another registry";
  case 22: return "that version may be gone: agentbox update";
  case 35:
  case 60:
  case 77: return "if the network has a CA of its own, name it: --ca-bundle FILE";
  default: return "try again; the download starts anew";
  }
}

/// One run of curl whose answer goes through `take`. A `take` that returns false has had too much, or failed.
void stream(const support::Command& command, const std::string& address,
            const std::function<bool(std::string_view)>& take) {
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  const Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  support::Command piped = command;
  piped.fds = {{0, nothing.get()}, {1, out.write_end.get()}, {2, err.write_end.get()}};
  const pid_t pid = support::spawn(piped);
  out.write_end.reset();
  err.write_end.reset();
  bool accepted = true;
  std::exception_ptr failure;
  try {
    read_all(out.read_end, [&](std::string_view piece) { return accepted = take(piece); });
  } catch (...) {
    failure = std::current_exception();
  }
  if (!accepted || failure) {
    kill(pid, SIGKILL);
  }
  std::string complaint;
  read_all(err.read_end, [&](std::string_view piece) { return complaint.append(piece).size() < 4096; });
  const support::ExitStatus status = support::wait(pid);
  if (failure) {
    std::rethrow_exception(failure);
  }
  if (!accepted) {
    throw Error(ExitCode::failed, address + " sent more than it should", "check npm_config_registry");
  }
  if (!status.ok()) {
    throw Error(ExitCode::failed,
                "cannot download " + address + ": " +
                    support::escape_untrusted(complaint.substr(0, complaint.find('\n'))),
                hint_for(status.code));
  }
}

void write_piece(const Fd& fd, std::string_view piece, const std::filesystem::path& path) {
  while (!piece.empty()) {
    const ssize_t count = write(fd.get(), piece.data(), piece.size());
    if (count < 0 && errno != EINTR) {
      throw support::system_error(ExitCode::failed, "cannot write " + path.string(), errno, "make room on the disk");
    }
    piece.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
}

support::Command curl(const std::string& program, const std::map<std::string, std::string>& environment,
                      const std::optional<std::filesystem::path>& ca_bundle, const std::string& address) {
  const std::string schemes = address.starts_with("http://") ? "=http,https" : "=https";
  support::Command command;
  command.argv = {program,         "--disable",  "--silent",          "--show-error",
                  "--fail",        "--location", "--proto",           schemes,
                  "--max-redirs",  "5",          "--connect-timeout", "20",
                  "--speed-limit", "1000",       "--speed-time",      "30"};
  if (ca_bundle) {
    command.argv.insert(command.argv.end(), {"--cacert", ca_bundle->string()});
  }
  command.argv.insert(command.argv.end(), {"--url", address});
  command.env = environment;
  return command;
}

} // namespace

Fetcher::Fetcher(const std::map<std::string, std::string>& environment, std::optional<std::filesystem::path> ca_bundle)
    : m_ca_bundle(std::move(ca_bundle)) {
  const auto program = support::find_program("curl");
  if (!program) {
    throw Error(ExitCode::failed, "curl is not installed; it fetches the agents",
                "sudo apt-get install curl, or: sudo dnf install curl");
  }
  m_program = *program;
  m_environment["PATH"] = "/usr/bin:/bin";
  for (const char* name : {"http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
                           "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"}) {
    if (const auto found = environment.find(name); found != environment.end()) {
      m_environment.insert(*found);
    }
  }
}

std::string Fetcher::text(const std::string& address, std::uint64_t max_bytes) const {
  std::string answer;
  stream(curl(m_program, m_environment, m_ca_bundle, address), address,
         [&](std::string_view piece) { return answer.append(piece).size() <= max_bytes; });
  return answer;
}

std::string Fetcher::file(const std::string& address, const std::filesystem::path& path,
                          std::uint64_t max_bytes) const {
  Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) {
    throw support::system_error(ExitCode::failed, "cannot create " + path.string(), errno);
  }
  support::Sha512 digest;
  std::uint64_t total = 0;
  try {
    stream(curl(m_program, m_environment, m_ca_bundle, address), address, [&](std::string_view piece) {
      total += piece.size();
      digest.update(piece);
      write_piece(file, piece, path);
      return total <= max_bytes;
    });
  } catch (...) {
    unlink(path.c_str());
    throw;
  }
  return digest.base64();
}

} // namespace agentbox::image
