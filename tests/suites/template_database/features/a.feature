Feature: A shop of its own for each scenario, feature a

  Scenario Outline: <item> is sold in a
    Given a shop
    When "<item>" is added
    Then the shop has "bread, <item>"

    Examples:
      | item   |
      | butter |
      | milk   |
      | tea    |

  Scenario: A template that cannot be built in a
    Given a shop whose migrations are broken
