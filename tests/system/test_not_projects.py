# SPDX-License-Identifier: Apache-2.0
"""Directories that are not projects are not given to a box."""
import pathlib
import shutil
import subprocess

from box import AGENTBOX, HOME, SystemTest


class NotProjects(SystemTest):
    def run_in(self, directory, *options):
        return subprocess.run([AGENTBOX, "run", *options, "--", "true"], cwd=directory, capture_output=True, text=True, check=False)

    def test_settings_and_data_of_programs_are_refused_unless_allowed_or_a_repository(self):
        for name in [".claude", ".config/tool", ".local/share/tool"]:
            directory = pathlib.Path(HOME, name, "agentbox-test")
            directory.mkdir(parents=True)
            self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
            refused = self.run_in(directory)
            self.assertEqual(refused.returncode, 126, name)
            self.assertIn("--any-workspace", refused.stderr)
        self.assertEqual(self.run_in(directory, "--any-workspace").returncode, 0)
        subprocess.run(["git", "init", "--quiet", "."], cwd=directory, check=True)
        self.assertEqual(self.run_in(directory).returncode, 0)

    def test_podmans_storage_and_credentials_are_always_refused(self):
        root = subprocess.run(["podman", "info", "--format", "{{.Store.GraphRoot}}"], capture_output=True, text=True, check=True).stdout.strip()
        for directory in [pathlib.Path(root), pathlib.Path(root, "libpod"), pathlib.Path(HOME, ".ssh")]:
            directory.mkdir(parents=True, exist_ok=True)
            self.assertEqual(self.run_in(directory, "--any-workspace").returncode, 126, directory)
