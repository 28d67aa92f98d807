"""Settings: read once, by name, from the environment or a `.env` file; a bad one is named in a line."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from github_events_monitor.errors import SettingsError
from github_events_monitor.settings import Settings

SECRET = "marked-secret-0123456789"
SECRETS = (
    "GITHUB_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "API_TOKEN",
    "GITHUB_WEBHOOK_SECRET",
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variable of the developer's own, and no `.env` but the test's."""
    for name in (*Settings.model_fields, "aws_default_region"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_with_nothing_set_it_is_sqlite_and_stdio(clean: Path) -> None:
    (clean / "github_events.db").touch()
    settings = Settings.load()
    assert settings.database_config() == {"provider": "sqlite", "db_path": "./github_events.db", "retention_days": None}
    assert (settings.mcp_transport, settings.host, settings.port) == ("stdio", "127.0.0.1", 8000)
    assert (settings.github_api_url, settings.github_token) == ("https://api.github.com", None)
    assert (settings.poll_interval, settings.log_level, settings.log_file) == (300, "INFO", None)


def test_the_environment_outranks_the_env_file_and_flags_outrank_both(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clean / ".env").write_text("PORT=1001\nHOST=127.0.0.3\nPOLL_INTERVAL=60\nUNKNOWN_TO_US=1\n")
    monkeypatch.setenv("PORT", "1002")
    monkeypatch.setenv("HOST", "127.0.0.2")
    settings = Settings.load(port=1003, host=None)
    assert (settings.port, settings.host, settings.poll_interval) == (1003, "127.0.0.2", 60)


def test_an_env_file_that_is_no_text_is_one_line(clean: Path) -> None:
    (clean / ".env").write_bytes("PORT=1001\n".encode("utf-16"))
    with pytest.raises(SettingsError, match=r"the \.env file of this folder cannot be read"):
        Settings.load()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "")
    assert Settings.load() == Settings.load(database_provider="sqlite")


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_REPOSITORIES", " Microsoft/vscode, kubernetes/kubernetes ,")
    monkeypatch.setenv("BOT_LOGINS", "Release-Robot,ci")
    monkeypatch.setenv("ALLOWED_HOSTS", "monitor.example.org")
    settings = Settings.load()
    assert settings.target_repositories == ("Microsoft/vscode", "kubernetes/kubernetes")
    assert settings.bots == {"release-robot", "ci"}
    assert settings.allowed_hosts == ("monitor.example.org",)


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("DATABASE_PROVIDER", "postgres", "sqlite or dynamodb"),
        ("DYNAMODB_TABLE_PREFIX", "no spaces", "letters, digits"),
        ("DYNAMODB_ENDPOINT_URL", "localhost:8000", "http or https URL"),
        ("GITHUB_API_URL", "ftp://github.example.org", "http or https URL"),
        ("GITHUB_API_URL", "http://[", "http or https URL"),
        ("GITHUB_API_URL", "http://github.example.org:port", "http or https URL"),
        ("DYNAMODB_ENDPOINT_URL", "http://localhost:80000", "http or https URL"),
        ("DYNAMODB_ENDPOINT_URL", "http://local host:8000", "http or https URL"),
        ("AWS_REGION", "us east 1", "a region like"),
        ("AWS_DEFAULT_REGION", "US_EAST_1", "a region like"),
        ("TARGET_REPOSITORIES", "vscode", "owner/name"),
        ("POLL_INTERVAL", "-1", "whole seconds"),
        ("POLL_INTERVAL", "5 minutes", "whole seconds"),
        ("EVENT_RETENTION_DAYS", "0", "whole days"),
        ("MCP_TRANSPORT", "websocket", "stdio, sse or streamable-http"),
        ("HOST", "this machine", "an address or host name"),
        ("PORT", "70000", "a port"),
        ("ALLOWED_HOSTS", "a.example.org b.example.org", "host names, comma-separated"),
        ("BOT_LOGINS", "release-robot ci", "logins, comma-separated"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO"),
    ],
)
def test_a_bad_value_is_one_line_with_name_value_and_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, accepted: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    message = caught.value.message
    assert name in message
    assert value in message
    assert accepted in message
    assert "\n" not in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("token", ["two words", "token\n", "schlüssel"])
