Feature: A child that nobody waits for

  Scenario: It is left behind
    Given a child is left behind
