# SPDX-License-Identifier: Apache-2.0
# openSUSE and SLE. Sourced by setup.sh. libzypp has no option for a CA bundle: it is a trust anchor during the
# installation, and is removed before the layer is written.
install_packages() {
  anchor=/etc/pki/trust/anchors/agentbox-build.pem
  if [ -n "$ca" ]; then
    cp "$ca" "$anchor"
    update-ca-certificates
  fi
  zypper --non-interactive --gpg-auto-import-keys install --no-recommends "$@"
  zypper clean --all
  if [ -n "$ca" ]; then
    rm "$anchor"
    update-ca-certificates
  fi
  rm -rf /var/log/zypp /var/log/zypper.log
}
