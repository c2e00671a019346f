# SPDX-License-Identifier: Apache-2.0
"""Named sets of hosts, and the configuration that `init` proposes for a project."""
import json

from box import HOME, SystemTest

RECORD = HOME / ".local/state/agentbox/host-sets.json"


class Sets(SystemTest):
    def setUp(self):
        super().setUp()
        RECORD.unlink(missing_ok=True)
        self.addCleanup(RECORD.unlink, missing_ok=True)

    def test_a_set_opens_its_hosts_and_no_others(self):
        script = "getent ahostsv4 registry.npmjs.org >/dev/null && echo npm; getent ahostsv4 pypi.org >/dev/null && echo pypi; true"
        self.assertEqual(self.in_box(script).out, "")
        self.assertEqual(self.in_box(script, "--allow", "@npm").out, "npm\n")
        self.user_config('[network]\nallow_hosts = ["@npm", "@pypi"]\n')
        self.assertEqual(self.in_box(script).out, "npm\npypi\n")

    def test_a_forge_is_reported_as_able_to_receive_data(self):
        self.assertIn("data can be sent to a forge", self.in_box("true", "--allow", "@github").err)
        self.assertIn("data can be sent to a forge", self.agentbox("policy", "show", "--allow", "@github").out)
        self.assertNotIn("a forge", self.in_box("true", "--allow", "@npm").err)

    def test_an_unknown_set_is_refused_with_a_suggestion(self):
        result = self.in_box("true", "--allow", "@pypii")
        self.assertCode(result, 2)
        self.assertIn('did you mean "@pypi"?', result.err)

    def test_a_set_is_shown_as_its_hosts(self):
        shown = json.loads(self.agentbox("policy", "show", "--json", "--allow", "@crates").out)
        self.assertIn("static.crates.io", json.dumps(shown["network"]["allow"]))
        self.assertIn("static.crates.io", self.agentbox("run", "--dry-run", "--allow", "@crates", "--", "true").out)
        listed = {one["name"]: one for one in json.loads(self.agentbox("policy", "sets", "--json").out)}
        self.assertIn("static.crates.io", [host["host"] for host in listed["@crates"]["hosts"]])

    def test_a_set_that_has_grown_is_reported_at_the_next_start(self):
        self.assertNotIn("has grown", self.in_box("true", "--allow", "@pypi").err)
        RECORD.write_text(json.dumps({"pypi": ["pypi.org"]}))
        grown = self.in_box("true", "--allow", "@pypi")
        self.assertCode(grown, 0)
        self.assertIn("a set of hosts has grown since you last used it: @pypi: files.pythonhosted.org", grown.err)
        self.assertNotIn("has grown", self.in_box("true", "--allow", "@pypi").err)

    def test_a_projects_set_needs_trust(self):
        self.project_config('[network]\nallow_hosts = ["@npm"]\n')
        refused = self.in_box("true")
        self.assertCode(refused, 126)
        self.assertIn("registry.npmjs.org", refused.err)
        terminal = self.terminal("policy", "trust")
        terminal.read_until("[y/N]")
        terminal.write("y\n")
        self.assertEqual(terminal.wait(), 0)
        self.assertIn("@npm: registry.npmjs.org", terminal.text)
        self.assertCode(self.in_box("true"), 0)

    def test_a_running_box_is_allowed_a_set(self):
        box = self.start("run", "--", "sh", "-c", "echo up; until getent ahostsv4 registry.npmjs.org; do sleep 0.1; done")
        self.assertEqual(box.stdout.readline(), b"up\n")
        allowed = self.agentbox("allow", "@npm", "--save", "project")
        self.assertCode(allowed, 0)
        self.assertIn("registry.npmjs.org:443 is allowed", allowed.err)
        self.assertEqual(box.wait(60), 0)
        saved = (self.workspace / ".agentbox/saved-hosts.txt").read_text()
        self.assertIn("allow registry.npmjs.org\n", saved)
        self.assertNotIn("@", saved)


class Init(SystemTest):
    def config(self):
        return self.workspace / ".agentbox/config.toml"

    def test_without_a_terminal_the_proposal_is_printed(self):
        self.put("package.json", "{}")
        self.put("api/pyproject.toml", "")
        result = self.agentbox("init")
        self.assertCode(result, 0)
        self.assertIn('selected = ["python", "web"]', result.out)
        self.assertIn('allow_hosts = ["@npm", "@pypi"]', result.out)
        self.assertIn("api/pyproject.toml: toolkit python, hosts @pypi", result.err)
        self.assertIn("agentbox init --yes", result.err)
        self.assertFalse(self.config().exists())

    def test_yes_writes_it_once_and_it_is_trusted(self):
        self.put("go.mod", "module x\n")
        self.assertCode(self.agentbox("init", "--yes"), 0)
        text = self.config().read_text()
        self.assertIn('\nallow_hosts = ["@go"]', text)
        self.assertIn('\n# base = "docker.io/library/golang', text)
        self.assertCode(self.in_box("getent ahostsv4 proxy.golang.org"), 0)
        again = self.agentbox("init", "--yes")
        self.assertCode(again, 2)
        self.assertIn("exists already", again.err)
        self.assertEqual(self.config().read_text(), text)

    def test_on_a_terminal_it_asks(self):
        self.put("Cargo.toml", "")
        terminal = self.terminal("init")
        for question, answer in (("Agent", "claude"), ("Toolkits", "-"), ("Allowed hosts", "")):
            terminal.read_until(question)
            terminal.write(answer + "\n")
        self.assertEqual(terminal.wait(), 0, terminal.text)
        text = self.config().read_text()
        self.assertIn('default = "claude"', text)
        self.assertIn('\nallow_hosts = ["@crates"]', text)
        self.assertIn("# selected", text)
