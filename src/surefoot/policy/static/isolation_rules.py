"""Rules about what workers share: temporary names, fixed paths, databases, ports."""

import ast
import re

from surefoot.policy.static.facts import Edit
from surefoot.policy.static.names import keyword, last_name
from surefoot.policy.static.rule import Rule
from surefoot.policy.static.scope import Scope

MKTEMP = Rule(
    code="SF401",
    name="mktemp",
    severity="error",
    what="tempfile.mktemp returns a name that nobody holds.",
    why="Between the call and the use another worker can get the same name: two scenarios then"
    " share a database file, and one finds rows or locks of the other.",
    bad='url = "sqlite:///" + tempfile.mktemp(suffix=".db")',
    good='descriptor, path = tempfile.mkstemp(suffix=".db")\nos.close(descriptor)\n'
    'url = "sqlite:///" + path',
    fixable="in a step or hook, `context.NAME = ... tempfile.mktemp(...)` becomes a name in a"
    " `TemporaryDirectory` that `context.add_cleanup` removes when the scenario (or what the hook"
    " is about) has ended, where `os` and `tempfile` are imported as modules; elsewhere nothing"
    " tells when the file is no longer needed, so that the change is left to you",
)
SHARED_PATH = Rule(
    code="SF402",
    name="shared-path",
    severity="warning",
    what="A step writes to a fixed path outside of its own directory.",
    why="All workers, and other runs on the machine, write to the same file: what one scenario"
    " reads is what another wrote last.",
    bad='open("/tmp/report.txt", "w")\nsqlite3.connect("/tmp/test.db")',
    good='path = os.path.join(os.environ["SUREFOOT_SCENARIO_DIR"], "report.txt")',
    tests_only=True,
)
FIXED_PORT = Rule(
    code="SF403",
    name="fixed-port",
    severity="warning",
    what="A step or hook listens on a fixed port.",
    why="Only one worker gets it; in the others the hook fails with `Address already in use`, or"
    " a client talks to the server of another scenario.",
    bad='server = HTTPServer(("127.0.0.1", 8080), Handler)',
    good='server = HTTPServer(("127.0.0.1", 0), Handler)\nport = server.server_address[1]',
    tests_only=True,
)
WORKERS = Rule(
    code="SF404",
    name="too-many-workers",
    severity="warning",
    what="A number of workers is fixed that is far above what the machine has.",
    why="More workers than processors make each other slow, so that deadlines pass, and start"
    " their interpreters and databases all at once.",
    bad="TEST_PROCESSES=32",
    good="surefoot run   # --jobs auto follows the CPU quota, at most 16 in CI",
    syntax="text",
)

RULES = (MKTEMP, SHARED_PATH, FIXED_PORT, WORKERS)

_SHARED = re.compile(r"(?:/tmp|/var/tmp|/dev/shm)/[^/{}%*]+")
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///(?!:memory:|file:)[^?{}%]*[^?{}%/]")
_SERVERS = frozenset(
    f"{module}.{name}"
    for module, names in (
        ("http.server", ("HTTPServer", "ThreadingHTTPServer")),
        ("socketserver", ("TCPServer", "ThreadingTCPServer", "UDPServer")),
        ("xmlrpc.server", ("SimpleXMLRPCServer",)),
    )
    for name in names
)
_WRITING = frozenset(
    f"{module}.{name}"
    for module, names in (
        ("os", ("mkdir", "makedirs", "remove", "unlink")),
        ("shutil", ("copy", "copyfile", "copytree", "rmtree")),
        ("sqlite3", ("connect",)),
    )
    for name in names
)
_PATH_WRITES = frozenset(("write_text", "write_bytes", "mkdir", "touch", "unlink"))


def mktemp(node: ast.AST, scope: Scope) -> None:
    """`tempfile.mktemp()`, also where it is only handed on."""
    if isinstance(node, ast.Call):
        if scope.names.dotted(node.func) != "tempfile.mktemp":
            return
    else:
        assert isinstance(node, ast.ImportFrom)
        if node.module != "tempfile" or all(item.name != "mktemp" for item in node.names):
            return
    scope.report(
        "SF401",
        node,
        "tempfile.mktemp returns a name that another worker can get too",
        "use tempfile.mkstemp, tempfile.mkdtemp or the scenario's own directory"
        " (SUREFOOT_SCENARIO_DIR)",
        _in_own_directory(node, scope) if isinstance(node, ast.Call) else (),
    )


