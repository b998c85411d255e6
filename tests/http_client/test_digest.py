"""Digest authentication: the examples of the RFCs, odd challenges, and what is sent when."""

from __future__ import annotations

import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.http_client import digest
from eplua_twisted.http_client.digest import DigestSession, choose
from tests.support import RemotePeer
from tests.support.http_client import MemoryTestCase, answer


def fields(authorization: bytes) -> dict[str, str]:
    """What C{Authorization: Digest} says."""
    found = re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', authorization.decode())
    return {name: quoted or plain for name, quoted, plain in found}


def expected(
    said: dict[str, str], method: str, password: str, body: bytes = b""
) -> str:
    """The response that belongs to what else is said (RFC 7616, section 3.4)."""
    algorithm = said["algorithm"].lower()
    make = hashlib.sha256 if algorithm.startswith("sha-256") else hashlib.md5

    def digest(text: str | bytes) -> str:
        return make(text.encode() if isinstance(text, str) else text).hexdigest()

    first = digest(f"{said['username']}:{said['realm']}:{password}")
    if algorithm.endswith("-sess"):
        first = digest(f"{first}:{said['nonce']}:{said['cnonce']}")
    second = f"{method}:{said['uri']}"
    if said.get("qop") == "auth-int":
        second += ":" + digest(body)
    parts = [first, said["nonce"]]
    if "qop" in said:
        parts += said["nc"], said["cnonce"], said["qop"]
    return digest(":".join([*parts, digest(second)]))


class ChallengeTests(SynchronousTestCase):
    def test_first_that_can_be_met(self) -> None:
        for values, algorithm in (
            ([b'Digest realm="a", nonce="n"'], "MD5"),
            ([b'digest realm=a,nonce=n,algorithm="md5-sess"'], "md5-sess"),
            ([b'Basic realm="x", Digest nonce="n", algorithm=SHA-256'], "SHA-256"),
            ([b'Basic realm="x"', b'Digest nonce="n"'], "MD5"),
            (
                [b'Digest nonce="n", algorithm=SHA-512-256', b'Digest nonce="m"'],
                "MD5",
            ),
            ([b'Digest nonce="a, b=\\"c", qop="auth,auth-int"'], "MD5"),
            ([b'Negotiate abc==, Digest  nonce = "n" , qop = auth'], "MD5"),
            ([b',, Digest nonce="n",,'], "MD5"),
        ):
            found = choose(values)
            assert found is not None, values
            self.assertEqual(found.algorithm, algorithm)

    def test_none(self) -> None:
        for value in (
            b"",
            b"Basic realm=x",
            b"Digest realm=x",
            b'Digest nonce="n", algorithm=MD4',
            b'Digest nonce="n", qop="other"',
            b"\xff\x00==,",
        ):
            self.assertIsNone(choose([value]))

    @given(st.lists(st.binary(max_size=80), max_size=3))
    def test_any_bytes(self, values: list[bytes]) -> None:
        choose([b"Digest " + value for value in values])

    def test_parameters(self) -> None:
        found = choose(
            [b'Digest realm="r\\"x", nonce="n", opaque=o, stale=TRUE, userhash=true']
        )
        assert found is not None
        self.assertEqual(
            (found.realm, found.opaque, found.stale, found.hides_user, found.qop),
            ('r"x', "o", True, True, ""),
        )


class ResponseTests(SynchronousTestCase):
    def test_rfc_2069(self) -> None:
        """Without qop; errata 749 of its example."""
        challenge = choose(
            [
                b'Digest realm="testrealm@host.com",'
                b' nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
            ]
        )
        assert challenge is not None
        sent = DigestSession(challenge, b"Mufasa", b"CircleOfLife").authorization(
            b"GET", b"/dir/index.html", b""
        )
        self.assertIn(b'response="1949323746fe6a43ef61f9606e7febea"', sent)
        self.assertIn(b'opaque="5ccc069c403ebaf9f0171e9517f40e41"', sent)
        self.assertNotIn(b"nc=", sent)

    def test_rfc_7616(self) -> None:
        """Its examples, section 3.9.1."""
        client_nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
        self.patch(digest, "token_hex", lambda _: client_nonce)
        for algorithm, response in (
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ):
            challenge = choose(
                [
                    b'Digest realm="http-auth@example.org", qop="auth, auth-int",'
                    b" algorithm=%b,"
                    b' nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",'
                    b' opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
                    % algorithm.encode()
                ]
            )
            assert challenge is not None
            sent = DigestSession(challenge, b"Mufasa", b"Circle of Life").authorization(
                b"GET", b"/dir/index.html", b""
            )
            self.assertEqual(fields(sent)["response"], response, algorithm)

    def test_each_algorithm_and_quality(self) -> None:
        for algorithm in ("MD5", "MD5-sess", "SHA-256", "sha-256-SESS"):
            for qop in ("", "auth", "auth-int"):
                challenge = choose(
                    [
                        f'Digest realm="r", nonce="n", algorithm={algorithm},'
                        f' qop="{qop}"'.encode()
                    ]
                )
                assert challenge is not None
                session = DigestSession(challenge, b"u", b"p")
                for count in ("00000001", "00000002"):
                    sent = session.authorization(b"POST", b"/a?b", b"body")
                    said = fields(sent)
                    self.assertEqual(
                        said["response"], expected(said, "POST", "p", b"body"), sent
                    )
                    self.assertEqual(said.get("nc"), count if qop else None)
                    self.assertEqual(said["algorithm"], algorithm)

    def test_hidden_user(self) -> None:
        challenge = choose([b'Digest realm="r", nonce="n", userhash=true'])
        assert challenge is not None
        sent = DigestSession(challenge, b"u", b"p").authorization(b"GET", b"/", b"")
        user = hashlib.md5(b"u:r").hexdigest()
        self.assertIn(f'username="{user}"'.encode(), sent)
        self.assertIn(b"userhash=true", sent)

    def test_quotes_are_escaped(self) -> None:
        challenge = choose([b'Digest realm="r", nonce="n"'])
        assert challenge is not None
        sent = DigestSession(challenge, b'u"\\', b"p").authorization(b"GET", b"/", b"")
        self.assertIn(b'username="u\\"\\\\"', sent)


