// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <archive.h>
#include <memory>

namespace agentbox::image {

struct FreeArchiveReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
/// A libarchive reader; freed by its destructor.
using ArchiveReader = std::unique_ptr<archive, FreeArchiveReader>;

} // namespace agentbox::image
