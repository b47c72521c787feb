Feature: Tables and texts

  Scenario: A table
    Given the people
      | name       | age | note            |
      | Anna Maria | 31  | a \| b          |
      | 李雷        | 9   | back\\slash     |
      |            | 0   |                 |
    Then there are 3 people

  Scenario: A text
    Given the text
      """
      one

        indented "quoted"
      \"\"\" not the end
      """
    Then it has 4 lines

  Scenario: A text with a content type
    Given the text
      """json
      {"a": [1, 2]}
      """
    Then it is JSON

  Scenario: A text in other quotes
    Given the text
      '''
      it is "so"
      '''
    Then it has 1 lines

  Scenario: An empty text
    Given the text
      """
      """
    Then it has 0 lines

  Scenario: A table that is wrong
    Given the people
      | name | age |
      | Bo   | 7   |
    Then there are 2 people
