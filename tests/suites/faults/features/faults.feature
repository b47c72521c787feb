Feature: Faults that a static look finds

  Scenario: An undefined step
    Given a paid order
    When I push the buton

  Scenario: Twice
    Given a paid order

  Scenario: Twice
    Given a paid order

  Scenario: Nothing in it

  Scenario Outline: No rows
    When I buy <what>

  Scenario Outline: A column that is not there
    When I buy <waht>
    Examples:
      | what |
      | tea  |

  @tdd_issue_12
  Scenario: A link without the generic tag
    Given a paid order

  @tdd_isue
  Scenario: A malformed tag
    Given a paid order

  Scenario: All of the steps below
    When the order is shipped
    And threads look at the order
    And the tiers are looked at
    And files are written
    Then the order is closed
