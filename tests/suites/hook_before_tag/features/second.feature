@whole
Feature: Second

  Scenario: Four
    Given a step that passes

  @broken_rule
  Rule: Fifth
    Scenario: Five
      Given a step that passes

    Scenario Outline: Six
      Given a step that passes

      Examples:
        | n |
        | 1 |

  Rule: Sixth
    Scenario: Seven
      Given a step that passes
