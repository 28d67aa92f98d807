"""An invented project, the same every time, for a look at this program without any network.

`accounts` names people and repositories, `history` records what happens in one, `project`
invents ninety days and stores them. Nothing in it is taken from a real repository.
"""
