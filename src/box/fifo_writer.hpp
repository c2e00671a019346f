// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

namespace agentbox::box {

/// Hands `text` to the one who opens a FIFO to read, in the background and once. What nobody has read is gone with this
/// object, or with the process: it was never in a file.
class HandingOver {
public:
  HandingOver(std::filesystem::path fifo, std::string text);
  ~HandingOver();
  HandingOver(const HandingOver&) = delete;
  HandingOver& operator=(const HandingOver&) = delete;
  HandingOver(HandingOver&&) = delete;
  HandingOver& operator=(HandingOver&&) = delete;

private:
  std::filesystem::path m_fifo;
  std::string m_text;
  std::atomic<bool> m_enough = false;
  std::thread m_thread; ///< last: the others are there before it runs
};

} // namespace agentbox::box
