// SPDX-License-Identifier: Apache-2.0
#include "firewall/serve/fifo_leash.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::firewall::serve {
namespace {

using support::Error;
using support::ExitCode;

support::Fd open_end(const std::filesystem::path& fifo) {
  support::Fd fd(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC));
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) {
    throw support::system_error(ExitCode::failed, "cannot open " + fifo.string(), errno);
  }
  if (!S_ISFIFO(info.st_mode)) {
    throw Error(ExitCode::failed, fifo.string() + " is not a FIFO");
  }
  // poll(2) reports a hangup only if a writer closed the FIFO after we opened it.
  char byte = 0;
  if (read(fd.get(), &byte, 1) == 0) {
    throw Error(ExitCode::failed, "the agentbox that started this box has ended", "start the box again");
  }
  return fd;
}

} // namespace

FifoLeash::FifoLeash(asio::io_context& context, const std::filesystem::path& fifo) : m_descriptor(context) {
  support::Fd fd = open_end(fifo);
  m_descriptor.assign(fd.release());
}

void FifoLeash::when_cut(std::function<void()> act) {
  m_descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [act = std::move(act)](std::error_code) { act(); });
}

} // namespace agentbox::firewall::serve
