# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for the vendors' sign-in: OAuth's token endpoints, with refresh tokens that are valid once, and OpenAI's device
code. Any refresh token that begins with "stand-in-refresh-" is valid until it is used; an access token is refused when its
text contains "expired"."""
import base64
import itertools
import json
import threading
import time
import urllib.parse

ACCOUNT = "33333333-3333-4333-8333-333333333333"  # of ChatGPT
LIFETIME = 8 * 3600  # seconds
SCOPE = "user:file_upload user:inference user:mcp_servers user:profile user:sessions:claude_code"
USED, NUMBERS, LOCK = set(), itertools.count(1), threading.Lock()


def _fields(body, kind):
    text = body.decode()
    return json.loads(text) if "json" in kind else dict(urllib.parse.parse_qsl(text))


def _jwt(claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return f"{part({'alg': 'none'})}.{part(claims)}.{part('signature')}"


def _granted(fields):
    """Returns the number of a new pair of tokens, or None when the refresh token is unknown or was used before."""
    token = fields.get("refresh_token")
    with LOCK:
        if fields.get("grant_type") == "refresh_token":
            if not token.startswith("stand-in-refresh-") or token in USED:
                return None
            USED.add(token)
        return next(NUMBERS)


def anthropic_token(body, kind):
    """Returns (status, reply) of POST platform.claude.com/v1/oauth/token."""
    number = _granted(_fields(body, kind))
    if number is None:
        return 400, {"error": "invalid_grant", "error_description": "Refresh token not found or invalid"}
    return 200, {"token_type": "Bearer", "access_token": f"sk-ant-oat01-stand-in-{number}", "expires_in": LIFETIME,
                 "refresh_token": f"stand-in-refresh-{number}", "scope": SCOPE,
                 "account": {"uuid": "11111111-1111-4111-8111-111111111111", "email_address": "user@example.com"},
                 "organization": {"uuid": "22222222-2222-4222-8222-222222222222", "name": "Stand-in"}}


def anthropic_profile():
    return {"account": {"uuid": "11111111-1111-4111-8111-111111111111", "email": "user@example.com", "full_name": "User",
                        "display_name": "User", "has_claude_max": True, "has_claude_pro": False,
                        "created_at": "2025-01-01T00:00:00Z"},
            "organization": {"uuid": "22222222-2222-4222-8222-222222222222", "name": "Stand-in",
                             "organization_type": "claude_max", "rate_limit_tier": "default_claude_max_5x",
                             "billing_type": "stripe_subscription", "has_extra_usage_enabled": False,
                             "subscription_created_at": "2025-01-01T00:00:00Z"}}


def openai_token(body, kind):
    """Returns (status, reply) of POST auth.openai.com/oauth/token."""
    number = _granted(_fields(body, kind))
    if number is None:
        return 401, {"error": {"message": "Your refresh token has already been used", "type": "invalid_request_error",
                               "code": "refresh_token_reused"}}
    claims = {"exp": int(time.time()) + LIFETIME, "iat": int(time.time()), "email": "user@example.com", "serial": number,
              "https://api.openai.com/auth": {"chatgpt_plan_type": "pro", "chatgpt_user_id": "user-1",
                                              "chatgpt_account_id": ACCOUNT}}
    return 200, {"id_token": _jwt(claims), "access_token": _jwt(claims), "refresh_token": f"stand-in-refresh-{number}",
                 "token_type": "Bearer", "expires_in": LIFETIME}


def openai_device(path):
    """Returns the reply of POST auth.openai.com/api/accounts/deviceauth/…: the user has agreed by the first poll."""
    if path.endswith("/usercode"):
        return {"device_auth_id": "stand-in-device", "user_code": "STND-INCODE", "interval": "1"}
    return {"authorization_code": "stand-in-code", "code_challenge": "challenge", "code_verifier": "verifier"}


def answer(host, path, body, headers):
    """Returns (status, reply) if this is a request of a sign-in, else None."""
    kind = headers.get("Content-Type") or ""
    if (host, path) == ("platform.claude.com", "/v1/oauth/token"):
        return anthropic_token(body, kind)
    if (host, path) == ("auth.openai.com", "/oauth/token"):
        return openai_token(body, kind)
    if path in ("/v1/oauth/token/revoke", "/oauth/revoke"):
        return 200, {}
    if host == "auth.openai.com" and path.startswith("/api/accounts/deviceauth/"):
        return 200, openai_device(path)
    if host in ("api.anthropic.com", "chatgpt.com") and "expired" in (headers.get("Authorization") or ""):
        return 401, {"type": "error", "error": {"type": "authentication_error", "message": "OAuth token has expired."}}
    if (host, path) == ("chatgpt.com", "/backend-api/wham/accounts/check"):
        return 200, {"accounts": [{"id": ACCOUNT, "name": "Stand-in", "structure": "personal", "plan_type": "pro",
                                   "workspace_backend_origin": "NO_CONSTRAINT", "account_routing_override": "NO_CONSTRAINT"}],
                     "default_account_id": ACCOUNT, "account_ordering": [ACCOUNT]}
    if (host, path) == ("api.anthropic.com", "/api/oauth/profile"):
        return 200, anthropic_profile()
    if (host, path) == ("api.anthropic.com", "/api/oauth/claude_cli/roles"):
        return 200, {"organization_role": "admin", "workspace_role": None, "organization_name": "Stand-in"}
    return None
