# SPDX-License-Identifier: Apache-2.0
# Debian, Ubuntu and derivatives. Sourced by setup.sh.
install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  # Most files of a package are documentation, and every file costs time when Podman maps the image to the user.
  mkdir -p /etc/dpkg/dpkg.cfg.d
  cat >/etc/dpkg/dpkg.cfg.d/agentbox <<'EOF'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
EOF
  # Maintainer scripts of some packages (Java's) link manual pages into directories that slim images lack.
  mkdir -p /usr/share/man/man1 /usr/share/man/man7
  options=/etc/apt/apt.conf.d/00agentbox-build
  cat >"$options" <<'EOF'
Acquire::Languages "none";
Acquire::Retries "3";
APT::Install-Recommends "false";
Dpkg::Use-Pty "false";
EOF
  if [ -n "$ca" ]; then echo "Acquire::https::CAInfo \"$ca\";" >>"$options"; fi
  apt-get update
  apt-get install --yes "$@"
  rm "$options"
  apt-get clean
  rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /var/log/alternatives.log
}
