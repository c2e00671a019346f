// SPDX-License-Identifier: Apache-2.0
// Prints the properties of a box, collected from inside, as sorted lines `KEY VALUE`. The same box must give the same
// lines, whichever way it was started; what necessarily differs (ids of mounts, the runtime's own file names) is left
// out here.
#include <iostream>
#include <set>
#include <string>

#include "collect.hpp"

int main() {
  std::set<std::string> lines;
  const auto add = [&](const std::string& key, const std::string& value) { lines.insert(key + " " + value); };
  fingerprint::identity(add);
  fingerprint::limits(add);
  fingerprint::filesystem(add);
  fingerprint::network(add);
  for (const std::string& line : lines) {
    std::cout << line << "\n";
  }
  return 0;
}
