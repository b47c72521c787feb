Feature: five bugs that plain runs do not show, and their healthy twins

  @steady
  Scenario: lost update
    Given a plain counter
    When two threads add one each
    Then the count is 2

  @steady
  Scenario: lost update, healthy
    Given a safe counter
    When two threads add one each
    Then the count is 2

  @steady
  Scenario: half moved item
    Given plain tiers
    When an item is demoted while another thread looks for it
    Then it was found

  @steady
  Scenario: half moved item, healthy
    Given safe tiers
    When an item is demoted while another thread looks for it
    Then it was found

  @steady
  Scenario: changed while listed
    Given a plain registry
    When a name is added while another thread lists them
    Then the list has at least 3 names

  @steady
  Scenario: changed while listed, healthy
    Given a safe registry
    When a name is added while another thread lists them
    Then the list has at least 3 names

  @files
  Scenario: check then act
    Given plain exports
    When two threads export
    Then there are 2 different files

  @files
  Scenario: check then act, healthy
    Given safe exports
    When two threads export
    Then there are 2 different files

  @steady
  Scenario: deadlock
    Given two accounts
    When transfers cross
    Then no money is lost

  @steady
  Scenario: deadlock, healthy
    Given two accounts
    When safe transfers cross
    Then no money is lost

  @steady
  Scenario: no threads
    Given a plain counter
