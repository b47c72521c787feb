Feature: A background that takes its values from the rows

  Background:
    Given the price of <fruit> is <price>

  Scenario Outline: Buying <fruit>
    When a <fruit> is bought
    Then <price> is paid

    Examples:
      | fruit | price |
      | plum  | 5     |
      | fig   | 6     |

  Scenario Outline: Buying two of <fruit>
    When a <fruit> is bought
    And a <fruit> is bought
    Then <total> is paid

    Examples:
      | fruit | price | total |
      | plum  | 5     | 10    |
      | fig   | 6     | 13    |
