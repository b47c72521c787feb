Feature: Servers of feature c

  Scenario Outline: Server <n> of c
    Given a server on a leased port
    Then it answers "c<n>" to itself
    And no scenario that runs now has the same port

    Examples:
      | n |
      | 1 |
      | 2 |
      | 3 |
      | 4 |
