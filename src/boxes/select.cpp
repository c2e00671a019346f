// SPDX-License-Identifier: Apache-2.0
#include "boxes/select.hpp"

#include <algorithm>
#include <vector>

#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::boxes {
namespace {

using support::Error;
using support::ExitCode;

std::vector<std::string> names_of(const std::vector<Found>& boxes) {
  std::vector<std::string> names;
  std::transform(boxes.begin(), boxes.end(), std::back_inserter(names), [](const Found& box) { return box.name; });
  return names;
}

Found by_name(const std::vector<Found>& boxes, const std::string& name) {
  const auto found = std::find_if(boxes.begin(), boxes.end(), [&](const Found& box) { return box.name == name; });
  if (found == boxes.end()) {
    throw Error(ExitCode::usage,
                "no box named \"" + support::escape_untrusted(name) + "\" is running" +
                    support::did_you_mean(name, names_of(boxes)),
                "agentbox ps lists the boxes");
  }
  return *found;
}

} // namespace

Found select_running(const std::optional<std::string>& name, const std::filesystem::path& workspace,
                     const char* hint_if_none) {
  std::vector<Found> boxes = find_sessions();
  std::erase_if(boxes, [](const Found& box) { return !box.alive || !box.record; });
  if (name) {
    return by_name(boxes, *name);
  }
  std::vector<Found> here = boxes;
  std::erase_if(here, [&](const Found& box) { return box.record->workspace != workspace.string(); });
  const std::vector<Found>& candidates = here.empty() ? boxes : here;
  if (candidates.empty()) {
    throw Error(ExitCode::usage, "no box is running", hint_if_none);
  }
  if (candidates.size() > 1) {
    throw Error(ExitCode::usage, "more than one box is running: " + support::join(names_of(candidates), ", "),
                "add the name of the box");
  }
  return candidates.front();
}

} // namespace agentbox::boxes