def _in_own_directory(node: ast.Call, scope: Scope) -> list[Edit]:
    """Return the edits to a name in a directory that is removed when what needs it has ended.

    As before no file of that name exists. Only where the name goes into the context, in a step or
    hook: there the attribute and the cleanup end together. Elsewhere nobody knows when the file is
    no longer needed, and a directory that stayed behind would be the next fault.
    """
    if scope.text_of(node.func) != "tempfile.mktemp" or scope.names.aliases.get("os") != "os":
        return []
    suffix = keyword(node, "suffix", 0)
    prefix = keyword(node, "prefix", 1)
    folder = keyword(node, "dir", 2)
    if any(item.arg is None for item in node.keywords) or any(
        isinstance(item, ast.Starred) for item in node.args
    ):
        return []
    name = '"file"'
    if isinstance(suffix, ast.Constant) and isinstance(suffix.value, str):
        if any(mark in suffix.value for mark in '"\\\n{}'):
            return []
        name = f'"file{suffix.value}"'
    elif suffix is not None:
        name = f'"file" + ({scope.text_of(suffix)})'
    place = _into_context(node, scope)
    if place is None:
        return []
    statement, context = place
    made = ", ".join(
        f"{name}={scope.text_of(value)}"
        for name, value in (("prefix", prefix), ("dir", folder))
        if value is not None
    )
    variable = _unused(scope)
    indent = scope.lines[statement.lineno - 1][: statement.col_offset]
    before = (
        f"{indent}{variable} = tempfile.TemporaryDirectory({made})\n"
        f"{indent}{context}.add_cleanup({variable}.cleanup)\n"
    )
    return [
        Edit(statement.lineno, 0, statement.lineno, 0, before),
        scope.replace(node, f"os.path.join({variable}.name, {name})"),
    ]


_MANY = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
"""What may ask for its parts more than once, or later."""


def _into_context(node: ast.Call, scope: Scope) -> tuple[ast.Assign, str] | None:
    """Return the statement of a step or hook that puts a value into its context, and its name.

    None where the value of `node` goes elsewhere, or the statement does not begin its line.
    """
    frame = scope.frame
    if frame is None or not (frame.is_step or frame.is_hook):
        return None
    parameters = [*frame.node.args.posonlyargs, *frame.node.args.args]
    if not parameters:
        return None
    context = parameters[0].arg
    for statement in ast.walk(frame.node):
        if not isinstance(statement, ast.Assign):
            continue
        inside = list(ast.walk(statement.value))
        if not any(item is node for item in inside):
            continue
        begins = not scope.lines[statement.lineno - 1][: statement.col_offset].strip()
        if begins and not any(isinstance(item, _MANY) for item in inside):
            targets = statement.targets
            if all(
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id == context
                for target in targets
            ):
                return statement, context
    return None


def _unused(scope: Scope) -> str:
    """Return a name that the module does not use, another one for each call that is mended."""
    number = 1 + sum(raw.code == "SF401" and bool(raw.edits) for raw in scope.found)
    while True:
        name = "temporary" if number == 1 else f"temporary_{number}"
        if not re.search(rf"\b{name}\b", scope.source):
            return name
        number += 1


def shared_path(node: ast.AST, scope: Scope) -> None:
    """A fixed path in a shared directory that is written, or a fixed SQLite file."""
    assert isinstance(node, ast.Call)
    dotted = scope.names.dotted(node.func)
    path: ast.expr | None = None
    if isinstance(node.func, ast.Name) and node.func.id == "open" and dotted is None:
        mode = keyword(node, "mode", 1)
        text = scope.names.text(mode) if mode is not None else "r"
        if text is not None and set(text) & set("wax+"):
            path = keyword(node, "file", 0)
    elif dotted in _WRITING:
        path = node.args[0] if node.args else None
    elif isinstance(node.func, ast.Attribute) and node.func.attr in _PATH_WRITES:
        made = node.func.value
        if isinstance(made, ast.Call) and scope.names.dotted(made.func) == "pathlib.Path":
            path = made.args[0] if made.args else None
    text = scope.names.text(path) if path is not None else None
    if text is None:
        return
    if _SHARED.match(text) or (dotted == "sqlite3.connect" and _is_fixed_database(text)):
        _report_path(node, text, scope)


def shared_database(node: ast.AST, scope: Scope) -> None:
    """A URL of an SQLite file that is the same for all workers."""
    assert isinstance(node, ast.Constant)
    if isinstance(node.value, str) and _SQLITE.fullmatch(node.value):
        _report_path(node, node.value, scope)


def _is_fixed_database(text: str) -> bool:
    return text not in ("", ":memory:") and not text.startswith("file:")


def _report_path(node: ast.AST, path: str, scope: Scope) -> None:
    scope.report(
        "SF402",
        node,
        f"all workers share {path}",
        "give each scenario its own: a path in SUREFOOT_SCENARIO_DIR, or tempfile.mkdtemp()",
    )


def fixed_port(node: ast.AST, scope: Scope) -> None:
    """A server on a port that is a number in the source."""
    assert isinstance(node, ast.Call)
    dotted = scope.names.dotted(node.func)
    port: int | None = None
    if dotted in _SERVERS:
        port = _port_of(keyword(node, "server_address", 0))
    elif dotted == "wsgiref.simple_server.make_server":
        port = _number(keyword(node, "port", 1))
    elif dotted == "uvicorn.run":
        port = _number(keyword(node, "port"))
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "bind":
        made, last = scope.names.made_by(node.func.value), last_name(node.func.value)
        if made == "socket.socket" or (made is None and last in ("sock", "socket")):
            port = _port_of(node.args[0] if node.args else None)
    if port:
        scope.report(
            "SF403",
            node,
            f"port {port} is fixed: only one worker can listen on it",
            "listen on port 0 and ask for the port that was given, or lease one from"
            " surefoot.isolation",
        )


def _port_of(address: ast.expr | None) -> int | None:
    if isinstance(address, ast.Tuple) and len(address.elts) == 2:
        return _number(address.elts[1])
    return None


def _number(node: ast.expr | None) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    return None
