Feature: Attachments

  Scenario: Text and bytes
    Given a text is attached
    And bytes are attached

  Scenario: And then it fails
    Given a text is attached
    Then it fails
