import time

import pytest

from bot.diff.credentials import says_secret, scrub

SECRET_NAMES = [
    "password",
    "dbPassword",
    "DB_PASSWORD",
    "db-password",
    "passwd",
    "apiKey",
    "API_KEY",
    "api_key",
    "secretKey",
    "privateKey",
    "clientSecret",
    "token",
    "accessToken",
    "credentials",
    "AWS_SECRET_ACCESS_KEY",
    "password2",
    "DB_PASS",
    "passwordHash",
    "--password",
    "app.kubernetes.io/token",
    "POSTGRES_PASSWORD_VALUE",
]
OTHER_NAMES = [
    "secretName",
    "secretKeyRef",
    "tokenExpirationSeconds",
    "passwordRef",
    "existingSecret",
    "existingSecretPasswordKey",
    "key",
    "name",
    "publicKey",
    "tokenUrl",
    "passwordFile",
    "checksum/secret",
    "imagePullSecret",
    "secrets",
    "sortKey",
    "partition-key",
    "nginx.ingress.kubernetes.io/auth-secret",
    "bypass",
    "tokenReviewer",
    "secretProviderClass",
    "serviceAccountName",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_name_that_ends_in_a_secret_says_so(name: str) -> None:
    assert says_secret(name)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_the_name_or_place_of_a_secret_is_none(name: str) -> None:
    assert not says_secret(name)


PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"before {PEM} after", "before <masked> after"),
        ("cut -----BEGIN PRIVATE KEY-----\nMIIEow", "cut <masked>"),
        ("x ghp_" + "a1" * 18 + " y", "x <masked> y"),
        ("github_pat_" + "A1_" * 20, "<masked>"),
        ("glpat-" + "a1" * 10, "<masked>"),
        ("xoxb-123456789012-abcdef", "<masked>"),
        ("key AKIAIOSFODNN7EXAMPLE.", "key <masked>."),
        ("AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQ", "<masked>"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "<masked>"),
        ("postgres://u:p@ss@db:5432/x?y=1", "postgres://<masked>@db:5432/x?y=1"),
        ("https://token@git.example/x", "https://<masked>@git.example/x"),
        ("https://hooks.slack.com/services/T0/B0/abcdef", "https://hooks.slack.com/services/<masked>"),
        ("user:hunter2@tcp(db:3306)/x", "user:<masked>@tcp(db:3306)/x"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer <masked>"),
        ("--password=foo123 --host=x", "--password=<masked> --host=x"),
        ("run --db-password hunter2x --host x", "run --db-password <masked> --host x"),
        ('{"password": "a\\"bc", "user": "bob"}', '{"password": "<masked>", "user": "bob"}'),
        ("a: 1\n  password: my pass, word\n  b: 1", "a: 1\n  password: <masked>\n  b: 1"),
        ("password: |\n  one\n  two\n\n  three\nnext: 1", "password: |<masked>\nnext: 1"),
        ("Server=a;Password=foo;User=b", "Server=a;Password=<masked>;User=b"),
        ("export FOO_TOKEN='abc def'", "export FOO_TOKEN='<masked>'"),
    ],
)
def test_takes_credentials_out_of_text(text: str, shown: str) -> None:
    assert scrub(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "the token is good and the password of the day",
        "https://esm.sh/react@18 and ssh://git@github.com/acme/fleet",
        "password=$(DB_PASSWORD) token=${TOKEN} token=$${TOKEN} apiKey: {{ .Values.key }}",
        "password:\n  valueFrom: x",
        "proxy_pass http://upstream;",
        "basic authentication-mechanisms, bearer tokens",
        "ghcr.io/acme/web:1.2.3 sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_leaves_other_text_alone(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize(
    "hostile",
    [
        "a" * 500_000,
        "a:" * 250_000,
        "a://" * 120_000,
        "password " * 50_000,
        'password="' * 50_000,
        "password: |\n" * 40_000,
        "-----BEGIN PRIVATE KEY-----" * 15_000,
        "eyJaaaaaaaa." * 40_000,
        "x" * 200_000 + "password: a " * 20_000,
        "bearer " + "a" * 400_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_takes_linear_time(hostile: str) -> None:
    start = time.process_time()
    scrub(hostile)
    assert time.process_time() - start < 2.0
