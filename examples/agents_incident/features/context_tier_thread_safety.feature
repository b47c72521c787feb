Feature: The context tiers, also with many threads

  An entry is in exactly one of hot, warm and cold, whoever moves it and whenever it is
  looked at.

  Background:
    Given a context tier service for 2 hot, 3 warm and 4 cold entries

  Rule: Entries move between the tiers

    Scenario: A new entry is hot
      When I put "a" into hot
      Then hot holds "a"
      And warm is empty

    Scenario: The least recently used entry makes room
      When I put "a, b, c" into hot
      Then hot holds "b, c"
      And warm holds "a"

    Scenario: What falls out of cold is dropped
      When I put "a, b, c, d, e, f, g, h, i, j" into hot
      Then hot holds "i, j"
      And warm holds "f, g, h"
      And cold holds "b, c, d, e"
      And 9 entries are held and 1 were dropped

    Scenario: Getting moves one tier up
      Given "a" in cold
      When I get "a"
      Then the text is "text of a"
      And the entry "a" is warm
      When I get "a"
      Then the entry "a" is hot

    Scenario: Getting what is hot keeps it there
      Given "a, b" in hot
      When I get "a"
      And I put "c" into hot
      Then hot holds "a, c"
      And the entry "b" is warm

    Scenario: Promoting goes to hot at once
      Given "a" in cold
      When I promote "a"
      Then the entry "a" is hot
      And cold is empty

    Scenario: Demoting goes one tier down
      Given "a" in hot
      When I demote "a"
      Then the entry "a" is warm
      When I demote "a"
      Then the entry "a" is cold
      When I demote "a"
      Then the entry "a" is cold

    Scenario: Putting again replaces, wherever it was
      Given "a" in cold
      When I put "a" into hot
      Then the entry "a" is hot
      And no entry is in two tiers

    Scenario: Discarding removes
      Given "a" in warm
      When I discard "a"
      Then the entry "a" is nowhere
      And getting "a" is refused: "no tier holds "a""

    Scenario: A tier holds at least one entry
      Then a service for 0 hot entries is refused: "a tier holds at least 1 entry"

  Rule: Threads do not disturb each other

    Scenario Outline: <threads> threads fill the tiers
      When <threads> threads put 25 entries each
      Then hot holds 2, warm 3 and cold 4 entries
      And no entry is in two tiers

      Examples:
        | threads |
        | 4       |
        | 8       |
        | 20      |

    Scenario Outline: <threads> threads move the same entries
      Given "a, b, c" in warm
      When <threads> threads promote and demote "a, b, c" 25 times
      Then 3 entries are held and 0 were dropped
      And no entry is in two tiers

      Examples:
        | threads |
        | 4       |
        | 20      |

    Scenario: Threads that put one entry leave one
      When 20 threads put "a" at once
      Then hot holds "a"
      And 1 entries are held and 0 were dropped

    Scenario: One of many threads removes an entry
      Given "a" in hot
      When 20 threads discard "a" at once
      Then exactly one of them removed it
