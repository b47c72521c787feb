"""What several step modules expect: that an action is refused, and how."""

from agents.errors import AgentsError


def refused(message, action, kind=AgentsError):
    """Call an action; fail when it is not refused with this message."""
    try:
        action()
    except kind as error:
        said = str(error)
    else:
        raise AssertionError("it was not refused")
    assert said == message, said
