Feature: Output

  Scenario: It passes
    Given "one" is printed
    And "two" is written to standard error
    And "three" is logged

  Scenario: It fails
    Given "one" is printed
    And "two" is written to standard error
    And "three" is logged
    Then it fails

  Scenario: It raises
    Given "größer: 漢字 🎉" is printed
    And "größer: 漢字 🎉" is logged
    Then it raises

  Scenario: It fails without output of its own
    Then it fails

  Scenario: Escapes and markup
    Given "[31mred[0m <b>&amp;</b> ]]>" is printed
    Then it fails
