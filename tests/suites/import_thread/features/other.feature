Feature: Elsewhere

  Scenario: It is alive here too
    Then the thread is alive
