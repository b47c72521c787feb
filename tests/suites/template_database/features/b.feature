Feature: A shop of its own for each scenario, feature b

  Scenario Outline: <item> is sold in b
    Given a shop
    When "<item>" is added
    Then the shop has "bread, <item>"

    Examples:
      | item   |
      | butter |
      | milk   |
      | tea    |

  Scenario: A template that cannot be built in b
    Given a shop whose migrations are broken
