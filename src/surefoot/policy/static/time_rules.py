"""Rules about time: sleeps in steps, replaced sleeps, and what blocks an import."""

import ast

from surefoot.policy.static.facts import CallFact, Raw
from surefoot.policy.static.names import Names, calls_in, keyword, last_name, source_of
from surefoot.policy.static.rule import Rule
from surefoot.policy.static.scope import FunctionNode, Scope

REPLACED_SLEEP = Rule(
    code="SF201",
    name="replaced-sleep",
    severity="error",
    what="time.sleep or asyncio.sleep is replaced for the whole process.",
    why="Every loop that counts sleeps instead of reading a clock gives up early: with a sleep"
    " capped at 10 ms, thirty waits of 0.1 s are over after 0.3 s, and a step fails although what"
    " it waits for is on its way.",
    bad="time.sleep = lambda seconds: original(min(seconds, 0.01))",
    good="# remove the cap; wait for what you need:\n"
    "from surefoot.clock import eventually\neventually(lambda: job.done, timeout=3)",
)
SLEEP_COUNTED = Rule(
    code="SF202",
    name="sleep-counted-loop",
    severity="error",
    what="A loop waits by counting sleeps: its deadline is the number of rounds.",
    why="On a busy machine each round takes longer than its sleep, and with a capped sleep it"
    " takes less: the deadline is never the one that was meant.",
    bad="for _ in range(30):\n    if job.done:\n        break\n    time.sleep(0.1)",
    good="eventually(lambda: job.done, timeout=3, every=0.1)  # from surefoot.clock",
    tests_only=True,
)
SLEEP = Rule(
    code="SF203",
    name="sleep-in-step",
    severity="warning",
    what="A step or hook sleeps for a fixed time.",
    why="The time is too short on a loaded machine, where the step then fails, and too long"
    " everywhere else, where it only makes the run slower.",
    bad='@when("the job is done")\ndef _(context):\n    time.sleep(2)',
    good='@when("the job is done")\ndef _(context):\n'
    "    assert context.done.wait(timeout=10)  # an Event that the job sets",
    tests_only=True,
)
IMPORT_WORK = Rule(
    code="SF204",
    name="work-at-import",
    severity="warning",
    what="Importing a module waits, starts a thread or a process, or talks to the network.",
    why="The suite is loaded before the first scenario. What blocks there blocks all of it, and"
    " a thread that runs when workers are forked does not exist in them: pools and locks that it"
    " holds are dead there.",
    bad="_pool = ThreadPoolExecutor()\n_map = _pool.submit(build_map).result()",
    good="@functools.cache\ndef map():\n    return build_map()  # when it is first needed",
)
BLOCKED_IMPORT = Rule(
    code="SF205",
    name="blocked-import",
    severity="error",
    what="A module is imported and the import does not end. `surefoot run` tells it, at the line"
    " that waits and with its stack, once --preload-timeout has passed.",
    why="Nothing runs before the suite is loaded: without a deadline the run stands there and says"
    " nothing. A module of --preload is left out and the run goes on without it; where the suite"
    " itself cannot be loaded, the run ends with exit code 4.",
    bad="MAPS = BUILDER.build_all()   # waits for an event that the application sets when it runs",
    good="@functools.cache\ndef maps():\n    return BUILDER.build_all(timeout=10)",
)

RULES = (REPLACED_SLEEP, SLEEP_COUNTED, SLEEP, IMPORT_WORK, BLOCKED_IMPORT)

_SLEEPS = ("time.sleep", "asyncio.sleep")
_CLOCKS = frozenset(
    f"{module}.{name}"
    for module, names in (
        ("time", ("monotonic", "time", "perf_counter", "monotonic_ns", "time_ns")),
        ("datetime.datetime", ("now", "utcnow")),
    )
    for name in names
)
_BLOCKING = {
    "time.sleep": "sleeps",
    "input": "waits for a key",
    "socket.create_connection": "opens a connection",
    "urllib.request.urlopen": "opens a connection",
    "subprocess.run": "waits for a process",
    "subprocess.call": "waits for a process",
    "subprocess.check_call": "waits for a process",
    "subprocess.check_output": "waits for a process",
    "os.system": "waits for a process",
    "os.wait": "waits for a process",
    "asyncio.run": "runs an event loop",
} | {
    f"{library}.{method}": "sends a request"
    for library in ("requests", "httpx")
    for method in ("get", "post", "put", "head", "request")
}
_MAKERS_WAIT = {
    "threading.Event": ("wait",),
    "threading.Condition": ("wait", "wait_for"),
    "threading.Barrier": ("wait",),
    "threading.Thread": ("join", "start"),
    "threading.Timer": ("join", "start"),
    "multiprocessing.Process": ("join", "start"),
    "queue.Queue": ("get", "join"),
    "queue.SimpleQueue": ("get",),
    "concurrent.futures.ThreadPoolExecutor": ("submit", "map"),
    "concurrent.futures.ProcessPoolExecutor": ("submit", "map"),
}
_STARTS = frozenset(("start", "submit", "map"))


