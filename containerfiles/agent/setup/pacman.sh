# SPDX-License-Identifier: Apache-2.0
# Arch Linux and derivatives. Sourced by setup.sh. Arch does not support partial upgrades, so everything is updated.
install_packages() {
  if [ -n "$ca" ]; then
    config=/tmp/agentbox-pacman.conf
    sed "s|^\[options\]|[options]\nXferCommand = /usr/bin/curl --cacert $ca -fLC - -o %o %u|" /etc/pacman.conf >"$config"
  else
    config=/etc/pacman.conf
  fi
  pacman --config "$config" -Syu --noconfirm --needed "$@"
  rm -rf /var/cache/pacman/pkg/* /var/lib/pacman/sync/* /var/log/pacman.log
}
