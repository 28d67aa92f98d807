"""What a file is, judged by its path alone: code, test, documentation, manifest, generated…

Conventions, not certainties: the same path always gives the same answer, in time linear in its length.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

FileKind = Literal["code", "test", "docs", "manifest", "lock", "ci", "build", "generated", "config"]
"""manifest: declares dependencies (and often much else); lock: pins what a package manager resolved."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOCK_FILES = _names("""
    package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock poetry.lock pdm.lock
    uv.lock pipfile.lock pixi.lock cargo.lock go.sum gemfile.lock composer.lock mix.lock pubspec.lock packages.lock.json
    podfile.lock package.resolved gradle.lockfile flake.lock conan.lock
""")
_MANIFESTS = _names("""
    package.json pyproject.toml setup.py setup.cfg pipfile cargo.toml go.mod gemfile composer.json pom.xml build.gradle
    build.gradle.kts mix.exs pubspec.yaml package.swift podfile environment.yml conanfile.txt conanfile.py vcpkg.json
    directory.packages.props packages.config deno.json libs.versions.toml
""")
_BUILD_FILES = _names("""
    makefile gnumakefile cmakelists.txt dockerfile containerfile meson.build build.bazel workspace rakefile justfile
    manifest.in docker-compose.yml docker-compose.yaml compose.yaml webpack.config.js vite.config.ts rollup.config.js
    tsconfig.json build.rs hatch.toml
""")
_CI_FILES = _names("""
    .travis.yml .gitlab-ci.yml azure-pipelines.yml jenkinsfile appveyor.yml .appveyor.yml .pre-commit-config.yaml
    codecov.yml .codecov.yml tox.ini noxfile.py bitbucket-pipelines.yml .drone.yml .cirrus.yml dependabot.yml
    renovate.json .readthedocs.yml .readthedocs.yaml
""")
_GENERATED_FOLDERS = _names("node_modules vendor third_party dist generated __generated__ __snapshots__")
_GENERATED_ENDINGS = tuple(
    _names("""
    .min.js .min.css .map .snap _pb2.py _pb2_grpc.py .pb.go .pb.cc .pb.h .g.dart .designer.cs
    .generated.ts .generated.cs
""")
)
_TEST_FOLDERS = _names("test tests testing spec specs __tests__ testdata e2e fixtures")
_TEST_NAMES = _names("conftest.py pytest.ini jest.config.js")
_TEST_ENDINGS = ("_test", "_tests", ".test", ".spec", "_spec")
_DOC_FOLDERS = _names("doc docs documentation examples")
_DOC_ENDINGS = (".md", ".mdx", ".rst", ".adoc", ".txt", ".ipynb")
_DOC_NAMES = tuple(_names("readme changelog changes license licence contributing authors code_of_conduct notice"))
_CONFIG_ENDINGS = (".yml", ".yaml", ".toml", ".ini", ".cfg", ".json", ".conf", ".env", ".properties")

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_SENSITIVE_WORDS = _names("""
    auth authentication authorization authorisation oauth oidc saml sso login password passwords passwd credential
    credentials secret secrets crypto cryptography encryption jwt session sessions permission permissions acl rbac
    tls ssl csrf cors sanitize sanitizer sanitise security keystore signature
""")


def is_workflow(path: str) -> bool:
    """Return whether it is a GitHub Actions workflow or action: code that runs with the repository's rights.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
    """
    lower = path.lower()
    return lower.startswith((".github/workflows/", ".github/actions/")) or lower in {"action.yml", "action.yaml"}


def _is_requirements(name: str) -> bool:
    return name.startswith(("requirements", "constraints")) and name.endswith((".txt", ".in"))


def _is_test_name(name: str) -> bool:
    stem = name.rpartition(".")[0] or name
    return stem.startswith("test_") or stem.endswith(_TEST_ENDINGS) or name in _TEST_NAMES


def _is_build_name(name: str) -> bool:
    return (
        name in _BUILD_FILES
        or name.startswith("dockerfile.")
        or name.endswith((".dockerfile", ".cmake", ".mk", ".nix"))
    )


_RULES: tuple[tuple[FileKind, Callable[[str, frozenset[str]], bool]], ...] = (
    ("lock", lambda name, _: name in _LOCK_FILES),
    ("generated", lambda name, folders: bool(_GENERATED_FOLDERS & folders) or name.endswith(_GENERATED_ENDINGS)),
    ("manifest", lambda name, _: name in _MANIFESTS or _is_requirements(name)),
    ("ci", lambda name, folders: name in _CI_FILES or bool({".circleci", ".buildkite"} & folders)),
    ("test", lambda name, folders: bool(_TEST_FOLDERS & folders) or _is_test_name(name)),
    ("build", lambda name, _: _is_build_name(name)),
    ("docs", lambda name, folders: bool(_DOC_FOLDERS & folders) or name.endswith(_DOC_ENDINGS)),
    ("docs", lambda name, _: name.startswith(_DOC_NAMES)),
    ("config", lambda name, _: name.endswith(_CONFIG_ENDINGS)),
)
"""The first that applies to the file's name and its folders, lower-case."""


@lru_cache(maxsize=8192)
def kind_of_file(path: str) -> FileKind:
    """Return what the file at `path` is; "code" when nothing says otherwise."""
    if is_workflow(path):
        return "ci"
    *parents, name = path.lower().split("/")
    folders = frozenset(parents)
    return next((kind for kind, applies in _RULES if applies(name, folders)), "code")


def is_sensitive(path: str) -> bool:
    """Return whether a file is code or configuration whose name speaks of access, secrets or cryptography."""
    if kind_of_file(path) not in {"code", "config", "build"}:
        return False
    return not _SENSITIVE_WORDS.isdisjoint(word.lower() for word in _WORDS.findall(path))
