@all
Feature: Calls
  A description.

  Background: First
    Given the number 1

  @one
  Scenario: It passes
    When "text" is attached
    Then the number is 1

  Scenario Outline: Rows
    Given the number <n>
    Then the number is 1

    Examples: Some
      | n |
      | 1 |
      | 2 |

  @rule
  Rule: A rule
    Background: Second
      Given the number 3

    Scenario: In the rule
      Then the number is 4
      And the number is 3

  Scenario: Undefined
    Then nobody knows this
