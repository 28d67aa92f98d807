"""Make the text that compressed payloads refer to: the keys and link templates of GitHub's objects.

    python scripts/make_payload_dictionary.py > src/github_events_monitor/infrastructure/payload_dictionary.txt

Implementation notes
- Stored payloads can only be read with the very bytes they were written with, so the text must never change: the digest
  in `infrastructure/payload_dictionary.py` is checked. A better text would have to stand beside it.
- Shapes: https://docs.github.com/en/rest/using-the-rest-api/github-event-types. What is common stands at the end, where
  references to it are shortest.
"""

import sys
from typing import Any

import orjson

_API, _WEB = "https://api.github.com", "https://github.com"
_ACCOUNT_LINKS = (
    "followers",
    "following{/other_user}",
    "gists{/gist_id}",
    "starred{/owner}{/repo}",
    "subscriptions",
    "orgs",
    "repos",
    "events{/privacy}",
    "received_events",
)
_REPOSITORY_LINKS = (
    "forks",
    "keys{/key_id}",
    "collaborators{/collaborator}",
    "teams",
    "hooks",
    "issues/events{/number}",
    "events",
    "assignees{/user}",
    "branches{/branch}",
    "tags",
    "git/blobs{/sha}",
    "git/tags{/sha}",
    "git/refs{/sha}",
    "git/trees{/sha}",
    "statuses/{sha}",
    "languages",
    "stargazers",
    "contributors",
    "subscribers",
    "subscription",
    "commits{/sha}",
    "git/commits{/sha}",
    "comments{/number}",
    "issues/comments{/number}",
    "contents/{+path}",
    "compare/{base}...{head}",
    "merges",
    "{archive_format}{/ref}",
    "downloads",
    "issues{/number}",
    "pulls{/number}",
    "milestones{/number}",
    "notifications{?since,all,participating}",
    "labels{/name}",
    "releases{/id}",
    "deployments",
)
_LINK_NAMES = {
    "orgs": "organizations_url",
    "issues/events{/number}": "issue_events_url",
    "issues/comments{/number}": "issue_comment_url",
    "{archive_format}{/ref}": "archive_url",
}
_AT = "2024-01-01T00:00:00Z"


def _links(base: str, paths: tuple[str, ...]) -> dict[str, str]:
    """`followers_url` and the like: named after the last word of the path before any template."""
    return {_LINK_NAMES.get(path, _word(path) + "_url"): f"{base}/{path}" for path in paths}


def _word(path: str) -> str:
    return path.split("{", maxsplit=1)[0].strip("/").replace("/", "_")