def test_an_api_token_that_no_client_could_send_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("API_TOKEN", token)
    with pytest.raises(SettingsError, match="API_TOKEN is not accepted; give a secret of visible ASCII") as caught:
        Settings.load()
    assert token not in caught.value.message


def test_letter_case_of_a_log_level_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert Settings.load().log_level == "DEBUG"


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_in_no_repr_and_no_dump(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, SECRET)
    settings = Settings.load()
    assert getattr(settings, name.lower()).get_secret_value() == SECRET
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in shown


def test_a_secret_beside_a_bad_value_is_not_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("PORT", "none")
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert SECRET not in caught.value.message


def test_credentials_in_a_url_are_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", f"https://user:{SECRET}@github.example.org")
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert SECRET not in caught.value.message


def test_settings_do_not_change_once_read() -> None:
    settings = Settings.load()
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]  # that it cannot be assigned is what is tested


def test_aws_region_outranks_the_default_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert Settings.load().aws_region == "eu-central-1"
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert Settings.load().aws_region == "us-west-2"


def test_the_configuration_of_dynamodb_names_where_and_with_which_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_PROVIDER": "dynamodb",
        "DYNAMODB_TABLE_PREFIX": "staging-",
        "DYNAMODB_ENDPOINT_URL": "http://localhost:8000/",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    config = Settings.load().database_config()
    assert (config["provider"], config["table_prefix"]) == ("dynamodb", "staging-")
    assert (config["endpoint_url"], config["region"]) == ("http://localhost:8000", None)
    assert (config["aws_secret_access_key"], config["aws_access_key_id"]) == (SECRET, None)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"])
def test_on_loopback_no_token_is_needed(host: str) -> None:
    Settings.load(host=host).check_listening()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "monitor.example.org"])
def test_beyond_loopback_a_token_is_required(host: str) -> None:
    with pytest.raises(SettingsError, match="API_TOKEN"):
        Settings.load(host=host).check_listening()
    Settings.load(host=host, api_token=SECRET).check_listening()


def test_the_port_of_a_local_dynamodb_is_refused_naming_both() -> None:
    chosen: dict[str, Any] = {"database_provider": "dynamodb", "dynamodb_endpoint_url": "http://localhost:8000"}
    with pytest.raises(SettingsError) as caught:
        Settings.load(**chosen).check_listening()
    assert "PORT=8000" in caught.value.message
    assert "DYNAMODB_ENDPOINT_URL=http://localhost:8000" in caught.value.message
    Settings.load(**chosen, port=8080).check_listening()
    with pytest.raises(SettingsError, match="PORT=80 is also"):
        Settings.load(**chosen | {"dynamodb_endpoint_url": "http://127.0.0.1"}, port=80).check_listening()
    Settings.load(**chosen | {"dynamodb_endpoint_url": "http://dynamodb.example.org:8000"}).check_listening()


def test_freshness_is_the_poll_interval_or_its_default_when_polling_is_off() -> None:
    assert Settings.load(poll_interval=60).freshness_seconds == 60
    assert Settings.load(poll_interval=0).freshness_seconds == 300


