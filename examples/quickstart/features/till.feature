Feature: Till

  Background:
    Given an empty basket

  @printer @lock:printer
  Scenario: A receipt on paper
    When I put 1 apples at 0.40 into the basket
    And I pay
    And I print the receipt
    Then the printer has printed 2 lines

  Rule: What was paid is written down

    Example: A receipt in a file
      When I put 3 café crèmes at 2.20 into the basket
      And I pay
      Then the receipt reads
        """
        3 café crèmes  6.60 EUR
        total          6.60 EUR
        """
