Feature: The same without the faults

  Scenario: An undefined step
    Given a paid order
    When I push the button

  Scenario: Once
    Given a paid order

  Scenario: Twice
    Given a paid order

  Scenario: Something in it
    Given a paid order

  Scenario Outline: Rows
    When I buy <what>
    Examples:
      | what |
      | tea  |

  @tdd_issue @tdd_issue_12
  Scenario: A link with the generic tag
    Given a paid order

  @tdd_issue
  Scenario: A well-formed tag
    Given a paid order

  Scenario: All of the steps below
    When the order is shipped
    And threads look at the order
    And the tiers are looked at
    And files are written
    Then the order is closed
    When the job ends
    And I open the door
    And I wait
