# SPDX-License-Identifier: Apache-2.0
"""Logins that outlive their box: sign-in, renewal on both sides and by two boxes at the same time, logout, with the real agents
against stand-ins for their vendors' sign-in."""
import base64
import contextlib
import json
import os
import pathlib
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

from box import AGENTBOX, HOME, PATIENCE, Internet, SystemTest, wait_until
from screen import Screen

LOGINS = HOME / ".local/state/agentbox/logins"
HOST_FILE = {"claude": HOME / ".claude/.credentials.json", "codex": HOME / ".codex/auth.json"}
TOKEN_HOST = {"claude": "platform.claude.com", "codex": "auth.openai.com"}
SIGN_IN_HOSTS = {"claude": {"platform.claude.com", "api.anthropic.com"}, "codex": {"auth.openai.com"}}
IN_BOX = {"claude": "/home/agent/.agentbox-login/claude/.credentials.json", "codex": "/home/agent/.agentbox-login/codex/auth.json"}
ACCOUNT = {"claude": "11111111-1111-4111-8111-111111111111", "codex": "33333333-3333-4333-8333-333333333333"}


def jwt(seconds):
    """Returns an access token of OpenAI that expires in that many seconds; nothing checks its signature."""
    claims = {"exp": int(time.time()) + seconds, "https://api.openai.com/auth": {
        "chatgpt_plan_type": "pro", "chatgpt_user_id": "user-1", "chatgpt_account_id": ACCOUNT["codex"]}}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, claims, "x")]
    return ".".join(parts)


def login(agent, seconds, account=None, token=None):
    """Returns the text of a login that was made now and expires in `seconds`; its refresh token is valid once."""
    refresh = f"stand-in-refresh-{secrets.token_hex(8)}"
    account = account or ACCOUNT[agent]
    if agent == "claude":
        return json.dumps({"claudeAiOauth": {
            "accessToken": token or ("sk-ant-oat01-expired" if seconds < 0 else "sk-ant-oat01-stand-in"), "refreshToken": refresh,
            "expiresAt": int((time.time() + seconds) * 1000), "scopes": ["user:inference", "user:profile"],
            "subscriptionType": "max", "accountUuid": account}})
    renewed = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + min(seconds, 0)))
    return json.dumps({"auth_mode": "chatgpt", "OPENAI_API_KEY": None, "last_refresh": renewed, "tokens": {
        "id_token": jwt(seconds), "access_token": jwt(seconds), "refresh_token": refresh, "account_id": account}})


