"""Edits of one entry in a JSON file that others wrote: every other byte of it stays, comments too.

Values are read by the standard library; what is of our own is only where in the text a member stands. Libraries that
keep comments rewrite the whole file, in a form of their own.
"""

import json
import re
from typing import Any, NamedTuple

_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'"(?:\\.|[^"\\\n])*"|,(?=\s*[}\]])')
_NO_BLANK = re.compile(r"[^\r\n]")
_BLANK = re.compile(r"[ \t\r\n]*")
_INDENT = re.compile(r"[ \t]*")
_SPACE = " \t\r\n"


class BrokenDocument(ValueError):
    """A text that is not JSON, or in which the entry has no place; the message is a sentence's end."""


class _Member(NamedTuple):
    """Where a member stands: its name begins at `start`, its value at `value`, and ends before `end`."""

    name: str
    start: int
    value: int
    end: int


class _Edit(NamedTuple):
    start: int
    end: int
    new: str


class Document:
    """The text of a JSON file, and edits of it."""

    def __init__(self, text: str, *, comments: bool) -> None:
        """Read the text.

        Args:
            text: JSON, without a byte order mark.
            comments: Whether comments and trailing commas are allowed.

        Raises:
            BrokenDocument: It is not JSON, with the line; or not an object.
        """
        self.text = text
        self._comments = comments
        self._bare = _COMMENT.sub(_blanked, text) if comments else text
        self._plain = _TRAILING_COMMA.sub(_blanked, self._bare) if comments else text
        self.value = self._read()

    def entry(self, group: str, name: str) -> Any:
        """Return the value of `group`'s member `name`, None where there is none. Raises `BrokenDocument`."""
        found = self._members_of_group(group)
        member = self._only(found, name) if found else None
        return json.loads(self._plain[member.value : member.end]) if member else None

    def with_entry(self, group: str, name: str, value: Any) -> str:
        """Return the text in which `group`'s member `name` has the value. Raises `BrokenDocument`."""
        members = self._members_of_group(group)
        if members is None:
            edits = self._insert(self._skip(0), group, {name: value})
        elif member := self._only(members, name):
            indent = self._line_indent(member.start)
            edits = [_Edit(member.value, member.end, self._written(value, indent))]
        else:
            edits = self._insert(self._group(group).value, name, value)  # type: ignore[union-attr]  # it has members
        expected = dict(self.value)
        expected[group] = {**expected.get(group, {}), name: value}
        return self._edited(edits, expected)

    def without_entry(self, group: str, name: str) -> str:
        """Return the text without `group`'s member `name`, which has to be there. Raises `BrokenDocument`."""
        parent = self._group(group)
        members = self._members_of_group(group)
        member = self._only(members, name) if members else None
        if parent is None or members is None or member is None:
            raise BrokenDocument(f'has no entry "{name}"')
        expected = dict(self.value)
        expected[group] = {key: value for key, value in expected[group].items() if key != name}
        return self._edited(self._remove(parent, members, members.index(member)), expected)

    def _read(self) -> dict[str, Any]:
        try:
            value = json.loads(self._plain, parse_constant=self._refuse)
        except json.JSONDecodeError as error:
            raise BrokenDocument(f"is not valid JSON: line {error.lineno}: {error.msg}") from None
        except RecursionError:
            raise BrokenDocument("is not valid JSON: it is nested too deeply") from None
        if not isinstance(value, dict):
            raise BrokenDocument("is not a JSON object: line 1")
        return value

    def _refuse(self, constant: str) -> Any:
        """Refuse NaN and Infinity, which are Python's and not JSON's."""
        raise json.JSONDecodeError(f"{constant} is no value", self._plain, self._plain.find(constant))

    def _skip(self, at: int) -> int:
        match = _BLANK.match(self._plain, at)
        return match.end() if match else at

    def _members(self, at: int) -> tuple[list[_Member], int]:
        """Return the members of the object that begins at a position, and where its closing brace stands."""
        decoder, found = json.JSONDecoder(), []
        at = self._skip(at + 1)
        while self._plain[at] != "}":
            name, after = decoder.raw_decode(self._plain, at)
            value = self._skip(self._skip(after) + 1)
            _, end = decoder.raw_decode(self._plain, value)
            found.append(_Member(name, at, value, end))
            at = self._skip(end)
            if self._plain[at] == ",":
                at = self._skip(at + 1)
        return found, at

    def _only(self, members: list[_Member], name: str) -> _Member | None:
        named = [member for member in members if member.name == name]
        if len(named) > 1:
            raise BrokenDocument(f'has "{name}" twice: line {self._line(named[1].start)}')
        return named[0] if named else None

    def _group(self, name: str) -> _Member | None:
        member = self._only(self._members(self._skip(0))[0], name)
        if member and self._plain[member.value] != "{":
            raise BrokenDocument(f'has a "{name}" that is not an object: line {self._line(member.start)}')
        return member

    def _members_of_group(self, name: str) -> list[_Member] | None:
        group = self._group(name)
        return self._members(group.value)[0] if group else None

    def _line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def _insert(self, at: int, name: str, value: Any) -> list[_Edit]:
        """Return the edits that put a member behind the others of the object that begins at a position."""
        members, close = self._members(at)
        outer = self._line_indent(at)
        indent = outer + self._unit()
        if members and "\n" in self.text[at : members[0].start]:
            indent = self._line_indent(members[0].start)
        last = members[-1].end if members else at + 1
        place = last + len(
            self.text[last:close].rstrip(_SPACE)
        )  # behind comments, which belong to what stands before them
        trailing = "," in self._bare[last:close]
        newline = self._newline()
        new = f"{newline}{indent}{json.dumps(name)}: {self._written(value, indent)}{',' if trailing else ''}"
        if "\n" not in self.text[place:close]:
            return [*_comma(members, trailing, last), _Edit(place, close, new + newline + outer)]
        return [*_comma(members, trailing, last), _Edit(place, place, new)]

    def _remove(self, parent: _Member, members: list[_Member], index: int) -> list[_Edit]:
        """Return the edits that take a member out, with the comma that it needed and the lines that were its own."""
        member = members[index]
        close = self._members(parent.value)[1]
        following = members[index + 1].start if index + 1 < len(members) else close
        before = members[index - 1].end if index else parent.value + 1
        comma = self._bare.find(",", member.end, following)
        start, end, edits = member.start, member.end, []
        if comma < 0 and index:
            previous = self._bare.index(",", before, start)
            edits.append(_Edit(previous, previous + 1, ""))
        elif comma >= 0 and not self.text[end:comma].strip(_SPACE):
            end = comma + 1
        elif comma >= 0:
            edits.append(_Edit(comma, comma + 1, ""))
        if not index and following == close and not (self.text[before:start] + self.text[end:close]).strip(_SPACE):
            return [_Edit(before, close, "")]
        return [*edits, self._with_its_lines(start, end)]

    def _with_its_lines(self, start: int, end: int) -> _Edit:
        """Return the removal of a stretch, and of the lines on which nothing else stands."""
        line = self.text.rfind("\n", 0, start)
        rest = _INDENT.match(self.text, end)
        stop = rest.end() if rest else end
        if self.text[line + 1 : start].strip(_SPACE):  # something else stands before it on its line
            return _Edit(line + 1 + len(self.text[line + 1 : start].rstrip(_SPACE)), end, "")
        if line >= 0 and self.text[stop : stop + 1] in {"\n", "\r"}:
            return _Edit(line - (self.text[line - 1] == "\r"), stop, "")
        return _Edit(start, stop, "")

    def _edited(self, edits: list[_Edit], expected: Any) -> str:
        text = self.text
        ordered = sorted(edits, key=lambda edit: edit[:2])
        for edit in ordered[::-1]:  # from the end on, so that places stay what they are
            text = text[: edit.start] + edit.new + text[edit.end :]
        if Document(text, comments=self._comments).value != expected:  # whatever this module overlooks is not written
            raise BrokenDocument("is written in a way that this program cannot edit")
        return text

    def _written(self, value: Any, indent: str) -> str:
        lines = json.dumps(value, indent=self._unit(), ensure_ascii=False).split("\n")
        return f"{self._newline()}{indent}".join(lines)

    def _line_indent(self, at: int) -> str:
        match = _INDENT.match(self.text, self.text.rfind("\n", 0, at) + 1)
        return match[0] if match else ""

    def _unit(self) -> str:
        """Return what one level is indented by, as the first member of the file has it."""
        match = re.search(r'\n([ \t]+)"', self._bare)
        return match[1] if match else "  "

    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"


def _blanked(match: re.Match[str]) -> str:
    token = match[0]
    return token if token.startswith('"') else _NO_BLANK.sub(" ", token)


def _comma(members: list[_Member], trailing: bool, last: int) -> list[_Edit]:
    return [_Edit(last, last, ",")] if members and not trailing else []
