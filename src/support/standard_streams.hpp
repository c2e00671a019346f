// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::support {

/// Opens /dev/null as each of the descriptors 0, 1 and 2 that the caller closed: else the next file that is opened
/// becomes standard input or output. First thing in main.
void open_missing_streams() noexcept;

/// Writes out what stdout still buffers. Throws Error(failed) when that or an earlier write failed, as on a full disk;
/// a reader that is gone (EPIPE) counts too.
void flush_stdout();

} // namespace agentbox::support
