// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::oci::bundle {

/// Where an entry of a layer belongs.
struct EntryPath {
  std::vector<std::string> folders; ///< from the root down to the one that holds the entry
  std::string name;                 ///< empty: the root folder itself

  std::string text() const; ///< "usr/bin/env", for messages and for keeping book
};

/// Reads an entry's name ("./usr/bin/env", "usr/bin/"). Throws support::Error(refused), naming the entry, for what no
/// honest layer has: an absolute path, "..", a NUL, more than 4096 bytes or 128 folders.
EntryPath parse_entry_path(std::string_view text);

/// A whiteout's meaning (OCI image-spec, "Whiteouts").
struct Whiteout {
  enum class Kind {
    none,   ///< an ordinary entry
    one,    ///< hides `name` of the layers below
    opaque, ///< hides everything that the layers below have in this folder
  };
  Kind kind = Kind::none;
  std::string name; ///< Kind::one
};

/// Whether a name is a whiteout. Throws support::Error(refused) for a malformed one: ".wh." alone, ".wh...", and the
/// metadata names of AUFS.
Whiteout parse_whiteout(std::string_view name);

} // namespace agentbox::oci::bundle