def replaced_sleep(node: ast.AST, scope: Scope) -> None:
    """`time.sleep = ...`, unless the same function puts the original back."""
    assert isinstance(node, ast.Assign)
    for target in node.targets:
        dotted = scope.names.dotted(target) if isinstance(target, ast.Attribute) else None
        if dotted in _SLEEPS and not _put_back(node, dotted, scope):
            _report_replaced(node, dotted, scope)


def replaced_by_setattr(node: ast.AST, scope: Scope) -> None:
    """`setattr(time, "sleep", ...)`."""
    assert isinstance(node, ast.Call)
    match node:
        case ast.Call(func=ast.Name(id="setattr"), args=[owner, ast.Constant(value=str(name)), _]):
            dotted = f"{scope.names.dotted(owner)}.{name}"
            if dotted in _SLEEPS:
                _report_replaced(node, dotted, scope)


def _report_replaced(node: ast.AST, dotted: str, scope: Scope) -> None:
    scope.report(
        "SF201",
        node,
        f"{dotted} is replaced for the whole process",
        "remove it, and wait with surefoot.clock.eventually or an Event; where a real sleep is"
        " needed, surefoot.clock.real_sleep is one",
        subject=dotted,
    )


def _put_back(node: ast.Assign, dotted: str, scope: Scope) -> bool:
    """Whether the assignment restores the original, or its function does so later."""
    if isinstance(node.value, ast.Name | ast.Attribute):
        name = last_name(node.value) or ""
        if "orig" in name.lower() or "real" in name.lower() or "saved" in name.lower():
            return True
    frame = scope.frame
    if frame is None or isinstance(frame.node, ast.Lambda):
        return False
    assigned = [
        item
        for item in ast.walk(frame.node)
        if isinstance(item, ast.Assign)
        and any(
            isinstance(target, ast.Attribute) and scope.names.dotted(target) == dotted
            for target in item.targets
        )
    ]
    return len(assigned) > 1


def sleep_in_step(node: ast.AST, scope: Scope) -> None:
    """A sleep for a fixed time in a step or hook."""
    assert isinstance(node, ast.Call)
    if not scope.in_step or scope.names.dotted(node.func) not in _SLEEPS:
        return
    argument = keyword(node, "seconds", 0)
    if isinstance(argument, ast.Constant) and not argument.value:
        return
    if isinstance(argument, ast.Name) and _is_parameter(argument.id, scope):
        # The step's text says how long, so that sleeping is what it is for.
        return
    frame = scope.frame
    if frame is not None and isinstance(frame.node, ast.Lambda):
        # It is what replaces a sleep, or is called by something that waits.
        return
    if frame is not None and any(_reads_clock(loop, scope.names) for loop in frame.loops):
        # It polls until a deadline of a clock; that is slow, not wrong.
        return
    scope.report(
        "SF203",
        node,
        f"the step sleeps: {scope.text_of(node)}",
        "wait for what the step needs: an Event with a timeout, or"
        " surefoot.clock.eventually(condition, timeout=...)",
    )


def _is_parameter(name: str, scope: Scope) -> bool:
    return any(
        name in (argument.arg for argument in (*frame.node.args.args, *frame.node.args.kwonlyargs))
        for frame in scope.frames
    )


def _reads_clock(loop: ast.AST, names: Names) -> bool:
    for node in ast.walk(loop):
        if isinstance(node, ast.Call):
            if names.dotted(node.func) in _CLOCKS:
                return True
            if last_name(node.func) in ("monotonic", "now", "expired", "remaining", "time"):
                return True
    return False


def counted_sleeps(scope: Scope, tree: ast.Module) -> None:
    """Loops that count sleeps; the sleeps in them are not told a second time."""
    # Imported here: the room of clocks is large, and most modules do not sleep.
    from surefoot.clock.sleeploops import REMEDY, find_sleep_loops

    loops = find_sleep_loops(tree)
    if not loops:
        return
    scope.found = [
        raw
        for raw in scope.found
        if raw.code != "SF203" or not any(loop.line <= raw.line <= loop.end_line for loop in loops)
    ]
    for loop in loops:
        text = scope.lines[loop.line - 1].strip()
        scope.found.append(Raw("SF202", loop.line, loop.message, REMEDY, [text]))


