Feature: What the context holds, and for how long

  Scenario: Set here
    Given "fruit" is set to "apple"
    Then "fruit" is "apple"
    And "feature_word" is "from before_feature"

  Scenario: Gone here
    Then "fruit" is not set
    And "feature_word" is "from before_feature"

  Scenario: Set over the feature's
    Given "feature_word" is set to "mine"
    Then "feature_word" is "mine"

  Scenario: The feature's is back
    Then "feature_word" is "from before_feature"

  Scenario: A name that is not there
    Then "nothing" is "anything"

  Rule: A rule
    Scenario: The rule's
      Then "rule_word" is "from before_rule"
