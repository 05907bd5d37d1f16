"""Configuration: a file, then the environment; whatever is wrong is named by its setting."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.config import (
    API_DEFAULTS,
    NO_API,
    ApiKeyAuth,
    BasicAuth,
    Batching,
    CallerTokenAuth,
    ClientCredentialsAuth,
    NoAuth,
    Settings,
    TlsSettings,
    load_settings,
    profiles_of,
)
from gateway.config.profile import CONTRACT_STATES
from gateway.contract_kit.contract import published_contract
from gateway.errors import ConfigurationError

MINIMAL = """
[backends.billing]
url = "http://billing.example:8001"
[backends.provisioning]
url = "https://provisioning.example/tmf"
[backends.crm]
url = "http://[::1]:8003"
[identity]
issuer = "urn:issuer"
jwks_url = "http://crm.example/jwks"
"""


def load(tmp_path: Path, more: str = "", /, **environment: str) -> Settings:
    """The settings of MINIMAL with more lines, under an environment without the prefix in its names."""
    file = tmp_path / "gateway.toml"
    file.write_text(MINIMAL + more)
    return load_settings(file, {f"TELCO_GATEWAY_{name}": value for name, value in environment.items()})


def test_defaults(tmp_path: Path) -> None:
    """Four addresses and an issuer are enough."""
    settings = load(tmp_path)
    assert settings.backends.crm.url == "http://[::1]:8003"
    assert settings.backends.crm.auth == NoAuth()
    assert (settings.backends.crm.connect_timeout_seconds, settings.backends.crm.timeout_seconds) == (0.5, 2.0)
    assert (settings.limits.list_max_rows, settings.server.port, settings.log_level) == (10_000, 8000, "info")
    assert settings.identity.roles == {name: name for name in ("USER_ADMIN", "TELCO_MANAGER", "OPERATOR")}


def test_the_environment_is_enough() -> None:
    """No file is needed."""
    settings = load_settings(
        None,
        {
            "PATH": "/bin",
            "TELCO_GATEWAY_BACKENDS__BILLING__URL": "http://b.example",
            "TELCO_GATEWAY_BACKENDS__PROVISIONING__URL": "http://p.example",
            "TELCO_GATEWAY_BACKENDS__CRM__URL": "http://c.example",
            "TELCO_GATEWAY_IDENTITY__ISSUER": "urn:issuer",
            "TELCO_GATEWAY_IDENTITY__JWKS_URL": "http://c.example/jwks",
        },
    )
    assert settings.backends.provisioning.url == "http://p.example"


def test_the_environment_wins_and_is_converted_by_type(tmp_path: Path) -> None:
    """Numbers, booleans, lists and tables; names find the spelling of their setting."""
    settings = load(
        tmp_path,
        "[limits]\ndepth_max = 5\n[backends.crm.apis.troubleTicket]\nbatch_max = 7",
        LIMITS__DEPTH_MAX="9",
        LIMITS__REQUEST_TIMEOUT_SECONDS="2.5",
        SERVER__GRAPHIQL="true",
        SERVER__CORS_ORIGINS='["https://app.example", "localhost"]',
        IDENTITY__ROLES='{"admin": "USER_ADMIN"}',
        IDENTITY__ROLES__boss="OPERATOR",
        LOG_LEVEL="debug",
        BACKENDS__CRM__APIS__TROUBLETICKET__BATCH_IDS="none",
        BACKENDS__CRM__APIS__TROUBLETICKET__LIMIT_MAX="50",
        BACKENDS__CRM__APIS__TROUBLETICKET__STATES__New="acknowledged",
    )
    assert settings.limits.depth_max == 9
    assert settings.limits.request_timeout_seconds == 2.5
    assert settings.server.graphiql is True
    assert settings.server.cors_origins == ("https://app.example", "localhost")
    assert settings.identity.roles == {"admin": "USER_ADMIN", "boss": "OPERATOR"}
    assert settings.log_level == "debug"
    profile = profiles_of("crm", settings.backends.crm.apis)["troubleTicket"]
    assert (profile.batch_max, profile.batch_ids, profile.limit_max) == (7, Batching.NONE, 50)
    assert profile.states == {"New": "acknowledged"}


@pytest.mark.parametrize("text", ["{not json}", "[x", "12345", "true"])
def test_a_secret_may_look_like_anything(tmp_path: Path, text: str) -> None:
    """Text is taken as it is where text is asked for."""
    settings = load(tmp_path, BACKENDS__CRM__AUTH__TYPE="api_key", BACKENDS__CRM__AUTH__KEY=text)
    assert settings.backends.crm.auth == ApiKeyAuth(key=text)


def test_ways_to_authenticate(tmp_path: Path) -> None:
    """The `type` chooses which settings there are."""
    settings = load(
        tmp_path,
        """
        [backends.billing.auth]
        type = "client_credentials"
        token_url = "https://issuer.example/token"
        client_id = "gateway"
        client_secret = "s"
        [backends.crm.auth]
        type = "caller_token"
        """,
    )
    billing = ClientCredentialsAuth("https://issuer.example/token", "gateway", "s")
    assert (settings.backends.billing.auth, settings.backends.crm.auth) == (billing, CallerTokenAuth())


def test_secrets_from_files(tmp_path: Path) -> None:
    """`file:` is read without the line's end, from the file as from the environment."""
    (tmp_path / "key").write_text("  k-1 \n")
    more = f'[backends.crm.auth]\ntype = "api_key"\nkey = "file:{tmp_path / "key"}"'
    assert load(tmp_path, more).backends.crm.auth == ApiKeyAuth(key="  k-1 ")
    environment = {"BACKENDS__CRM__AUTH": f'{{"type": "api_key", "key": "file:{tmp_path / "key"}"}}'}
    assert load(tmp_path, **environment).backends.crm.auth == ApiKeyAuth(key="  k-1 ")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("[limits]\ndepth_maximum = 3", "limits.depth_maximum: no such setting; did you mean 'depth_max'?"),
        ("[limit]\ndepth_max = 3", "limit: no such setting; did you mean 'limits'?"),
        ("[backends.crm.tls]\nca = 'x'", "backends.crm.tls.ca: no such setting"),
        ("[limits]\ndepth_max = 0", "limits.depth_max: expected `int` >= 1."),
        ("[limits]\ndepth_max = 'ten'", "limits.depth_max: expected `int`, got `str`."),
        ("[limits]\nrequest_timeout_seconds = -1", "limits.request_timeout_seconds: expected `float` > 0.0."),
        ("[limits]\nrequest_timeout_seconds = nan", "limits.request_timeout_seconds: expected `float` > 0.0."),
        ("[limits]\nrequest_timeout_seconds = inf", "limits.request_timeout_seconds: expected `float` <= 86400.0."),
        ("[server]\nport = 70000", "server.port: expected `int` <= 65535."),
        (
            "[backends.crm.retry]\nattempts = 3",
            "backends.crm.retry.attempts: no such setting; did you mean 'attempts_max'?",
        ),
        ("[backends.crm.breaker]\nfailed_share = 2", "backends.crm.breaker.failed_share: expected `float` <= 1.0."),
        (
            "[backends.crm.apis.party]\ncalls_per_second = 0",
            "backends.crm.apis.party.calls_per_second: expected `float` > 0.0.",
        ),
        ("[backends.crm.apis.party]\nhedge = 'often'", "backends.crm.apis.party.hedge: expected `bool`, got `str`."),
        ("log_level = 'loud'", None),
        ("[backends.crm.auth]\ntype = 'api_key'", "backends.crm.auth.key: is missing; set it in the file or as"),
        (
            "[backends.crm.auth]\ntype = 'basic'\nuser = 'x'\nusername = 'x'\npassword = 'y'",
            "backends.crm.auth.user: no such setting; did you mean 'username'?",
        ),
        (
            "[backends.crm.auth]\ntype = 'magic'",
            "backends.crm.auth.type: must be one of none, api_key, basic, client_credentials, caller_token.",
        ),
        ("[backends.crm.auth]\ntype = 'api_key'\nkey = ''", "backends.crm.auth.key: is empty;"),
        ("[backends.crm.auth]\ntype = 'api_key'\nkey = 'file:/dev/null'", "backends.crm.auth.key: is empty;"),
        (
            "[backends.crm.auth]\ntype = 'basic'\nusername = 'x'\npassword = ' '",
            "backends.crm.auth.password: is empty;",
        ),
        (
            "[backends.crm.auth]\ntype = 'basic'\nusername = ''\npassword = 'x'",
            "backends.crm.auth.username: is empty;",
        ),
        (
            "[backends.crm.auth]\ntype = 'client_credentials'\ntoken_url = 'https://id.test/t'\n"
            "client_id = 'x'\nclient_secret = ''",
            "backends.crm.auth.client_secret: is empty;",
        ),
        (
            "[backends.crm.apis.troubleTicket.states]\nNew = 'assigned'",
            "backends.crm.apis.troubleTicket.states.\"New\": 'assigned' is no state of the contract; there are "
            "acknowledged, inProgress, pending, held, closed, resolved, rejected, cancelled.",
        ),
        (
            "[backends.crm.apis.trubleTicket]\nbatch_max = 1",
            "backends.crm.apis.trubleTicket: no such API; did you mean",
        ),
        (
            "[backends.crm.apis.party]\nbatch_size = 1",
            "backends.crm.apis.party.batch_size: no such setting; did you mean 'batch_ids'?",
        ),
        ("[backends.crm.apis.party]\nbatch_max = 0", "backends.crm.apis.party.batch_max: expected `int` >= 1."),
        (
            "[backends.crm.apis.party]\nbatch_ids = 'all'",
            "backends.crm.apis.party.batch_ids: must be one of none, comma, repeat.",
        ),
        ("[backends.crm.apis.party]\nversion = 'v6'", "backends.crm.apis.party.version: must be one of v4, v5."),
        (
            "[backends.crm.apis.party]\nbase_path = 'tmf'",
            "backends.crm.apis.party.base_path: a base path begins with '/'",
        ),
        ("[redis]\ncache_url = 'localhost:6379'", "redis.cache_url: is not the address of a Redis"),
        ("[redis]\ncache_url = 'redis://cache.example:port/0'", "redis.cache_url: is not the address of a Redis"),
        ("[redis]\ncache_url = 'redis://cache.example/zero'", "redis.cache_url: is not the address of a Redis"),
        (
            "[backends.crm.apis.party.names]\nvat = 'PIVA'\n",
            'backends.crm.apis.party.names."vat": no such name; there are VAT, name, organizationIdentification',
        ),
        (
            "[backends.provisioning.apis.productInventory.names]\nMsisdn = 'number'\n",
            "backends.provisioning.apis.productInventory.names.\"Msisdn\": no such name; did you mean 'msisdn'?",
        ),
        ("[backends.crm.apis.customer.names]\nx = 'y'\n", 'backends.crm.apis.customer.names."x": no such name.'),
        ("[server]\nhost = 'file:/nowhere/at/all'", "server.host: the file /nowhere/at/all cannot be read"),
    ],
)
def test_what_is_wrong_in_a_file(tmp_path: Path, more: str, message: str | None) -> None:
    """The message begins with the setting and says what to change."""
    file = tmp_path / "gateway.toml"
    file.write_text(more + MINIMAL if more.startswith("log_level") else MINIMAL + more)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, {})
    assert caught.value.message.startswith(message or "log_level: must be one of debug, info, warning, error.")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"LIMITS__DEPTH_MAXIMUM": "3"},
            "TELCO_GATEWAY_LIMITS__DEPTH_MAXIMUM: no such setting; did you mean 'depth_max'?",
        ),
        ({"LIMTS__DEPTH_MAX": "3"}, "TELCO_GATEWAY_LIMTS__DEPTH_MAX: no such setting; did you mean 'limits'?"),
        ({"LIMITS__DEPTH_MAX": "ten"}, "limits.depth_max: expected `int`, got `str`."),
        ({"IDENTITY__ISSUER__X": "1"}, "TELCO_GATEWAY_IDENTITY__ISSUER__X: 'identity.issuer' is a value, not a table."),
        (
            {"SERVER__CORS_ORIGINS": "https://a.example"},
            "TELCO_GATEWAY_SERVER__CORS_ORIGINS: is not JSON; write a list",
        ),
        (
            {"BACKENDS__CRM__APIS__PARTIES__BATCH_MAX": "3"},
            "TELCO_GATEWAY_BACKENDS__CRM__APIS__PARTIES__BATCH_MAX: no such setting; did you mean 'party'?",
        ),
        (
            {"BACKENDS__CRM__APIS__PARTY__BATCH_MAX": "0"},
            "backends.crm.apis.party.batch_max: expected `int` >= 1.",
        ),
        ({"BACKENDS__ERP__URL": "http://x.example"}, "TELCO_GATEWAY_BACKENDS__ERP__URL: no such setting; there are"),
    ],
)
def test_what_is_wrong_in_the_environment(tmp_path: Path, environment: dict[str, str], message: str) -> None:
    """Unknown variables are named as they are written, values by their setting."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, **environment)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('{"admin": "ADMIN"}', "identity.roles[...]: must be one of USER_ADMIN, TELCO_MANAGER, OPERATOR."),
        ('{"admin": "UNKNOWN"}', "identity.roles[...]: must be one of USER_ADMIN, TELCO_MANAGER, OPERATOR."),
    ],
)
def test_roles_are_ours(tmp_path: Path, value: str, message: str) -> None:
    """A role that nobody has would lock its users out without a word."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, IDENTITY__ROLES=value)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[]", "identity.algorithms: is empty; name one at least, or leave it out."),
        ('["RS256", "HS256"]', "identity.algorithms[1]: must be one of RS256, ES256."),
    ],
)
def test_algorithms(tmp_path: Path, value: str, message: str) -> None:
    """At least one, and none that a shared secret signs."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, IDENTITY__ALGORITHMS=value)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "origin",
    ["localhost", "https://app.example", "http://127.0.0.1:3000", "http://[::1]:8000", "capacitor://localhost"],
)
def test_origins(tmp_path: Path, origin: str) -> None:
    """What browsers send, and our word for every port of localhost."""
    assert load(tmp_path, SERVER__CORS_ORIGINS=f'["{origin}"]').server.cors_origins == (origin,)


@pytest.mark.parametrize(
    "origin",
    ["*", "https://*.example", "https://app.example/", "app.example", "https://App.example", "null", "https://a b", ""],
)
def test_what_is_no_origin(tmp_path: Path, origin: str) -> None:
    """What no browser ever sends would allow nobody; the message says so at the start."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, SERVER__CORS_ORIGINS=f'["{origin}"]')
    assert caught.value.message.startswith(f"server.cors_origins: '{origin}' is no origin; write it as https://host")


