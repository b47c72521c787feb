Feature: Tags leave scenarios out

  Scenario: It runs
    Given a step that passes

  @xfail
  Scenario: It would fail
    Given a step that fails

  @not_implemented
  Scenario Outline: It is not there yet
    Given a step that nobody defined <n>

    Examples:
      | n |
      | 1 |
      | 2 |

  Scenario Outline: Some of it
    Given a step that passes

    Examples: Good
      | n |
      | 1 |

    @xfail
    Examples: Bad
      | n |
      | 2 |

  @skip
  Scenario: The tag skip alone does nothing
    Given a step that passes