def replace(path, text):
    """Renames a new file into place, as the agents do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.chmod(0o600)
    new.rename(path)


class Logins(SystemTest):
    def setUp(self):
        super().setUp()
        for path in (LOGINS, HOME / ".claude", HOME / ".codex"):
            shutil.rmtree(path, ignore_errors=True)
            self.addCleanup(shutil.rmtree, path, ignore_errors=True)

    def prompt(self, agent, command, *options, **more):
        return self.agentbox("run", agent, *options, "--prompt", f"Please do this: <run>{command}</run>", **more)

    def status(self, agent):
        """Returns {origin: row} of `agentbox login --status`."""
        result = self.agentbox("login", "--status", "--json")
        self.assertCode(result, 0)
        return {row["origin"]: row for row in json.loads(result.out) if row["agent"] == agent}

    def renewals(self, internet, agent):
        return [one for one in internet.http() if one.get("host") == TOKEN_HOST[agent] and one["path"].endswith("/token") and
                "deviceauth" not in one["path"]]

    def check_sign_in(self, agent, act):
        """The agent signs in in a box that reaches only its vendor; later boxes work with that login, until it is removed."""
        internet = Internet()
        screen = Screen([AGENTBOX, "login", agent], self.workspace, self.environment())
        self.addCleanup(screen.close)
        act(screen)
        self.assertIn("ended with 0.", screen.wait_for("ended with "))
        self.assertLessEqual({one["host"] for one in internet.http() if "host" in one}, SIGN_IN_HOSTS[agent])
        row = self.status(agent)["agentbox"]
        self.assertTrue(row["used"] and row["usable"] and row["renewable"], row)
        kept = pathlib.Path(row["file"])
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.assertEqual(LOGINS.stat().st_mode & 0o777, 0o700)
        done = self.prompt(agent, "echo signed in >made.txt", "--auth", agent)
        self.assertCode(done, 0)
        self.assertIn(f"your login for {agent}", done.err)
        self.assertEqual((self.workspace / "made.txt").read_text(), "signed in\n")
        self.assertFalse(HOST_FILE[agent].exists(), "the host's own agent is not signed in")
        self.assertCode(self.agentbox("logout", agent), 0)
        self.assertFalse(kept.exists())
        gone = self.prompt(agent, "true", "--auth", agent)
        self.assertCode(gone, 2)
        self.assertIn(f"agentbox login {agent}", gone.err)
        self.assertCode(self.agentbox("logout", agent), 127)

    def test_claude_signs_in(self):
        def act(screen):
            screen.wait_for("Paste code here")
            screen.type("stand-in-code#state")
            screen.press("Enter")
        self.check_sign_in("claude", act)

    def test_codex_signs_in(self):
        self.check_sign_in("codex", lambda screen: screen.wait_for("STND-INCODE"))

    def test_codex_signs_in_with_a_browser(self):
        """The browser's answer reaches the box through a port of the host's loopback that is closed before and after."""
        def is_open():
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", 1455)) == 0
        self.assertFalse(is_open())
        internet = Internet()
        screen = Screen([AGENTBOX, "login", "codex", "--browser"], self.workspace, self.environment())
        self.addCleanup(screen.close)
        screen.wait_for("auth.openai.com/oauth/authorize")
        found = []
        wait_until(lambda: found or found.extend(re.findall(r"[?&]state=([A-Za-z0-9_-]+)&", re.sub(r"\s", "", screen.text()))), "the address is complete")
        def answer(state):
            with contextlib.suppress(OSError):
                return urllib.request.urlopen(f"http://127.0.0.1:1455/auth/callback?code=stand-in-code&state={state}", timeout=PATIENCE).status
            return None
        self.assertNotEqual(answer("forged"), 200)
        self.assertFalse((LOGINS / "codex/own").exists())
        self.assertEqual(answer(found[0]), 200)
        self.assertIn("ended with 0.", screen.wait_for("ended with "))
        self.assertFalse(is_open())
        self.assertLessEqual({one["host"] for one in internet.http() if "host" in one}, SIGN_IN_HOSTS["codex"])
        self.assertTrue(self.status("codex")["agentbox"]["usable"])
        refused = self.agentbox("login", "claude", "--browser")
        self.assertCode(refused, 2)
        self.assertIn("agentbox login claude", refused.err)

    def test_a_token_reaches_the_box_as_a_variable_and_nothing_else(self):
        """Copilot's token and opencode's keys, from the host's files; not an account's refresh token beside them."""
        copilot, opencode = HOME / ".copilot/config.json", HOME / ".local/share/opencode/auth.json"
        for path in (copilot, opencode):
            self.addCleanup(path.unlink, missing_ok=True)
        replace(copilot, '// managed\n{"authTokens":{"https://github.com:user":{"token":"gho_secret_token"}}}')
        replace(opencode, '{"vendor":{"type":"api","key":"secret-key"},"other":{"type":"oauth","refresh":"secret-refresh"}}')
        script = 'printf "%s %s" "$COPILOT_GITHUB_TOKEN" "$OPENCODE_AUTH_CONTENT"; ls -d ~/.agentbox-login ~/.copilot'
        with_both = self.in_box(script, "--auth", "copilot", "--auth", "opencode")
        self.assertEqual(with_both.out, 'gho_secret_token {"vendor":{"key":"secret-key","type":"api"}}', with_both.err)
        self.assertIn("the box has your token for copilot (COPILOT_GITHUB_TOKEN)", with_both.err)
        self.assertEqual(self.in_box(script).out, " ")
        shown = self.agentbox("run", "--auth", "copilot", "--auth", "opencode", "--dry-run", "--json", "--", "true")
        self.assertCode(shown, 0)
        self.assertIn("OPENCODE_AUTH_CONTENT", shown.out)
        for value in ("gho_secret", "secret-key", "secret-refresh"):
            self.assertNotIn(value, shown.out + shown.err)
        replace(copilot, "{}")
        damaged = self.in_box("true", "--auth", "copilot")
        self.assertCode(damaged, 2)
        self.assertIn("agentbox login copilot", damaged.err)

    def test_verify_names_the_login_of_a_box_and_finds_another_way_to_one(self):
        replace(HOST_FILE["claude"], login("claude", 3600))
        for options, detail, code in (((), "no login", 0), (("--auth", "claude"), "only the login for claude", 0),
                                      ((f"--mount={HOME}/.claude:/mnt/claude:ro", "--any-workspace"), str(HOME / ".claude"), 1)):
            with self.subTest(detail):
                process = self.start("run", "--name", "target", *options, "--", "sh", "-c", "touch started; sleep 100")
                wait_until((self.workspace / "started").exists, "the box runs")
                result = self.agentbox("verify", "target", "--json")
                self.assertCode(result, code)
                rows = {attack["name"]: attack for attack in json.loads(result.out)["attacks"]}
                self.assertEqual(rows["outside-logins"]["detail"], detail)
                self.assertEqual(rows["logins"]["verdict"], "stopped")
                process.terminate()
                process.wait(PATIENCE)
                (self.workspace / "started").unlink()

    def test_a_sign_in_that_fails_leaves_the_login_before(self):
        replace(LOGINS / "codex/own/auth.json", login("codex", 3600))
        LOGINS.chmod(0o700)
        (LOGINS / "codex").chmod(0o700)
        (LOGINS / "codex/own").chmod(0o700)
        before = (LOGINS / "codex/own/auth.json").read_text()
        self.user_config('[network]\nblock_hosts = ["auth.openai.com"]\n')
        self.assertCode(self.agentbox("login", "codex"), 125)
        self.assertEqual((LOGINS / "codex/own/auth.json").read_text(), before)
        self.assertEqual([path.name for path in (LOGINS / "codex").iterdir()], ["own"])

    def check_two_boxes(self, agent):
        """Two boxes start with an expired login: both work, and the host's file has the renewed one, which still works."""
        replace(HOST_FILE[agent], login(agent, -100))
        other = pathlib.Path(tempfile.mkdtemp(prefix="project-", dir=HOME / "work"))
        self.addCleanup(shutil.rmtree, other, ignore_errors=True)
        subprocess.run(["git", "init", "-q", other], check=True)
        internet = Internet()
        running = [subprocess.Popen([AGENTBOX, "run", agent, "--auth", agent, "--prompt", "Please do this: <run>touch made.txt</run>"],
                                    cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                    env=self.environment()) for directory in (self.workspace, other)]
        for process in running:
            self.addCleanup(self._end, process)
        for process in running:
            out, _ = process.communicate(timeout=PATIENCE * 3)
            self.assertEqual(process.returncode, 0, out)
        self.assertTrue((self.workspace / "made.txt").exists() and (other / "made.txt").exists())
        count = len(self.renewals(internet, agent))
        self.assertIn(count, {"claude": [1], "codex": [1, 2]}[agent])  # codex makes its request first, and then reads the other's renewal
        renewed = HOST_FILE[agent].read_text()
        self.assertIn("stand-in-refresh-", renewed)
        self.assertCode(self.prompt(agent, "true", "--auth", agent), 0)
        self.assertEqual(len(self.renewals(internet, agent)), count, "the renewed login is used")
        self.assertEqual(json.loads(HOST_FILE[agent].read_text()), json.loads(renewed))

    def test_two_boxes_renew_the_login_of_claude(self):
        self.check_two_boxes("claude")

    def test_two_boxes_renew_the_login_of_codex(self):
        self.check_two_boxes("codex")

    def check_both_ways(self, agent):
        """A login that one side renews by renaming a new file into place reaches the other, while the box runs."""
        replace(HOST_FILE[agent], login(agent, 3600))
        process = self.start("run", agent, "--auth", agent, "--", "sh", "-c",
                             f"until grep -q second {IN_BOX[agent]}; do sleep 0.1; done; cat {IN_BOX[agent]} >seen; "
                             f"until [ -e third ]; do sleep 0.1; done; cp third {IN_BOX[agent]}.new; "
                             f"mv {IN_BOX[agent]}.new {IN_BOX[agent]}; until [ -e end ]; do sleep 0.1; done")
        shared = LOGINS / agent / "host/shared" / HOST_FILE[agent].name
        wait_until(shared.exists, "the box has the login")
        second = login(agent, 7200).replace("stand-in-refresh-", "stand-in-refresh-second-")
        replace(HOST_FILE[agent], second)
        wait_until((self.workspace / "seen").exists, "the box sees what the host renewed")
        third = login(agent, 9000).replace("stand-in-refresh-", "stand-in-refresh-third-")
        self.put("third", third)
        wait_until(lambda: "stand-in-refresh-third-" in HOST_FILE[agent].read_text(), "the host sees what the box renewed")
        self.assertEqual(json.loads(HOST_FILE[agent].read_text()), json.loads(third))
        self.assertEqual(HOST_FILE[agent].stat().st_mode & 0o777, 0o600)
        self.put("end", "")
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_the_login_of_claude_is_renewed_both_ways(self):
        self.check_both_ways("claude")

    def test_the_login_of_codex_is_renewed_both_ways(self):
        self.check_both_ways("codex")

    def test_a_logout_reaches_a_running_box(self):
        own = LOGINS / "claude/own"
        replace(own / ".credentials.json", login("claude", 3600))
        for directory in (LOGINS, LOGINS / "claude", own):
            directory.chmod(0o700)
        process = self.start("run", "claude", "--auth", "claude", "--", "sh", "-c",
                             f"touch started; while [ -e {IN_BOX['claude']} ]; do sleep 0.1; done")
        wait_until((self.workspace / "started").exists, "the box runs")
        self.assertCode(self.agentbox("logout", "claude"), 0)
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertEqual(self.status("claude")["host"]["exists"], False)

    def test_what_a_box_leaves_does_not_harm_the_host(self):
        """Garbage, links, another account: the host's login and its other credentials stay."""
        good = json.loads(login("claude", 3600))
        good["mcpOAuth"] = {"server": {"accessToken": "of-the-host"}}
        replace(HOST_FILE["claude"], json.dumps(good))
        secret = HOME / "work/secret"
        secret.write_text(login("claude", 9000))
        self.addCleanup(secret.unlink)
        file = IN_BOX["claude"]
        self.put("evil", login("claude", 9000, account="someone-else"))
        for script in (f"! grep of-the-host {file}", f"echo garbage >{file}", f"rm {file}", f"ln -sf {secret} {file}",
                       f"rm {file}; mkfifo {file}; true", f"rm {file}; mkdir -p {file}/a/b; true", f"chmod 0 {os.path.dirname(file)}",
                       f"cd {os.path.dirname(file)} && rm {file} && mkdir -p {file}/x/y .agentbox-new/x/y && chmod 0 .agentbox-new/x {file}/x; true",
                       f"cd {os.path.dirname(file)} && chmod -R u+rwX . ; rm -rf .agentbox-*",
                       f"head -c 400000 /dev/zero >{file}", f"cp evil {file}.new && mv {file}.new {file}",
                       f"cd {os.path.dirname(file)} && mkdir hooks && echo evil >settings.json"):
            with self.subTest(script):
                result = self.in_box(script, "claude", "--auth", "claude")
                self.assertCode(result, 0)
                self.assertEqual(json.loads(HOST_FILE["claude"].read_text()), good)
                self.assertEqual(sorted(path.name for path in HOST_FILE["claude"].parent.iterdir()), [".credentials.json"])
                if script.startswith("cp evil"):
                    self.assertIn("another account", result.err)
        self.assertIn("stand-in-refresh", secret.read_text())

    def test_a_box_cannot_replace_an_api_key_nor_write_the_file_itself(self):
        key = json.dumps({"OPENAI_API_KEY": "sk-stand-in"})
        replace(HOST_FILE["codex"], key)
        self.put("evil", json.dumps({**json.loads(login("codex", 9000)), "OPENAI_API_KEY": "sk-evil"}))
        self.assertCode(self.in_box(f"cp evil {IN_BOX['codex']}.new && mv {IN_BOX['codex']}.new {IN_BOX['codex']}", "codex", "--auth", "codex"), 0)
        self.assertEqual(HOST_FILE["codex"].read_text(), key)
        inside = self.workspace / ".codex"
        replace(inside / "auth.json", key)
        (HOME / "work/link").symlink_to(inside)
        self.addCleanup((HOME / "work/link").unlink)
        for directory in (inside, HOME / "work/link"):
            refused = self.agentbox("run", "codex", "--auth", "codex", "--", "true", CODEX_HOME=str(directory))
            self.assertCode(refused, 126)
            self.assertIn("that the box can write", refused.err)

    def test_a_login_that_cannot_be_used_is_described_before_the_start(self):
        for text, words in ((None, "there is no login for claude"), ("", "is empty"), ("{}", "does not contain a login"),
                            (json.dumps({"claudeAiOauth": {"accessToken": "a", "expiresAt": 1000}}), "has expired")):
            with self.subTest(words):
                if text is not None:
                    replace(HOST_FILE["claude"], text)
                result = self.agentbox("run", "claude", "--auth", "claude", "--", "true")
                self.assertCode(result, 2)
                self.assertIn(words, result.err)
                self.assertIn("agentbox login claude", result.err)
                self.user_config('[agent]\nauth = ["claude", "codex"]\n')
                always = self.prompt("claude", "true", "--env=ANTHROPIC_API_KEY", ANTHROPIC_API_KEY="sk-ant-stand-in")
                self.assertCode(always, 0)
                self.assertIn(words, always.err)
                self.user_config("")

    def test_the_configuration_saves_typing_and_a_project_cannot(self):
        replace(HOST_FILE["claude"], login("claude", 3600))
        self.user_config('[agent]\nauth = ["claude"]\n')
        self.assertCode(self.prompt("claude", "touch made.txt"), 0)
        self.assertTrue((self.workspace / "made.txt").exists())
        of_codex = self.agentbox("policy", "show", "codex")
        self.assertNotIn("agentbox-login", of_codex.out)
        self.user_config("")
        self.project_config('[agent]\nauth = ["claude"]\n')
        refused = self.prompt("claude", "true")
        self.assertCode(refused, 2)
        self.assertIn("agent.auth", refused.err)

    def test_the_host_that_renews_comes_with_the_login_only(self):
        replace(HOST_FILE["claude"], login("claude", 3600))
        ask = "curl -s -m 20 -o /dev/null -w %{http_code} https://platform.claude.com/"
        self.assertEqual(self.in_box(ask, "claude", "--auth", "claude").out, "200")
        self.assertNotEqual(self.in_box(ask, "claude").out, "200")
        for command in (("policy", "show", "claude"), ("run", "claude", "--dry-run")):
            self.assertNotIn("platform.claude.com", self.agentbox(*command).out)
            shown = self.agentbox(*command, "--auth", "claude")
            self.assertIn("platform.claude.com", shown.out)
        self.assertEqual(list((LOGINS.parent / "scratch").glob("*")), [])
