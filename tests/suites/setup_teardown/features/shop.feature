Feature: A shop that is opened and closed

  @setup
  Scenario: Open it
    Given the shop is opened

  Scenario: Buy an apple
    Then an apple can be bought

  Scenario: Buy a pear
    Then a pear can be bought

  @teardown
  Scenario: Close it
    Given the shop is closed
