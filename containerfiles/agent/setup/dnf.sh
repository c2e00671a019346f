# SPDX-License-Identifier: Apache-2.0
# Fedora, RHEL and derivatives. Sourced by setup.sh.
install_packages() {
  dnf=$(command -v dnf || command -v dnf5 || command -v microdnf)
  set -- --setopt=install_weak_deps=False --setopt=tsflags=nodocs "$@"
  if [ -n "$ca" ]; then set -- "--setopt=sslcacert=$ca" "$@"; fi
  "$dnf" install -y "$@"
  "$dnf" clean all
  rm -rf /var/cache/dnf /var/cache/libdnf5 /var/log/dnf*
}
