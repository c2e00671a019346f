# SPDX-License-Identifier: Apache-2.0
"""Other programs that do part of the firewall's work, from Debian's packages, unpacked into the bench's own directory, so that
nothing is installed, configured or started on the host."""
import os
import pathlib
import shutil
import subprocess

PACKAGES = ("nginx", "libnginx-mod-stream", "haproxy", "squid", "dnsmasq-base")


def fetch(directory):
    """Unpacks those of PACKAGES that are missing, with their dependencies. Returns the root, or nothing where there is no apt."""
    root = pathlib.Path(directory) / "root"
    if (root / ".complete").exists():
        return root
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return None
    debs = pathlib.Path(directory) / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    plan = subprocess.run(["apt-get", "install", "--simulate", "--no-install-recommends", *PACKAGES], capture_output=True,
                          text=True, check=False).stdout
    wanted = {line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")} | set(PACKAGES)
    done = subprocess.run(["apt-get", "download", *sorted(wanted)], cwd=debs, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"the peers cannot be fetched: {done.stderr.strip().splitlines()[-1:]}")
        return None
    for package in debs.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
    (root / ".complete").touch()
    return root


class Peers:
    """Command lines of the peers, each relaying 127.0.0.1:PORT to one server, by the name in the ClientHello."""

    def __init__(self, root, directory):
        self.root, self.directory = root, pathlib.Path(directory)
        paths = [str(root / part) for part in ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib/x86_64-linux-gnu")]
        self.environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": ":".join(paths)}

    def _file(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="ascii")
        return str(path)

    def nginx(self, port, host, upstream):
        module = next(self.root.glob("usr/lib/nginx/modules/ngx_stream_module.so"))
        text = f"""load_module {module};
daemon off; master_process off; error_log /dev/null; pid {self.directory}/nginx.pid; worker_rlimit_nofile 65536;
events {{ worker_connections 32768; multi_accept on; }}
stream {{ map $ssl_preread_server_name $to {{ {host} {upstream}; default 127.0.0.1:1; }}
server {{ listen 127.0.0.1:{port} backlog=4096; ssl_preread on; proxy_pass $to; tcp_nodelay on; proxy_half_close on; }} }}
"""
        return [str(self.root / "usr/sbin/nginx"), "-p", str(self.directory), "-e", "/dev/null", "-c", self._file("nginx.conf", text)]

    def haproxy(self, port, host, upstream):
        text = f"""global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend f
  bind 127.0.0.1:{port} backlog 4096
  tcp-request inspect-delay 5s
  tcp-request content accept if {{ req.ssl_hello_type 1 }}
  use_backend b if {{ req.ssl_sni -i {host} }}
backend b
  option splice-auto
  server s {upstream}
"""
        return [str(self.root / "usr/sbin/haproxy"), "-db", "-f", self._file("haproxy.cfg", text)]

    def squid(self, port):
        share = self.root / "usr/share/squid"
        text = f"""http_port 127.0.0.1:{port}
http_access allow all
cache deny all
unlinkd_program {self.root}/usr/lib/squid/unlinkd
logfile_daemon {self.root}/usr/lib/squid/log_file_daemon
pid_filename none
access_log none
cache_log /dev/null
cache_store_log none
mime_table {share}/mime.conf
icon_directory {share}/icons
error_directory {self.root}/usr/share/squid-langpack/en
coredump_dir {self.directory}
netdb_filename none
pinger_enable off
workers 1
shutdown_lifetime 0 seconds
"""
        # Squid does not run as root, nor can it become another user where only one user is mapped.
        return ["unshare", "--user", "--map-user=13", "--map-group=13",
                str(self.root / "usr/sbin/squid"), "-N", "-f", self._file("squid.conf", text)]

    def dnsmasq(self, port, host):
        return [str(self.root / "usr/sbin/dnsmasq"), "--keep-in-foreground", f"--port={port}", "--listen-address=127.0.0.1",
                "--bind-interfaces", "--no-resolv", "--no-hosts", f"--address=/{host}/198.18.0.1", "--user=root", "--group=",
                "--conf-file=/dev/null", "--pid-file="]