@pytest.mark.parametrize(("given", "token"), [(" ghp_x\n", "ghp_x"), ("  \n", None)])
def test_a_token_may_come_with_white_space_around_it(
    monkeypatch: pytest.MonkeyPatch, given: str, token: str | None
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", given)
    found = Settings.load().github_token
    assert (found and found.get_secret_value()) == token


@pytest.mark.parametrize("given", ["two words", "gh\u00e9", "a\nb"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", given)
    with pytest.raises(SettingsError, match=r"^GITHUB_TOKEN is not accepted; give a GitHub token") as caught:
        Settings.load()
    assert given not in str(caught.value)


def test_without_a_database_in_the_current_folder_it_is_in_the_users_data_folder(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: clean / "data" / name)
    assert Settings.load().database_path == str(clean / "data" / "github-events-monitor" / "github_events.db")


def test_paths_are_expanded_as_a_shell_would(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(clean))
    monkeypatch.setenv("LOG_FILE", "~/logs/x.log")
    monkeypatch.setenv("DATABASE_PATH", "$HOME/x.db")
    settings = Settings.load()
    assert (settings.log_file, settings.database_path) == (clean / "logs" / "x.log", f"{clean}/x.db")


@pytest.mark.parametrize("name", ["DATABASE_PATH", "LOG_FILE", "ENV_FILE"])
def test_a_placeholder_that_a_client_left_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "${workspaceFolder}/x")
    with pytest.raises(SettingsError, match=rf"^{name}='\$\{{workspaceFolder\}}/x' is not accepted"):
        Settings.load()


@pytest.mark.parametrize("name", ["DATABASE_PATH", "LOG_FILE", "ENV_FILE"])
@pytest.mark.parametrize(
    "path", ["$NOT_SET_HERE/x", "/data/$NOT_SET_HERE", "sqlite:///x", "postgresql://u:pa/ssw0rd@h/x"]
)
def test_a_variable_that_is_not_set_and_a_url_are_no_path(
    monkeypatch: pytest.MonkeyPatch, name: str, path: str
) -> None:
    monkeypatch.setenv(name, path)
    with pytest.raises(SettingsError, match=rf"^{name}.* is not accepted; give a ") as caught:
        Settings.load()
    assert "ssw0rd" not in caught.value.message


def test_a_dollar_within_a_name_is_a_part_of_it(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PATH", str(clean / "cash$.db"))
    assert Settings.load().database_path == str(clean / "cash$.db")


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "API_TOKEN"])
def test_a_placeholder_is_no_token(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "${input:token}")
    with pytest.raises(SettingsError, match=rf"^{name} is not accepted"):
        Settings.load()


@pytest.mark.parametrize("name", ["GITHUB_API_URL", "DYNAMODB_ENDPOINT_URL"])
@pytest.mark.parametrize("url", ["https://user:pa/ssw0rd@host/api", "user:pa/ssw0rd@host"])
def test_a_url_that_does_not_parse_shows_no_password(monkeypatch: pytest.MonkeyPatch, name: str, url: str) -> None:
    monkeypatch.setenv(name, url)
    with pytest.raises(SettingsError, match=rf"^{name} is not accepted") as caught:
        Settings.load()
    assert "ssw0rd" not in caught.value.message


@pytest.mark.parametrize("line", ["LOG_LEVEL=trace", "PORT=http", "MCP_TRANSPORT=sse", "DATABASE_PROVIDER=none"])
def test_a_server_over_stdio_does_not_read_the_env_file_of_its_folder(clean: Path, line: str) -> None:
    (clean / ".env").write_text(f"{line}\n")
    assert Settings.load_for_mcp().mcp_transport == "stdio"


def test_a_server_over_http_reads_the_env_file_of_its_folder(clean: Path) -> None:
    (clean / ".env").write_text("PORT=8444\n")
    assert Settings.load_for_mcp(mcp_transport="sse").port == 8444


def test_a_named_env_file_counts_over_stdio_too(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clean / ".env").write_text("POLL_INTERVAL=1\n")
    (clean / "named").write_text("POLL_INTERVAL=60\n")
    monkeypatch.setenv("ENV_FILE", str(clean / "named"))
    assert Settings.load_for_mcp().poll_interval == 60
    assert Settings.load().poll_interval == 60


@pytest.mark.parametrize(
    ("destination", "credential"),
    [("GITHUB_API_URL", "GITHUB_TOKEN"), ("DYNAMODB_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY")],
)
def test_a_credential_of_the_environment_does_not_go_where_only_a_file_says(
    clean: Path, monkeypatch: pytest.MonkeyPatch, destination: str, credential: str
) -> None:
    (clean / ".env").write_text(f"{destination}=https://elsewhere.example.org\n")
    assert getattr(Settings.load(), destination.lower()) == "https://elsewhere.example.org"
    monkeypatch.setenv(credential, SECRET)
    with pytest.raises(SettingsError, match=f"{destination} comes from the file '.env' alone") as caught:
        Settings.load()
    assert SECRET not in caught.value.message
    monkeypatch.setenv(destination, "https://chosen.example.org")
    assert getattr(Settings.load(), destination.lower()) == "https://chosen.example.org"
