# SPDX-License-Identifier: Apache-2.0
"""Directories that are not projects are not given to a box."""
import pathlib
import shutil
import subprocess

from box import AGENTBOX, HOME, SystemTest


class NotProjects(SystemTest):
    def run_in(self, folder, *options):
        return subprocess.run([AGENTBOX, "run", *options, "--", "true"], cwd=folder, capture_output=True, text=True, check=False)

    def test_settings_and_data_of_programs_are_refused_unless_named_or_a_repository(self):
        for name in [".claude", ".config/tool", ".local/share/tool"]:
            folder = pathlib.Path(HOME, name, "agentbox-test")
            folder.mkdir(parents=True)
            self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
            refused = self.run_in(folder)
            self.assertEqual(refused.returncode, 126, name)
            self.assertIn("--any-workspace", refused.stderr)
        self.assertEqual(self.run_in(folder, "--any-workspace").returncode, 0)
        subprocess.run(["git", "init", "--quiet", "."], cwd=folder, check=True)
        self.assertEqual(self.run_in(folder).returncode, 0)

    def test_podmans_storage_and_credentials_are_always_refused(self):
        root = subprocess.run(["podman", "info", "--format", "{{.Store.GraphRoot}}"], capture_output=True, text=True, check=True).stdout.strip()
        for folder in [pathlib.Path(root), pathlib.Path(root, "libpod"), pathlib.Path(HOME, ".ssh")]:
            folder.mkdir(parents=True, exist_ok=True)
            self.assertEqual(self.run_in(folder, "--any-workspace").returncode, 126, folder)
