Feature: A background

  Background: The shop is open
    Two lines
    of description.

    Given a shop with
      | fruit | price |
      | apple | 3     |
      | pear  | 4     |
    And the note
      """
      open until six
      """

  Scenario: An apple
    When an apple is bought
    Then 3 is paid

  Scenario: A pear
    When a pear is bought
    Then 4 is paid

  Scenario: A plum
    When a plum is bought
    Then 5 is paid
