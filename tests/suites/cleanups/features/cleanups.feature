Feature: Cleanups run, last first

  Scenario: Two cleanups
    Given a cleanup "one"
    And a cleanup "two"

  Scenario: A cleanup for a scenario that fails
    Given a cleanup "three"
    Then it fails

  Scenario: In order
    Then these were cleaned up: two, one, three
