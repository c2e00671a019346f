#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs once in the base image, as its root, and turns it into a tools image. Plain POSIX sh: a base may have no other shell.
set -eu
export LC_ALL=C
here=${0%/*}

# A private CA (of a proxy or a mirror) is trusted only while this script runs.
if [ -e "$here/ca.pem" ]; then
  ca=$here/ca.pem
  export SSL_CERT_FILE="$ca" CURL_CA_BUNDLE="$ca" SSL_CA_CERT_FILE="$ca" REQUESTS_CA_BUNDLE="$ca"
else
  ca=
fi

# shellcheck source=/dev/null
. "$here/family.sh"
# shellcheck disable=SC2046 # one word for each package
install_packages $(cat "$here/packages.txt")

# Registers the filter of Git LFS: some distributions' packages do not, and files would be committed without it.
if command -v git-lfs >/dev/null; then HOME=/root git lfs install --system --skip-repo; fi

# The user agent, 1000:1000, replaces any user with that name or those ids (Ubuntu's "ubuntu"). The files are edited here
# because no two families have the same useradd.
old_home=$(awk -F: '$3 == 1000 { print $6; exit }' /etc/passwd)
old_user=$(awk -F: '$3 == 1000 { print $1; exit }' /etc/passwd)
without() { # FILE NAME ID: removes the lines of agent, NAME and ID; the file keeps its owner and mode
  awk -F: -v name="$2" -v id="$3" '$1 != "agent" && $1 != name && (id == "" || $3 != id)' "$1" >"$1.new"
  cat "$1.new" >"$1"
  rm "$1.new"
}
without /etc/passwd '' 1000
without /etc/group '' 1000
for file in /etc/shadow /etc/gshadow /etc/subuid /etc/subgid; do
  if [ -e "$file" ]; then without "$file" "$old_user" ''; fi
done
login_shell=/bin/sh
if [ -x /bin/bash ]; then login_shell=/bin/bash; fi
echo "agent:x:1000:1000:agent:/home/agent:$login_shell" >>/etc/passwd
echo 'agent:x:1000:' >>/etc/group
if [ -e /etc/shadow ]; then echo 'agent:!:19000:0:99999:7:::' >>/etc/shadow; fi
case $old_home in
/home/agent) ;;
/home/?*) rm -rf "$old_home" ;;
esac
mkdir -p /home/agent /workspace
if [ -d /etc/skel ]; then cp -R /etc/skel/. /home/agent/; fi
# .claude and .codex: --auth mounts a file into them, and a directory that the runtime creates for a mount belongs to root.
mkdir -p /home/agent/.claude /home/agent/.codex /home/agent/.cache /home/agent/.config /home/agent/.local/share /home/agent/.local/state
chown -R 1000:1000 /home/agent /workspace
chmod 755 /home/agent /workspace

# no-new-privileges makes setuid and setgid bits useless; removing them leaves nothing to check.
find / -xdev -type f -perm -4000 -exec chmod u-s {} +
find / -xdev -type f -perm -2000 -exec chmod g-s {} +

# A machine ID would make all boxes look like one machine.
if [ -s /etc/machine-id ]; then : >/etc/machine-id; fi
rm -rf /var/tmp/* /tmp/* /root/.cache
