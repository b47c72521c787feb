Feature: A step gives a regular expression more than it can do

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When it is matched
    Then a step that passes

  Scenario: After
    Given a step that passes
