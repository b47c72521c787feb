Feature: A step reads where there is nothing

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When nothing is read
    Then a step that passes

  Scenario: After
    Given a step that passes
