"""The files of deploy/ against the calls the code makes, the tables, AWS's own models and the program's settings."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator

from github_events_monitor.infrastructure.database_interface import TABLES
from github_events_monitor.infrastructure.dynamodb import layout
from github_events_monitor.settings import Settings

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
DYNAMODB = ROOT / "src" / "github_events_monitor" / "infrastructure" / "dynamodb"

LISTS = {"capacity.py", "client.py"}
"""Name operations in order to tell reads from writes, without calling them."""

OPERATORS = {"CreateTable", "DeleteTable", "DescribeContinuousBackups", "Scan", "TagResource"}
OPERATORS |= {"UpdateContinuousBackups", "UpdateTable", "UpdateTimeToLive"}
"""What only set-up and export call; the running program must do without."""

BOTH = {"DescribeTable", "DescribeTimeToLive"}


def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def called() -> set[str]:
    """The API's names of the operations that the provider's code calls."""
    operations = {xform_name(name): name for name in model("dynamodb").operation_names}
    words = {
        node.value
        for path in DYNAMODB.glob("*.py")
        if path.name not in LISTS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {operations[word] for word in words & operations.keys()}


def statements(policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "iam" / f"{policy}.json").read_text())["Statement"]
    return found


def allowed(policy: str, kind: str) -> dict[str, set[str]]:
    """Actions by the tables, or the tables' indexes, on which a policy allows them."""
    found: dict[str, set[str]] = {}
    for statement in statements(policy):
        for resource in statement["Resource"]:
            match = re.fullmatch(
                r"arn:aws:dynamodb:us-east-1:123456789012:table/github-events-(\w+)(/index/\*)?", resource
            )
            assert match, resource
            if (kind == "index") == bool(match[2]):
                found.setdefault(match[1], set()).update(
                    action.removeprefix("dynamodb:") for action in statement["Action"]
                )
    return found


def test_the_running_programs_policy_allows_what_it_calls_and_nothing_else() -> None:
    assert allowed("run", "table") == dict.fromkeys(TABLES, called() - OPERATORS)
    with_indexes = {table.name for table in layout.TABLES if table.indexes}
    assert allowed("run", "index") == {name: {"Query"} for name in with_indexes}


def test_the_operators_policy_allows_what_only_set_up_calls() -> None:
    assert allowed("setup", "table") == dict.fromkeys(TABLES, OPERATORS | BOTH)
    assert called() >= OPERATORS | BOTH
    assert allowed("setup", "index") == {}


def test_the_policy_in_the_documents_allows_both() -> None:
    text = (ROOT / "docs" / "dynamodb.md").read_text(encoding="utf-8")
    (block,) = (found for found in re.findall(r"```json\n(.*?)```", text, re.DOTALL) if "Statement" in found)
    running, making = ({*statement["Action"]} for statement in json.loads(block)["Statement"])
    assert running | making == {f"dynamodb:{name}" for name in called()}
    assert making == {f"dynamodb:{name}" for name in OPERATORS - {"Scan"}}


def test_policies_only_allow() -> None:
    for statement in [*statements("run"), *statements("setup")]:
        assert statement.keys() == {"Sid", "Effect", "Action", "Resource"}
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in statement["Action"])


def test_the_task_definition_fits_awss_model_and_sets_what_the_program_knows() -> None:
    task = json.loads((DEPLOY / "ecs-task-definition.json").read_text())
    shape = model("ecs").operation_model("RegisterTaskDefinition").input_shape
    report = ParamValidator().validate(task, shape)
    assert not report.has_errors(), report.generate_report()
    container = task["containerDefinitions"][0]
    named = {row["name"] for row in (*container["environment"], *container["secrets"])}
    assert {name.lower() for name in named} <= set(Settings.model_fields)
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert not secret & {row["name"].lower() for row in container["environment"]}
    assert container["stopTimeout"] > 10


def test_the_image_runs_a_command_that_exists_as_nobody_in_particular() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["github-events-monitor"]\nCMD ["api"]' in text
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in source.split()), source


def test_the_image_is_built_on_one_base_image_for_good() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    base = re.search(r"^ARG PYTHON_IMAGE=python:3\.[\w.-]+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert base is not None
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${PYTHON_IMAGE}", "${PYTHON_IMAGE}"]
