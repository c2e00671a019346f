// SPDX-License-Identifier: Apache-2.0
#include "podman/idle_container.hpp"

#include <chrono>
#include <spdlog/spdlog.h>

namespace agentbox::podman {

IdleContainer::IdleContainer(const Podman& podman, std::string name, const std::string& image)
    : m_podman(podman), m_name(std::move(name)) {
  constexpr support::CaptureLimits k_limits{1U << 20U, std::chrono::minutes(30)};
  m_podman.capture({"create", "--quiet", "--replace", "--name", m_name, "--pull", "never", "--network", "none",
                    "--image-volume", "ignore", image, "/"},
                   k_limits);
}

IdleContainer::~IdleContainer() {
  try {
    m_podman.capture({"rm", "--force", "--ignore", m_name});
  } catch (const std::exception& error) {
    spdlog::warn("cannot remove the container {}: {}", m_name, error.what());
  }
}

} // namespace agentbox::podman
