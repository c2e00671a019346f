// SPDX-License-Identifier: Apache-2.0
#include "box/fifo_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "catch.hpp"
#include "support/fd.hpp"
#include "support/fifo.hpp"
#include "temp_directory.hpp"

namespace agentbox::box {
namespace {

std::string read_all(int fd) {
  std::string text;
  char buffer[4096]; // NOLINT(*-c-arrays)
  for (ssize_t count = 0; (count = read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

TEST_CASE("text of any length is written to the reader, exactly once", "[session]") {
  const tests::TempDirectory directory;
  const auto fifo = directory / "fifo";
  support::make_fifo(fifo);
  const std::string text(GENERATE(0U, 5U, 300000U), 'x'); // more than a pipe's 65536
  const FifoWriter handing(fifo, text);
  const support::Fd reader(open(fifo.c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(read_all(reader.get()) == text);
  const support::Fd second(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  CHECK(read_all(second.get()).empty());
}

TEST_CASE("a reader that never comes is not waited for", "[session]") {
  const tests::TempDirectory directory;
  const auto fifo = directory / "fifo";
  support::make_fifo(fifo);
  SECTION("nobody reads") {
    const FifoWriter handing(fifo, "x");
  }
  SECTION("a process opens it and does not read") {
    const support::Fd reader(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const FifoWriter handing(fifo, std::string(300000, 'x'));
  }
  SECTION("a reader closes it") {
    const FifoWriter handing(fifo, std::string(300000, 'x'));
    const support::Fd reader(open(fifo.c_str(), O_RDONLY | O_CLOEXEC));
  }
  SECTION("there is no FIFO") {
    const FifoWriter handing(directory / "none", "x");
  }
}

} // namespace
} // namespace agentbox::box
