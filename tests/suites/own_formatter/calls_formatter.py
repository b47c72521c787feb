"""Writes down which calls a formatter gets, in which order, and what it can see by then."""

from behave.formatter.base import Formatter


class CallsFormatter(Formatter):
    name = "calls"
    description = "Each call that a formatter gets"

    def __init__(self, stream_opener, config):
        super().__init__(stream_opener, config)
        self.stream = self.open()

    def _write(self, *words):
        self.stream.write(" ".join(str(word) for word in words) + "\n")

    def uri(self, uri):
        self._write("uri", uri)

    def feature(self, feature):
        self._write("feature", feature.name, feature.tags, feature.status.name, feature.location)

    def rule(self, rule):
        self._write("rule", rule.name, rule.tags, rule.status.name, rule.location)

    def background(self, background):
        self._write("background", background.name, [step.name for step in background.steps])

    def scenario(self, scenario):
        self._write("scenario", scenario.name, scenario.tags, scenario.status.name)
        self._write("  in", scenario.feature.name, [step.name for step in scenario.all_steps])
        self._write("  tags", sorted(scenario.effective_tags), type(scenario).__name__)

    def step(self, step):
        self._write("step", step.keyword, step.name, step.status.name, step.location)

    def match(self, match):
        arguments = [(item.name, item.original, item.start, item.end) for item in match.arguments or ()]
        self._write("match", match.location, arguments)

    def result(self, step):
        self._write("result", step.name, step.status.name, step.error_message, step.duration >= 0)
        self._write("  exception", type(step.exception).__name__, step.exception)

    def embedding(self, mime_type, data):
        self._write("embedding", mime_type, len(data))

    def eof(self):
        self._write("eof")

    def close(self):
        self._write("close")
        self.close_stream()
