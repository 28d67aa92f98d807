"""An invented project, the same every time, for a look at this program without any network.

`cast` names people and repositories, `chronicle` writes down what happens in one, `project` tells the ninety days,
`storing` puts them into a database. Nothing in it is taken from a real repository.
"""
