Feature: Tags that depend on where the suite runs

  @use.with_colour=red
  Scenario: The right colour
    Given a step that passes

  @use.with_colour=blue
  Scenario: The wrong colour
    Given a step that fails

  @not.with_colour=red
  Scenario: Not this colour
    Given a step that fails

  @use.with_size=large @use.with_size=small
  Scenario: One of two sizes
    Given a step that passes
