from behave.reporter.base import Reporter


class LinesReporter(Reporter):
    def __init__(self, config):
        super().__init__(config)
        self.lines = []

    def feature(self, feature):
        self.lines += [
            f"{scenario.location} {scenario.status.name}" for scenario in feature.walk_scenarios()
        ]

    def end(self):
        with open("lines.txt", "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in self.lines)


def before_all(context):
    context.config.reporters.append(LinesReporter(context.config))
