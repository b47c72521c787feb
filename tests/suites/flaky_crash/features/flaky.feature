Feature: A scenario that crashes the first time

  Scenario: Steady
    Given a step that passes

  Scenario: Crashes
    Given the process ends the first time

  Scenario: Hangs
    Given it hangs the first time
