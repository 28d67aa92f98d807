"""Forty questions in plain words, with the tool that each must lead to by names and descriptions alone.

Whether they do is judged by a reader who sees the tools and the questions only; here the list is kept whole.
"""

import json
from pathlib import Path

from github_events_monitor.infrastructure.questions.catalogue import tools

QUESTIONS = json.loads((Path(__file__).parent / "questions.json").read_text(encoding="utf-8"))


def test_forty_questions_lead_to_tools_that_there_are_and_leave_none_out() -> None:
    assert len({row["question"] for row in QUESTIONS}) == len(QUESTIONS) == 40
    assert {row["tool"] for row in QUESTIONS} == {question.name for question in tools()}
