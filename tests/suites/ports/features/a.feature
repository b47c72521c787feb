Feature: Servers of feature a

  Scenario Outline: Server <n> of a
    Given a server on a leased port
    Then it answers "a<n>" to itself
    And no scenario that runs now has the same port

    Examples:
      | n |
      | 1 |
      | 2 |
      | 3 |
      | 4 |
