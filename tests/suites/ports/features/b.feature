Feature: Servers of feature b

  Scenario Outline: Server <n> of b
    Given a server on a leased port
    Then it answers "b<n>" to itself
    And no scenario that runs now has the same port

    Examples:
      | n |
      | 1 |
      | 2 |
      | 3 |
      | 4 |