def _account(login: str, kind: str) -> dict[str, Any]:
    url = f"{_API}/users/{login}"
    return {
        "login": login,
        "id": 1,
        "node_id": "MDQ6VXNlcj",
        "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{_WEB}/{login}",
        **_links(url, _ACCOUNT_LINKS),
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def _repository() -> dict[str, Any]:
    url = f"{_API}/repos/o/r"
    return {
        "id": 1,
        "node_id": "MDEwOlJlcG9zaXRvcnk",
        "name": "r",
        "full_name": "o/r",
        "private": False,
        "owner": _account("o", "Organization"),
        "html_url": f"{_WEB}/o/r",
        "description": None,
        "fork": False,
        "url": url,
        **_links(url, _REPOSITORY_LINKS),
        "created_at": _AT,
        "updated_at": _AT,
        "pushed_at": _AT,
        "git_url": "git://github.com/o/r.git",
        "ssh_url": "git@github.com:o/r.git",
        "clone_url": f"{_WEB}/o/r.git",
        "svn_url": f"{_WEB}/o/r",
        "homepage": "",
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": "Python",
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": 0,
        "mirror_url": None,
        "archived": False,
        "disabled": False,
        "open_issues_count": 0,
        "license": {
            "key": "mit",
            "name": "MIT License",
            "spdx_id": "MIT",
            "url": f"{_API}/licenses/mit",
            "node_id": "MDc6TGljZW5zZ",
        },
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "public",
        "forks": 0,
        "open_issues": 0,
        "watchers": 0,
        "default_branch": "main",
        "public": True,
    }


def _thread(kind: str) -> dict[str, Any]:
    """What issues and pull requests share."""
    url = f"{_API}/repos/o/r/issues/1"
    return {
        "url": url,
        "repository_url": f"{_API}/repos/o/r",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{_WEB}/o/r/{kind}/1",
        "id": 1,
        "node_id": "I_kwDO",
        "number": 1,
        "title": "",
        "user": _account("o", "User"),
        "labels": [
            {
                "id": 1,
                "node_id": "LA_kwDO",
                "url": f"{_API}/repos/o/r/labels/bug",
                "name": "bug",
                "color": "d73a4a",
                "default": True,
                "description": "Something isn't working",
            }
        ],
        "state": "open",
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": 0,
        "created_at": _AT,
        "updated_at": _AT,
        "closed_at": None,
        "author_association": "CONTRIBUTOR",
        "active_lock_reason": None,
        "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
        "body": None,
        "reactions": {
            "url": f"{url}/reactions",
            "total_count": 0,
            **dict.fromkeys(("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"), 0),
        },
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": None,
    }


def _comment(url: str, page: str) -> dict[str, Any]:
    return {
        "url": f"{_API}/repos/o/r/{url}/1",
        "html_url": f"{_WEB}/o/r/{page}",
        "issue_url": f"{_API}/repos/o/r/issues/1",
        "id": 1,
        "node_id": "IC_kwDO",
        "user": _account("github-actions[bot]", "Bot"),
        "created_at": _AT,
        "updated_at": _AT,
        "author_association": "MEMBER",
        "body": "",
    }


def _pull_request() -> dict[str, Any]:
    url, web = f"{_API}/repos/o/r/pulls/1", f"{_WEB}/o/r/pull/1"
    side = {"label": "o:main", "ref": "main", "sha": "0", "user": None, "repo": None}
    links = ("self", "html", "issue", "comments", "review_comments", "review_comment", "commits", "statuses")
    return {
        "url": url,
        "id": 1,
        "node_id": "PR_kwDO",
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": f"{_API}/repos/o/r/issues/1",
        "number": 1,
        "state": "closed",
        "body": None,
        "closed_at": _AT,
        "merged_at": _AT,
        "merge_commit_sha": "0",
        "requested_reviewers": [],
        "requested_teams": [],
        "draft": False,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{_API}/repos/o/r/pulls/comments{{/number}}",
        "comments_url": f"{_API}/repos/o/r/issues/1/comments",
        "statuses_url": f"{_API}/repos/o/r/statuses/0",
        "head": side,
        "base": side,
        "_links": {name: {"href": url} for name in links},
        "author_association": "NONE",
        "auto_merge": None,
        "active_lock_reason": None,
        "merged": True,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 1,
        "deletions": 1,
        "changed_files": 1,
    }


def _payloads() -> list[Any]:
    """One object after the other, from the rarest to the most frequent."""
    commit = {
        "sha": "0",
        "author": {"email": "41898282+github-actions[bot]@users.noreply.github.com", "name": "github-actions[bot]"},
        "message": "Merge pull request #1 from o/main\n\nUpdate README.md\n\nCo-authored-by: o <o@gmail.com>",
        "distinct": True,
        "url": f"{_API}/repos/o/r/commits/0",
    }
    release = {
        "url": f"{_API}/repos/o/r/releases/1",
        "assets_url": f"{_API}/repos/o/r/releases/1/assets",
        "upload_url": "https://uploads.github.com/repos/o/r/releases/1/assets{?name,label}",
        "html_url": f"{_WEB}/o/r/releases/tag/v1.0.0",
        "id": 1,
        "author": None,
        "node_id": "RE_kwDO",
        "tag_name": "v1.0.0",
        "target_commitish": "main",
        "name": "v1.0.0",
        "draft": False,
        "prerelease": False,
        "created_at": _AT,
        "published_at": _AT,
        "assets": [],
        "tarball_url": f"{_API}/repos/o/r/tarball/v1.0.0",
        "zipball_url": f"{_API}/repos/o/r/zipball/v1.0.0",
        "body": "## What's Changed\n* **Full Changelog**: ",
    }
    review = {
        "id": 1,
        "node_id": "PRR_kwDO",
        "body": "",
        "commit_id": "0",
        "submitted_at": _AT,
        "state": "approved",
        "html_url": f"{_WEB}/o/r/pull/1#pullrequestreview-1",
        "pull_request_url": f"{_API}/repos/o/r/pulls/1",
        "_links": {"html": {"href": ""}, "pull_request": {"href": ""}},
        "updated_at": _AT,
    }
    line = {
        "pull_request_review_id": 1,
        "diff_hunk": "@@ -1,1 +1,1 @@\n",
        "path": "src/",
        "original_commit_id": "0",
        "position": None,
        "original_position": 1,
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "line": None,
        "original_line": 1,
        "side": "RIGHT",
        "in_reply_to_id": 1,
        "subject_type": "line",
    }
    small = {"id": 1, "url": f"{_API}/repos/o/r", "name": "r"}
    trimmed = {
        "url": f"{_API}/repos/o/r/pulls/1",
        "id": 1,
        "number": 1,
        "head": {"ref": "main", "sha": "0", "repo": small},
        "base": {"ref": "main", "sha": "0", "repo": small},
    }
    return [
        {"pages": [{"page_name": "Home", "title": "Home", "summary": None, "action": "edited"}]},
        {"action": "published", "release": release},
        {"action": "created", "comment": line},
        {"action": "created", "review": review},
        {"forkee": _repository()},
        _pull_request(),
        {"action": "opened", "issue": _thread("issues")},
        {"action": "created", "comment": _comment("issues/comments", "issues/1#issuecomment-1")},
        {"action": "opened", "number": 1, "pull_request": trimmed},
        {"action": "started"},
        {"ref": "v1.0.0", "ref_type": "tag", "full_ref": "refs/tags/v1.0.0"},
        {
            "ref": "main",
            "ref_type": "branch",
            "full_ref": "refs/heads/main",
            "master_branch": "main",
            "description": None,
            "pusher_type": "user",
        },
        {
            "repository_id": 1,
            "push_id": 1,
            "size": 1,
            "distinct_size": 1,
            "ref": "refs/heads/main",
            "head": "0",
            "before": "0",
            "commits": [commit],
        },
    ]


def main() -> None:
    """Write the text to standard output."""
    sys.stdout.buffer.write(b"".join(orjson.dumps(payload) for payload in _payloads()))


if __name__ == "__main__":
    main()
