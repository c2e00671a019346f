// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <string_view>

namespace agentbox::support {

/// Makes FIFO `path` with mode 0600 (fifo(7)). Throws Error(failed).
void make_fifo(const std::filesystem::path& path);

/// Writes `text` (at most PIPE_BUF bytes) for the one who opens FIFO `path` to read, then closes it: the reader sees
/// its end. Waits for that reader as long as `is_coming` says true; when none comes, nothing is written. Throws
/// Error(failed).
void write_to_fifo(const std::filesystem::path& path, std::string_view text, const std::function<bool()>& is_coming);

/// Lets whoever waits for a writer of FIFO `path` see its end. No error when nobody does, or there is no such FIFO.
void release_fifo(const std::filesystem::path& path) noexcept;

} // namespace agentbox::support
