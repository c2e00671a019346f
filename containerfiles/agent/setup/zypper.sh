# SPDX-License-Identifier: Apache-2.0
# openSUSE and SLE. Read by setup.sh. libzypp knows no option for a CA bundle: it is made a trust anchor for as long as
# the installation takes; the layer is written after it was taken away again.
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
