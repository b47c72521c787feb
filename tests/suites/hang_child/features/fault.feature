Feature: A child process keeps the output open

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When a child is awaited
    Then a step that passes

  Scenario: After
    Given a step that passes
