// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "podman/podman.hpp"

namespace agentbox::podman {

/// A container of an image that is never started, for `podman export` and `podman cp`. Removed by its destructor.
class IdleContainer {
public:
  /// Replaces a container `name` that a killed process left. Throws like Podman::capture().
  IdleContainer(const Podman& podman, std::string name, const std::string& image);
  IdleContainer(const IdleContainer&) = delete;
  IdleContainer& operator=(const IdleContainer&) = delete;
  IdleContainer(IdleContainer&&) = delete;
  IdleContainer& operator=(IdleContainer&&) = delete;
  ~IdleContainer();

private:
  const Podman& m_podman;
  std::string m_name;
};

} // namespace agentbox::podman
