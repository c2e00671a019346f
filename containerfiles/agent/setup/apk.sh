# SPDX-License-Identifier: Apache-2.0
# Alpine. Sourced by setup.sh; apk reads a private CA from SSL_CERT_FILE.
install_packages() {
  apk add --no-cache "$@"
}
