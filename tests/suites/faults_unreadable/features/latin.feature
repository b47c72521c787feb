Feature: Café
  Scenario: One
    Given a paid order
