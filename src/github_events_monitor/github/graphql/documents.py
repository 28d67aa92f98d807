"""The questions we ask by GraphQL. The tests validate each against GitHub's published schema.

A connection costs one request for every row of the connections around it, and a hundred requests are a point:
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Sequence

HISTORY = """
query History(
  $owner: String!, $name: String!, $ref: String!, $since: GitTimestamp, $until: GitTimestamp, $after: String
) {
  repository(owner: $owner, name: $name) {
    object(expression: $ref) {
      ... on Commit {
        history(first: 100, since: $since, until: $until, after: $after) {
          pageInfo { hasNextPage endCursor }
          nodes {
            oid message committedDate authoredDate additions deletions changedFilesIfAvailable
            author { name email user { __typename login } }
            committer { user { login } }
            parents(first: 20) { nodes { oid } }
          }
        }
      }
    }
  }
}
"""
"""A page of a branch's commits with their statistics, newest first: 1 point."""

_ACTOR = "{ __typename login }"

_CLOSINGS = (
    f"timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) {{ nodes {{ ... on ClosedEvent {{ actor {_ACTOR} }} }} }}"
)
_COMMENTS = f"nodes {{ fullDatabaseId createdAt author {_ACTOR} }} pageInfo {{ hasNextPage endCursor }}"
_REVIEWS = f"nodes {{ fullDatabaseId submittedAt state author {_ACTOR} }} pageInfo {{ hasNextPage endCursor }}"

PULL_REQUESTS = f"""
query PullRequests($owner: String!, $name: String!, $first: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    threads: pullRequests(first: $first, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        id number title state isDraft createdAt updatedAt closedAt mergedAt
        author {_ACTOR}
        mergedBy {_ACTOR}
        baseRefName headRefName headRefOid mergeCommit {{ oid }}
        additions deletions changedFiles reviewDecision
        labels(first: 50) {{ nodes {{ name }} }}
        reviewRequests(first: 50) {{
          nodes {{
            requestedReviewer {{
              __typename ... on User {{ login }} ... on Bot {{ login }} ... on Mannequin {{ login }}
              ... on Team {{ combinedSlug }}
            }}
          }}
        }}
        closings: {_CLOSINGS}
        comments(first: 100) {{ totalCount {_COMMENTS} }}
        reviews(first: 100) {{ {_REVIEWS} }}
      }}
    }}
  }}
}}
"""
"""A page of pull requests with their replies, last updated first: about 6 points for every hundred."""

ISSUES = f"""
query Issues($owner: String!, $name: String!, $first: Int!, $after: String, $since: DateTime) {{
  repository(owner: $owner, name: $name) {{
    threads: issues(
      first: $first, after: $after, filterBy: {{since: $since}}, orderBy: {{field: UPDATED_AT, direction: DESC}}
    ) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        id number title state stateReason createdAt updatedAt closedAt
        author {_ACTOR}
        labels(first: 50) {{ nodes {{ name }} }}
        closings: {_CLOSINGS}
        comments(first: 100) {{ totalCount {_COMMENTS} }}
      }}
    }}
  }}
}}
"""
"""A page of issues with their comments, last updated first: about 3 points for every hundred."""

REPLIES = f"""
query Replies($id: ID!, $comments: String, $reviews: String, $withComments: Boolean!, $withReviews: Boolean!) {{
  node(id: $id) {{
    ... on Issue {{
      comments(first: 100, after: $comments) @include(if: $withComments) {{ {_COMMENTS} }}
    }}
    ... on PullRequest {{
      comments(first: 100, after: $comments) @include(if: $withComments) {{ {_COMMENTS} }}
      reviews(first: 100, after: $reviews) @include(if: $withReviews) {{ {_REVIEWS} }}
    }}
  }}
}}
"""
"""The next hundred comments or reviews of a thread that has more of them than its page showed."""

_LOOK = """
fragment Look on Repository {
  databaseId nameWithOwner isArchived pushedAt updatedAt stargazerCount forkCount
  defaultBranchRef { name target { oid } }
  issues(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) { nodes { updatedAt } }
  pullRequests(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) { nodes { updatedAt } }
  releases(first: 1, orderBy: {field: CREATED_AT, direction: DESC}) { nodes { tagName createdAt publishedAt } }
}
"""

_INTRODUCTION = """
fragment Introduction on Repository {
  databaseId nameWithOwner isArchived isFork createdAt
  defaultBranchRef { name }
  issues(first: 1) { nodes { updatedAt } }
  pullRequests(first: 1) { nodes { updatedAt } }
  releases(first: 1) { nodes { createdAt } }
  deployments(first: 1) { nodes { createdAt } }
}
"""

MOST_LOOKS = 100
"""Repositories that one question looks at, at most."""

DEPLOYMENTS = """
query Deployments($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    deployments(first: 60, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        databaseId commitOid environment createdAt
        latestStatus { state createdAt }
      }
    }
  }
}
"""
"""Sixty deployments, newest first, each with its latest status: 1 point, in place of 61 requests."""


def look_document(count: int) -> str:
    """Return the question what changed in `count` repositories (variables o0, n0, o1, …): 3 points for a hundred."""
    return _of_many("Look", count, _LOOK)


MOST_INTRODUCTIONS = 50
"""Repositories that one question introduces, at most: what it shows is to be young when it is used."""


def introduction_document(count: int) -> str:
    """Return the question which repositories these `count` are, and what none of them has: 2 points for fifty."""
    return _of_many("Introduction", count, _INTRODUCTION)


def _of_many(name: str, count: int, fragment: str) -> str:
    """Return a question about `count` repositories by the fragment of that name."""
    variables = ", ".join(f"$o{number}: String!, $n{number}: String!" for number in range(count))
    asked = "\n".join(f"  r{n}: repository(owner: $o{n}, name: $n{n}) {{ ...{name} }}" for n in range(count))
    return f"query {name}({variables}) {{\n{asked}\n}}\n{fragment}"


MOST_ISSUES = 100
"""So many issues are asked for by their numbers in one question."""


def issues_document(numbers: Sequence[int]) -> str:
    """Return the question which issues there still are: 1 point, for no connection is in it."""
    asked = "\n".join(f"    i{number}: issue(number: {int(number)}) {{ number }}" for number in numbers)
    repository = f"repository(owner: $owner, name: $name) {{\n{asked}\n  }}"
    return f"query Presence($owner: String!, $name: String!) {{\n  {repository}\n}}\n"


def name_of(document: str) -> str:
    """Return the name of a document's question, whatever it is asked about."""
    return document.partition("(")[0].strip()
