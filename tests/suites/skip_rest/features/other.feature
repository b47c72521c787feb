Feature: Not skipped

  Scenario: Elsewhere
    Given a step that passes
