"""The vocabularies that are shipped, and their maps, built once when this is imported."""

from agents.uko.detail_levels import DetailLevelMapBuilder, Vocabulary

BUILDER = DetailLevelMapBuilder(
    [
        Vocabulary("document", (("title", ""), ("outline", ""), ("summary", ""), ("full", ""))),
        Vocabulary(
            "code",
            (("signatures", "outline"), ("docstrings", "signatures")),
            extends="document",
        ),
        Vocabulary("python", (("types", "signatures"), ("bodies", "summary")), extends="code"),
        Vocabulary("table", (("columns", "title"), ("sample", "summary")), extends="document"),
    ]
)

DEFAULT_MAPS = BUILDER.build_all()
