Feature: Known bugs

  @tdd_issue @tdd_issue_1 @tdd_expected_fail
  Scenario: fails as expected
    Given it passes
    When it fails
    Then it passes

  @tdd_bug @tdd_bug_2 @tdd_expected_fail
  Scenario: raises as expected
    Given it raises

  @tdd_issue @tdd_issue_3 @tdd_expected_fail
  Scenario: passes unexpectedly
    Given it passes

  @tdd_expected_fail
  Scenario: lacks its issue
    Given it fails

  @tdd_issue @tdd_issue_4 @tdd_expected_fail @expect_error:ValueError
  Scenario: fails as stated
    Given it raises

  @tdd_issue @tdd_issue_4 @tdd_expected_fail @expect_error:LookupError
  Scenario: fails by a subclass of what is stated
    Given it looks up what is not there

  @tdd_issue @tdd_issue_5 @tdd_expected_fail @expect_error:KeyError
  Scenario: fails otherwise than stated
    Given it raises

  @tdd_issue @tdd_issue_6 @tdd_expected_fail @expect_message:of_no_value
  Scenario: fails with the stated message
    Given it raises

  @tdd_issue @tdd_issue_6 @tdd_expected_fail @expect_message:of_great_value
  Scenario: fails with another message
    Given it raises

  @tdd_issue @tdd_issue_7 @tdd_expected_fail
  Scenario: has an undefined step
    Given nobody knows this

  @tdd_issue @tdd_issue_8 @tdd_expected_fail
  Scenario: has a failing hook
    Given it passes

  @tdd_issue @tdd_issue_9 @tdd_expected_fail
  Scenario: has a failing step hook
    Given it passes

  @tdd_issue @tdd_issue_10 @tdd_expected_fail @dies
  Scenario: crashes
    Given the process dies

  @tdd_issue @tdd_issue_11 @tdd_expected_fail
  Scenario: is skipped
    Given it skips

  @tdd_issue @tdd_issue_12 @tdd_expected_fail
  Scenario: is pending
    Given it is pending

  @tdd_issue @tdd_issue_13
  Scenario: is a known bug that is mended
    Given it passes

  Scenario: fails
    Given it fails

  @tdd_issue @tdd_issue_14
  Scenario Outline: row <what>
    Given it <what>

    @tdd_expected_fail
    Examples: bad
      | what   |
      | fails  |
      | raises |

    Examples: good
      | what   |
      | passes |

  @tdd_issue @tdd_expected_fail
  Rule: Inherited

    @tdd_issue_15
    Scenario: inherits two tags
      Given it fails
