# SPDX-License-Identifier: Apache-2.0
# Alpine. Read by setup.sh; apk takes a private CA from SSL_CERT_FILE.
install_packages() {
  apk add --no-cache "$@"
}
