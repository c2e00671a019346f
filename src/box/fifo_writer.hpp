// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

namespace agentbox::box {

/// Hands `text` to the one who opens a FIFO to read, in the background and once. What nobody has read is gone with this
/// object, or with the process: it was never in a file.
class FifoWriter {
public:
  FifoWriter(std::filesystem::path fifo, std::string text);
  ~FifoWriter();
  FifoWriter(const FifoWriter&) = delete;
  FifoWriter& operator=(const FifoWriter&) = delete;
  FifoWriter(FifoWriter&&) = delete;
  FifoWriter& operator=(FifoWriter&&) = delete;

private:
  std::filesystem::path m_fifo;
  std::string m_text;
  std::atomic<bool> m_enough = false;
  std::thread m_thread; ///< last: the others are there before it runs
};

} // namespace agentbox::box
