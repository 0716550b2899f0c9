"""Signing people in through the Hub: the OAuth code flow with PKCE, from the server's side."""

from __future__ import annotations

import base64
import hashlib
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from vitrine.errors import NotPermitted, Unavailable

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class HubPerson:
    """Who the Hub says somebody is, and the token that keeps saying so."""

    name: str
    token: str = field(repr=False)


class HubLogin:
    """The Hub as an OAuth provider for one of its services."""

    def __init__(self, hub_url: str, client_id: str, secret: str, redirect_uri: str) -> None:
        self._base = hub_url.rstrip("/") + "/hub/api"
        self._client_id = client_id
        self._secret = secret
        self._redirect_uri = redirect_uri
        # No proxy or netrc from the environment: the token goes to the Hub and nowhere else.
        self._client = httpx.Client(
            timeout=TIMEOUT_S, trust_env=False, verify=ssl.create_default_context()
        )

    def sign_in_url(self, state: str, verifier: str) -> str:
        """Where a browser goes to sign in."""
        challenge = hashlib.sha256(verifier.encode()).digest()
        query = {
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "response_type": "code",
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self._base}/oauth2/authorize?{urlencode(query)}"

    def person_for_code(self, code: str, verifier: str) -> HubPerson:
        """Whoever came back from the Hub with `code`.

        Raises:
            NotPermitted: when the Hub does not know the code.
            Unavailable: when the Hub does not answer.
        """
        reply = self._send(
            "POST",
            "/oauth2/token",
            data={
                "client_id": self._client_id,
                "client_secret": self._secret,
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect_uri,
                "code_verifier": verifier,
            },
        )
        token = reply.get("access_token") if reply else None
        if not isinstance(token, str):
            raise NotPermitted("the Hub did not accept this sign-in", hint="sign in again")
        person = self.person_for_token(token)
        if person is None:
            raise NotPermitted("the Hub does not say who this is", hint="sign in again")
        return person

    def person_for_token(self, token: str) -> HubPerson | None:
        """Whose token this is, or None when it is no longer valid.

        Raises:
            Unavailable: when the Hub does not answer.
        """
        reply = self._send("GET", "/user", headers={"Authorization": f"token {token}"})
        if reply is None or reply.get("kind") != "user" or not isinstance(reply.get("name"), str):
            return None
        return HubPerson(reply["name"], token)

    def _send(self, method: str, path: str, **options: Any) -> dict[str, Any] | None:
        """The Hub's answer, or None when it says no."""
        try:
            reply = self._client.request(method, self._base + path, **options)
            found = reply.json() if reply.status_code == httpx.codes.OK else None
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"the Hub does not answer: {type(error).__name__}") from error
        if reply.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"the Hub answers with an error ({reply.status_code})")
        return found if isinstance(found, dict) else None
