@first @second
Feature: Hooks of tags

  @third
  Scenario: One
    Then the tags so far are first, second, third

  Scenario: Two
    Then the tags so far are first, second

  @fourth
  Scenario Outline: Three
    Then the tags so far are first, second, fourth, <tag>

    @fifth
    Examples:
      | tag   |
      | fifth |

  @sixth
  Rule: A rule
    @third
    Scenario: Four
      Then the tags so far are first, second, sixth, third
