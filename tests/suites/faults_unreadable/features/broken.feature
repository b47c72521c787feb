Feature: Broken
  Scenario: One
    Given a paid order
    this is no step
