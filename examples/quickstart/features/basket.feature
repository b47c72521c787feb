Feature: Basket

  Background:
    Given an empty basket

  Scenario: A new basket costs nothing
    Then the total is 0.00

  Scenario: Several things
    When I put 2 apples at 0.40 into the basket
    And I put 1 melons at 3.10 into the basket
    Then the total is 3.90
    And the basket holds
      | thing  | count |
      | apples | 2     |
      | melons | 1     |

  Scenario: Nothing can be put in a negative number of times
    When I try to put -1 apples at 0.40 into the basket
    Then I am told "a basket holds at least one of a thing"

  Scenario Outline: Many of a thing cost less
    When I put <count> pears at 0.50 into the basket
    Then the total is <total>

    Examples: below ten
      | count | total |
      | 1     | 0.50  |
      | 9     | 4.50  |

    Examples: ten and more
      | count | total |
      | 10    | 4.50  |
      | 20    | 9.00  |