ASKS = answer(
    b"who?", b"401 X", b'WWW-Authenticate: Digest realm="r", nonce="1", qop="auth"'
)


class ExchangeTests(MemoryTestCase):
    """What is sent to a server that asks for it."""

    PARAMS = (
        "{options = {user = 'u', password = 'p', authentication = 'digest', %s},"
        " success = show, error = print}"
    )

    def digest(self, extra: str = "method = 'GET'") -> RemotePeer:
        return self.ask(self.PARAMS % extra)

    def said(self, peer: RemotePeer) -> dict[str, str]:
        found = re.search(rb"\r\nAuthorization: Digest (.*)\r\n", peer.received())
        return fields(found[1]) if found else {}

    def test_shown_when_asked_for(self) -> None:
        peer = self.digest()
        self.assertNotIn(b"Authorization", peer.received())
        peer.send(ASKS)
        said = self.said(peer)
        self.assertEqual(said["response"], expected(said, "GET", "p"))
        self.assertEqual(self.lines, [])
        peer.send(answer(b"in"))
        self.assertEqual(self.lines, [b"200\t2"])

    def test_nonce_is_used_again(self) -> None:
        peer = self.digest()
        peer.received()
        peer.send(ASKS)
        self.assertEqual(self.said(peer)["nc"], "00000001")
        peer.send(answer())
        self.digest()
        self.assertEqual(self.said(peer)["nc"], "00000002")

    def test_stale_nonce(self) -> None:
        peer = self.digest()
        peer.send(ASKS)
        peer.received()
        peer.send(
            answer(
                b"",
                b"401 X",
                b'WWW-Authenticate: Digest realm="r", nonce="2", qop="auth", stale=true',
            )
        )
        said = self.said(peer)
        self.assertEqual((said["nonce"], said["nc"]), ("2", "00000001"))
        peer.send(answer())
        self.assertEqual(self.lines, [b"200\t0"])

    def test_forgotten_nonce(self) -> None:
        """A server that was started again may not say that a nonce is stale."""
        peer = self.digest()
        peer.send(ASKS)
        peer.send(answer())
        self.digest()
        peer.received()
        peer.send(ASKS.replace(b'"1"', b'"7"'))
        self.assertEqual(self.said(peer)["nonce"], "7")
        peer.send(answer())
        self.assertEqual(self.lines, [b"200\t0"] * 2)

    def test_wrong_password(self) -> None:
        """The script gets the answer, and nothing is tried for ever."""
        peer = self.digest()
        peer.send(ASKS, ASKS)
        self.assertEqual(self.lines, [b"401\t4"])

    def test_always_stale(self) -> None:
        peer = self.digest()
        for _ in range(4):
            peer.send(ASKS.replace(b"qop", b"stale=true, qop"))
        self.assertEqual(self.lines, [b"401\t4"])

    def test_challenge_that_cannot_be_met(self) -> None:
        peer = self.digest()
        peer.send(answer(b"", b"401 X", b"WWW-Authenticate: Basic realm=x"))
        self.assertEqual(self.lines, [b"401\t0"])

    def test_a_nonce_with_a_line_end_is_not_sent(self) -> None:
        peer = self.digest()
        peer.received()
        peer.send(
            answer(b"", b"401 X", b'WWW-Authenticate: Digest nonce="a\rX: y", realm=r')
        )
        self.assertNotIn(b"\rX: y", peer.received())
        self.assertEqual(len(self.lines), 1)

    def test_body_is_sent_again(self) -> None:
        peer = self.digest("method = 'POST', data = 'body'")
        self.assertTrue(peer.received().endswith(b"\r\n\r\nbody"))
        peer.send(ASKS)
        again = self.accept()
        sent = again.received()
        self.assertIn(b"Authorization: Digest", sent)
        self.assertTrue(sent.endswith(b"\r\n\r\nbody"))

    def test_another_origin_gets_none(self) -> None:
        peer = self.digest("redirects = 3")
        peer.send(ASKS)
        peer.received()
        peer.send(answer(b"", b"302 X", b"Location: http://127.0.0.2/"))
        other = self.accept()
        self.assertNotIn(b"Authorization", other.received())
        other.send(ASKS)
        self.assertEqual(self.lines, [b"401\t4"])

    def test_large_body_of_a_challenge(self) -> None:
        """It is not waited for."""
        peer = self.digest()
        large = answer(bytes(200_000), b"401 X", ASKS.split(b"\r\n")[1])
        peer.send(large[:70_000], large[70_000:140_000])
        self.turn()
        self.assertTrue(peer.gone)
        again = self.accept()
        self.assertIn(b"Authorization: Digest", again.received())

    def test_user_in_the_url(self) -> None:
        peer = self.ask(
            "{options = {authentication = 'digest'}}", "http://us:p%40@127.0.0.1/"
        )
        peer.received()
        peer.send(ASKS)
        said = self.said(peer)
        self.assertEqual(said["username"], "us")
        self.assertEqual(said["response"], expected(said, "GET", "p@"))

    def test_word_that_is_not_known(self) -> None:
        self.assertRaisedAtLine(
            "net.HTTPClient():request('http://h', {options = {authentication = 'ntlm'}})",
            'option authentication: "basic" or "digest" expected, got "ntlm"',
        )
