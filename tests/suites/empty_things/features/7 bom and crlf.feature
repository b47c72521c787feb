Feature: A byte order mark

  Scenario: And other line ends
    Given a step that passes
