# SPDX-License-Identifier: Apache-2.0
"""The filter's answer to every system call, asked from inside without making one, against a golden table. The golden file
lists what may be made; everything else must be refused, whatever other calls the host's kernel and profile have."""
import ctypes
import os
import pathlib
import platform
import re
import shutil
import unittest

import rig
from box import SystemTest

GOLDEN = pathlib.Path(__file__).parent / f"syscalls.{platform.machine()}.txt"
# Arguments are only those that the host's profile or ours names; in the table, each argument is 0.
TABLED = re.compile(r"^(\d+)(\(.*\))? (\S+)$")


def names():
    """Returns {number: name}, by the library that the container runtime itself uses."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
    known = {}
    for number in range(600):
        name = library.seccomp_syscall_resolve_num_arch(library.seccomp_arch_native(), number)
        if name:
            known[number] = ctypes.string_at(name).decode()
    return known


class Syscalls(SystemTest):
    def answers(self, *options):
        shutil.copy(rig.PROBES / "probe_syscalls", self.workspace)
        result = self.in_box("./probe_syscalls", *options)
        self.assertCode(result, 0)
        return [TABLED.match(line).groups() for line in result.out.splitlines()]

    def table(self):
        """{"name" or "name(arguments)": answer}"""
        known = names()
        return {f"{known.get(int(number), 'number-' + number)}{arguments or ''}": answer
                for number, arguments, answer in self.answers()}

    @unittest.skipUnless(GOLDEN.exists() or os.environ.get("AGENTBOX_UPDATE_GOLDEN"), "no golden table for this machine yet")
    def test_every_call_matches_the_golden_table(self):
        table = self.table()
        allowed = sorted(call for call, answer in table.items() if answer == "allowed")
        text = "".join(call + "\n" for call in allowed)
        if directory := os.environ.get("AGENTBOX_GOLDEN_OUT"):
            pathlib.Path(directory, GOLDEN.name).write_text(text)
        golden = GOLDEN.read_text().splitlines()
        self.assertEqual([call for call in allowed if call not in golden], [], "allowed beyond the golden table")
        # A kernel or a library that is older than the table's has fewer calls; that is not a hole. The others must exist.
        missing = [call for call in golden if call not in allowed]
        self.assertLess(len(missing), 40, missing)
        self.assertNotIn("MADE", table.values(), "a call was really made: the probe's own filter is not in place")

    def test_removed_calls_are_refused_and_needed_ones_are_not(self):
        table = self.table()
        for call in ("clone3", "setns", "mount", "umount2", "pivot_root", "chroot", "ptrace", "process_vm_readv", "keyctl",
                     "add_key", "request_key", "bpf", "io_uring_setup", "userfaultfd", "perf_event_open", "open_by_handle_at",
                     "kexec_load", "init_module", "finit_module", "syslog", "pidfd_getfd", "kcmp", "clone(0x10000011,0,0)",
                     "unshare(0x10000000,0,0)", "socket(0x11,0x1,0)", "socket(0x28,0x1,0)", "socket(0x26,0x1,0)",
                     "socket(0x10,0x3,0xc)", "personality(0x40000,0,0)"):
            with self.subTest(call=call):
                self.assertIn(table[call], ("EPERM", "ENOSYS", "EAFNOSUPPORT"))
        for call in ("execve", "openat", "futex", "clone(0x3d0f00,0,0)", "socket(0x1,0x1,0)", "socket(0x2,0x1,0)", "socket(0xa,0x1,0)",
                     "epoll_wait", "seccomp", "landlock_create_ruleset", "memfd_create", "personality(0xffffffff,0,0)"):
            with self.subTest(call=call):
                self.assertEqual(table[call], "allowed")
