Feature: Größe & Co <x> "y" 'z'

  Scenario: Ein „Zitat“ – und ein Strich
    Given "ä ö ü ß" is said

  Scenario: <tag> & "quotes" ]]> end
    Given "<b> & </b> ]]>" is refused

  Scenario: Emoji 🎉 and 漢字, Ελληνικά, عربي
    Given "🎉" is refused

  Scenario: A name that holds # a hash and @no-tag
    Given "#" is said

  @tag:with:colons @tag-with-dash @täg @a,b=c
  Scenario: Tags of all kinds
    Given "tags" is said

  Scenario: A very long name that goes on and on, so that whoever cuts names at eighty or at a hundred and twenty characters cuts it
    Given "long" is refused
