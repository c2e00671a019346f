# SPDX-License-Identifier: Apache-2.0
"""usage: under_filter.py PROFILE COMMAND [ARG...]

Runs COMMAND on the host under the box's own filter (OCI linux.seccomp as JSON), so that tools can be tried without an
image that has them."""
import ctypes
import json
import os
import sys

ACTIONS = {"SCMP_ACT_ALLOW": 0x7FFF0000, "SCMP_ACT_KILL": 0, "SCMP_ACT_KILL_PROCESS": 0x80000000}
OPERATORS = ["SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"]
PR_SET_NO_NEW_PRIVS = 38


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def action(name, errno):
    return 0x00050000 | errno if name == "SCMP_ACT_ERRNO" else ACTIONS[name]


def load(profile):
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    default = action(profile["defaultAction"], profile.get("defaultErrnoRet", 1))
    context = library.seccomp_init(default)
    for group in profile["syscalls"]:
        wanted = action(group["action"], group.get("errnoRet", 1))
        comparisons = [Comparison(arg["index"], OPERATORS.index(arg["op"]) + 1, arg["value"], arg.get("valueTwo", 0))
                       for arg in group.get("args", [])]
        array = (Comparison * max(len(comparisons), 1))(*comparisons)
        for name in group["names"]:
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number >= 0 and wanted != default:
                error = library.seccomp_rule_add_array(context, wanted, number, len(comparisons), array)
                if error:
                    raise OSError(-error, f"rule for {name}")
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if error := library.seccomp_load(context):
        raise OSError(-error, "the filter cannot be loaded")


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        load(json.load(file))
    os.execvp(sys.argv[2], sys.argv[2:])