@pytest.mark.parametrize("address", ["redis://", "rediss://user:pa%3Ass@cache.example", "unix:///run/redis.sock?db=1"])
def test_addresses_of_a_redis(tmp_path: Path, address: str) -> None:
    """All that the Redis client takes."""
    assert load(tmp_path, REDIS__CACHE_URL=address).redis.cache_url == address


@pytest.mark.parametrize(
    ("auth", "message"),
    [
        ({"type": "api_key", "key": "k\nX-Admin: 1"}, "backends.crm.auth.key: holds a control character"),
        ({"type": "api_key", "key": "k", "header": "X Key"}, "backends.crm.auth.header: is not the name of a header"),
        ({"type": "api_key", "key": "k", "header": "X\r\nY"}, "backends.crm.auth.header: is not the name of a header"),
        ({"type": "basic", "username": "g\0w", "password": "p"}, "backends.crm.auth.username: holds a control"),
        ({"type": "basic", "username": "gw", "password": "p\x7f"}, "backends.crm.auth.password: holds a control"),
    ],
)
def test_text_for_headers(tmp_path: Path, auth: dict[str, str], message: str) -> None:
    """A secret with a line's end inside is found at the start, and not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, BACKENDS__CRM__AUTH=json.dumps(auth))
    assert caught.value.message.startswith(message)
    assert "X-Admin" not in caught.value.message


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """Settings that are printed or logged whole tell no key, password or secret."""
    settings = load(
        tmp_path,
        BACKENDS__BILLING__AUTH='{"type": "basic", "username": "gw", "password": "s3cret"}',
        BACKENDS__PROVISIONING__AUTH='{"type": "api_key", "key": "s3cret"}',
        BACKENDS__CRM__AUTH='{"type": "client_credentials", "token_url": "http://i.example/t", "client_id": "i", '
        '"client_secret": "s3cret"}',
        REDIS__CACHE_URL="redis://gw:s3cret@cache.example",
    )
    assert settings.backends.billing.auth == BasicAuth("gw", "s3cret")
    assert "s3cret" not in f"{settings} {settings!r}"
    assert "crm=BackendSettings(url='http://[::1]:8003', auth=ClientCredentialsAuth(<secret>)" in repr(settings)


def test_an_issuer_with_an_authority_of_its_own(tmp_path: Path) -> None:
    """The issuer's keys are read by TLS settings like a backend's, and its scopes from the claim it uses."""
    settings = load(tmp_path, "tls = { ca_file = '/etc/issuer.pem' }\nscope_claim = 'scp'")
    assert (settings.identity.tls, settings.identity.scope_claim) == (TlsSettings("/etc/issuer.pem"), "scp")


def test_nothing_at_all() -> None:
    """What is missing is named with both ways to set it."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(None, {})
    assert caught.value.message == (
        "backends.billing.url: is missing; set it in the file or as TELCO_GATEWAY_BACKENDS__BILLING__URL."
    )


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ftp://crm.example", "is not an http or https address"),
        ("crm.example:8003", "is not an http or https address"),
        ("http://", "is not an http or https address"),
        ("http://crm.example:port", "is not an http or https address"),
        ("http://crm.example:0", "is not an http or https address"),
        ("http://[::1", "is not an http or https address"),
        ("http://crm example", "is not an http or https address"),
        ("", "is not an http or https address"),
        ("http://user:s3cret@crm.example", "holds a user name or password"),
        ("http://crm.example?key=s3cret", "holds a query or fragment"),
    ],
)
@pytest.mark.parametrize("variable", ["BACKENDS__CRM__URL", "IDENTITY__JWKS_URL"])
def test_addresses(tmp_path: Path, variable: str, address: str, told: str) -> None:
    """Only absolute http and https addresses; a secret in one is not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, **{variable: address})
    assert caught.value.message.startswith(f"{variable.lower().replace('__', '.')}: {told}")
    assert "s3cret" not in caught.value.message


def test_the_token_endpoint_is_an_address(tmp_path: Path) -> None:
    """It is checked like the others."""
    auth = '{"type": "client_credentials", "token_url": "issuer", "client_id": "i", "client_secret": "s"}'
    with pytest.raises(ConfigurationError, match=r"^backends\.billing\.auth\.token_url: is not an http"):
        load(tmp_path, BACKENDS__BILLING__AUTH=auth)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, one that is no text, and one that is no TOML are told apart."""
    messages: list[Any] = []
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "broken.toml").write_text("[backends\nx = 1")
    for name in ("none.toml", "binary.toml", "broken.toml", ""):
        with pytest.raises(ConfigurationError) as caught:
            load_settings(tmp_path / name, {})
        messages.append(caught.value.message.removeprefix(f"{tmp_path}").partition(" (at line")[0])
    assert messages == [
        "/none.toml: cannot be read (No such file or directory); name a TOML file.",
        "/binary.toml: is not UTF-8 text; save it as UTF-8.",
        "/broken.toml: is not TOML: Expected ']' at the end of a table declaration",
        ": cannot be read (Is a directory); name a TOML file.",
    ]


