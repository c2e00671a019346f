// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace agentbox::selinux {

/// Reads and sets the security contexts of files. Tests use an implementation that keeps them in memory.
class FileLabels {
public:
  FileLabels() = default;
  FileLabels(const FileLabels&) = delete;
  FileLabels& operator=(const FileLabels&) = delete;
  FileLabels(FileLabels&&) = delete;
  FileLabels& operator=(FileLabels&&) = delete;
  virtual ~FileLabels() = default;

  /// Returns the context of `name` in `directory`, not of what a link points to; empty when it cannot be read.
  virtual std::string context_in(int directory, const char* name) const = 0;
  /// Returns the context of a file opened with O_PATH; empty when it cannot be read.
  virtual std::string context_of(int fd) const = 0;
  /// Sets the context of a file opened with O_PATH. Returns 0 or errno.
  virtual int set_context(int fd, const std::string& context) = 0;
};

} // namespace agentbox::selinux
