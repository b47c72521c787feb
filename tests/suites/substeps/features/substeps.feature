Feature: Steps that call steps

  Scenario: They pass
    Given the basket holds
      | fruit |
      | apple |
    When all is bought
    Then 1 thing is paid

  Scenario: One of them fails
    Given a step that passes
    When a step calls one that fails
    Then 1 thing is paid

  Scenario: One of them raises
    When a step calls one that raises

  Scenario: One of them is undefined
    When a step calls one that is undefined

  Scenario: Deeper
    When a step calls a step that calls one that fails

  Scenario: One of them skips the scenario
    When a step calls one that skips
    Then a step that fails

  Scenario: What it should be is no step
    When a step calls "nonsense"