def test_the_default_profiles() -> None:
    """Each API has its path, and the parameter that tells an owner's rows; a backend's own paths have neither."""
    profiles = {
        name: profile
        for backend in ("billing", "provisioning", "crm")
        for name, profile in profiles_of(backend, {}).items()
    }
    assert profiles.pop(NO_API).base_path == ""
    assert {name: (profile.base_path, profile.owner_parameter) for name, profile in profiles.items()} == {
        "customerBill": ("/tmf-api/customerBillManagement/v4", "billingAccount.id"),
        "account": ("/tmf-api/accountManagement/v4", "relatedParty.id"),
        "prepayBalance": ("/tmf-api/prepayBalanceManagement/v4", "product.id"),
        "usageConsumption": ("/tmf-api/usageConsumption/v4", "product.id"),
        "productInventory": ("/tmf-api/productInventory/v4", "relatedParty.id"),
        "resourceInventory": ("/tmf-api/resourceInventoryManagement/v4", "relatedParty.id"),
        "customer": ("/tmf-api/customerManagement/v4", "engagedParty.id"),
        "party": ("/tmf-api/party/v4", "relatedParty.id"),
        "troubleTicket": ("/tmf-api/troubleTicket/v4", "relatedParty.id"),
    }


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({"version": "v5"}, "relatedParty.partyOrPartyRole.id"),
        ({"version": "v5", "owner_parameter": "customer"}, "customer"),
        ({"owner_parameter": "customer"}, "customer"),
    ],
)
def test_the_owner_parameter_of_a_version(asked: dict[str, str], parameter: str) -> None:
    """v5 has another path, unless the profile says otherwise; what is no related party stays."""
    assert profiles_of("crm", {"troubleTicket": asked})["troubleTicket"].owner_parameter == parameter
    if "owner_parameter" not in asked:
        assert profiles_of("crm", {"customer": asked})["customer"].owner_parameter == "engagedParty.id"


def test_an_issuer_that_is_empty(tmp_path: Path) -> None:
    """Also where it comes from a file without anything in it."""
    with pytest.raises(ConfigurationError, match=r"^identity\.issuer: is empty;"):
        load(tmp_path, IDENTITY__ISSUER="file:/dev/null")


@pytest.mark.parametrize("api", CONTRACT_STATES)
def test_states_are_the_contracts_words(api: str) -> None:
    """What `states` may translate to is what the contract of the API says."""
    (backend,) = (name for name, apis in API_DEFAULTS.items() if api in apis)
    read = published_contract(backend)
    schemas = [schema for operation in read.operations if operation.api == api for schema in operation.answers.values()]
    words = {
        tuple(read.resolved(described)["x-words"])
        for schema in schemas
        for name, described in read.resolved(read.resolved(schema).get("items", schema)).get("properties", {}).items()
        if name in ("status", "state", "resourceStatus") and "x-words" in read.resolved(described)
    }
    assert words == {CONTRACT_STATES[api]}
