// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

namespace agentbox::box {

/// Writes text, once and in the background, to the process that opens a FIFO for reading. The text is never in a file;
/// what has not been read is dropped with this object.
class FifoWriter {
public:
  FifoWriter(std::filesystem::path fifo, std::string text);
  ~FifoWriter();
  FifoWriter(const FifoWriter&) = delete;
  FifoWriter& operator=(const FifoWriter&) = delete;

private:
  std::filesystem::path m_fifo;
  std::string m_text;
  std::atomic<bool> m_enough = false;
  std::thread m_thread; ///< last, so that the other members exist before it runs
};

} // namespace agentbox::box
