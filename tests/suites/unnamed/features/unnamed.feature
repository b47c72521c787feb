Feature:

  Scenario:
    Given a step that passes

  Scenario:
    Given a step that fails

  Scenario Outline:
    Given a step that <does>

    Examples:
      | does   |
      | passes |
      | fails  |

  Rule:
    Background:
      Given a step that passes

    Scenario:
      Given a step that passes
