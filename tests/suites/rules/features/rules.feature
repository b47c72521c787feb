Feature: Rules

  Background: Of the feature
    Given "feature background" is noted

  Scenario: Before all rules
    Then 1 thing is noted

  @first
  Rule: The first rule
    Its own description.

    Background: Of the rule
      Given "rule background" is noted

    Scenario: In the first rule
      Then 2 things are noted

    Scenario Outline: Rows in a rule
      Given "<word>" is noted
      Then <count> things are noted

      Examples:
        | word | count |
        | a    | 3     |
        | b    | 4     |

  @second
  Rule: The second rule
    Scenario: Without a background of its own
      Then 1 thing is noted

    @hot
    Scenario: In the first rule
      Given "more" is noted
      Then 2 things are noted

  Rule: An empty rule

  Rule:
    Scenario: In a rule without a name
      Then 1 thing is noted
