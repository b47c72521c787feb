Feature: Counting

  Scenario: One and one
    Given the number 1
    When 1 is added
    Then the number is 2

  Scenario: Two and three
    Given the number 2
    When 3 is added
    Then the number is 5
    And the number is not 6

  @slow
  Scenario: Down again
    Given the number 9
    When -4 is added
    Then the number is 5
    But the number is not 9
