# SPDX-License-Identifier: Apache-2.0
# Fedora, RHEL and derivatives. Sourced by setup.sh.
install_packages() {
  dnf=$(command -v dnf || command -v dnf5 || command -v microdnf)
  set -- --setopt=install_weak_deps=False --setopt=tsflags=nodocs "$@"
  if [ -n "$ca" ]; then set -- "--setopt=sslcacert=$ca" "$@"; fi
  # A metalink names mirrors anywhere; the firewall of the build lets only the project's own servers through.
  if [ "$(cat "$here/gate")" != full ]; then
    repos=/tmp/agentbox-repos
    cp -R /etc/yum.repos.d "$repos"
    for repo in "$repos"/*.repo; do
      if grep -q '^# *baseurl=' "$repo"; then
        sed -i -E 's/^(metalink|mirrorlist)=/#&/; s|^# *baseurl=|baseurl=|; s|http://download\.example/pub/|https://dl.fedoraproject.org/pub/|' "$repo"
      fi
    done
    set -- "--setopt=reposdir=$repos" "$@"
  fi
  "$dnf" install -y "$@"
  "$dnf" clean all
  rm -rf /var/cache/dnf /var/cache/libdnf5 /var/log/dnf*
}
