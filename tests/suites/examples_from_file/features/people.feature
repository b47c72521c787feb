Feature: Rows from a file

  Scenario Outline: <name> is <age>
    Given <name> of age <age>

    @from_file=people.csv
    Examples: From the file
      | name | age |

    @here
    Examples: From here
      | name | age |
      | Zoe  | 3   |

  Scenario: No rows
    Given Uli of age 77
