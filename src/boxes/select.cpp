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

std::vector<std::string> names_of(const std::vector<FoundSession>& boxes) {
  std::vector<std::string> names;
  std::transform(boxes.begin(), boxes.end(), std::back_inserter(names),
                 [](const FoundSession& box) { return box.name; });
  return names;
}

FoundSession by_name(const std::vector<FoundSession>& boxes, const std::string& name) {
  const auto found =
      std::find_if(boxes.begin(), boxes.end(), [&](const FoundSession& box) { return box.name == name; });
  if (found == boxes.end()) {
    throw Error(ExitCode::usage,
                "no box named \"" + support::escape_untrusted(name) + "\" is running" +
                    support::did_you_mean(name, names_of(boxes)),
                "agentbox ps lists the boxes");
  }
  return *found;
}

} // namespace

FoundSession select_running(const std::optional<std::string>& name, const std::filesystem::path& workspace,
                            const char* hint_if_none) {
  std::vector<FoundSession> boxes = find_sessions();
  std::erase_if(boxes, [](const FoundSession& box) { return !box.alive || !box.record; });
  if (name) {
    return by_name(boxes, *name);
  }
  std::vector<FoundSession> here = boxes;
  std::erase_if(here, [&](const FoundSession& box) { return box.record->workspace != workspace.string(); });
  const std::vector<FoundSession>& candidates = here.empty() ? boxes : here;
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
