// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <string_view>

namespace agentbox::support {

/// Makes FIFO `path` with mode 0600 (fifo(7)). Throws Error(failed).
void make_fifo(const std::filesystem::path& path);

/// Writes `text` (at most PIPE_BUF bytes) to the process that opens FIFO `path` for reading, then closes it. Waits for
/// that reader while `is_coming` returns true; writes nothing when none comes. Throws Error(failed), Interrupted.
void write_to_fifo(const std::filesystem::path& path, std::string_view text, const std::function<bool()>& is_coming);

/// Opens and closes FIFO `path` for writing, so that a waiting reader sees end of file. Ignores a FIFO without a reader
/// and a missing one.
void release_fifo(const std::filesystem::path& path) noexcept;

} // namespace agentbox::support