def import_work(scope: Scope) -> None:
    """Calls at import that block or start something, in functions of the module too."""
    seen: set[str] = set()
    pending: list[tuple[ast.Call, ast.Call, tuple[str, ...]]] = [
        (call, call, ()) for call in scope.top_calls
    ]
    while pending:
        origin, call, through = pending.pop()
        why = _blocks(call, scope.names)
        if why is not None:
            path = " -> ".join((*through, scope.text_of(call.func) + "()"))
            scope.report(
                "SF204",
                origin,
                f"importing this module {why}: {path}"
                + (f" (line {call.lineno})" if call is not origin else ""),
                "do it when it is first needed, or in before_all; an import only defines",
            )
            # One finding for each call at module level.
            pending = [item for item in pending if item[0] is not origin]
            continue
        for name, function in _callees(call, scope):
            key = f"{id(origin)}:{name}"
            if key not in seen and len(through) < 8:
                seen.add(key)
                inner = calls_in(function.body, nested=False)
                pending += [(origin, item, (*through, f"{name}()")) for item in inner]


def calls_of(scope: Scope) -> dict[str, list[CallFact]]:
    """Return the calls that an import runs, and those in functions that it may come to."""
    found = {"": [_call(call, "", scope) for call in scope.top_calls]}
    if not scope.in_tests:
        for name, function in scope.functions.items():
            if not function.decorator_list:
                inner = calls_in(function.body, nested=False)
                found[name] = [_call(call, "", scope) for call in inner]
        for owner, name, method in scope.owned:
            if not method.decorator_list:
                key = owner if name == "__init__" else f"{owner}.{name}"
                inner = calls_in(method.body, nested=False)
                found[key] = [_call(call, owner, scope) for call in inner]
    kept = {
        name: [call for call in calls if call.target or call.blocks]
        for name, calls in found.items()
    }
    return {name: calls for name, calls in kept.items() if calls}


def _call(call: ast.Call, owner: str, scope: Scope) -> CallFact:
    return CallFact(
        call.lineno,
        scope.column(call.lineno, call.col_offset) + 1,
        source_of(call.func) or "",
        _target_of(call.func, owner, scope),
        _blocks(call, scope.names) or "",
    )


def _target_of(function: ast.expr, owner: str, scope: Scope) -> str:
    dotted = scope.names.dotted(function)
    if dotted is not None:
        return dotted
    if isinstance(function, ast.Name):
        known = function.id in scope.functions or function.id in scope.methods
        return f":{function.id}" if known else ""
    if isinstance(function, ast.Attribute):
        if isinstance(function.value, ast.Name) and function.value.id == "self" and owner:
            return f":{owner}.{function.attr}"
        value = function.value
        made = scope.names.made_by(value)
        if made is not None:
            return f"{made}.{function.attr}"
    return ""


def waits(made: str, method: str) -> str | None:
    """Return what a method of an object that `made` made does: waits or starts, or None."""
    if method not in _MAKERS_WAIT.get(made, ()):
        return None
    return f"starts something ({made})" if method in _STARTS else f"waits ({made})"


def _blocks(call: ast.Call, names: Names) -> str | None:
    """Return what the call does that an import should not, or None."""
    dotted = names.dotted(call.func)
    if dotted is None and isinstance(call.func, ast.Name) and call.func.id == "input":
        dotted = "input"
    if dotted in _BLOCKING:
        return _BLOCKING[dotted]
    if not isinstance(call.func, ast.Attribute):
        return None
    made = names.made_by(call.func.value)
    method = call.func.attr
    return waits(made, method) if made is not None else None


def _callees(call: ast.Call, scope: Scope) -> list[tuple[str, FunctionNode]]:
    """Return the functions of this module that a call may enter."""
    if isinstance(call.func, ast.Name):
        name = call.func.id
        if name in scope.functions:
            function = scope.functions[name]
            return [] if function.decorator_list else [(name, function)]
        return [(name, method) for method in scope.methods.get(name, ())]
    if isinstance(call.func, ast.Attribute):
        methods = scope.methods.get(call.func.attr, [])
        # By the name alone it must be the only one, on an object of this module.
        if len(methods) == 1 and scope.names.dotted(call.func) is None:
            return [(call.func.attr, methods[0])]
    return []
