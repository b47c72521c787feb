Feature: The overlay that describes slash commands

  One who types a slash sees what can be typed, and what it does.

  The lines are ordered by name. None is wider than the terminal: what does not fit is cut,
  and an ellipsis says so.

  Scenario: All of them
    When I type "/" in a terminal of 100 columns
    Then the overlay shows
      """
      /cancel   Ask a job to stop.
      /context  Show what is known, tier by tier.
      /help     Show what can be typed here.
      /jobs     Show the jobs that are queued or running.
      /profile  Show or change what may be done without asking.
      /quit     Leave; jobs that run are asked to stop.
      /session  Switch to another session, or make one.
      """

  Scenario: Those that begin with what was typed
    When I type "/c" in a terminal of 100 columns
    Then the overlay shows
      """
      /cancel   Ask a job to stop.
      /context  Show what is known, tier by tier.
      """

  Scenario: The slash may be left out
    When I type "q" in a terminal of 100 columns
    Then the overlay shows
      """
      /quit  Leave; jobs that run are asked to stop.
      """

  @tdd_issue-9791
  Scenario: A description is cut to the terminal
    When I type "/session" in a terminal of 24 columns
    Then the overlay shows
      """
      /session  Switch to ano…
      """

  Scenario Outline: No line is wider than <columns> columns
    When I type "/" in a terminal of <columns> columns
    Then no line is wider than <columns> characters

    Examples:
      | columns |
      | 10      |
      | 40      |
      | 80      |

  Scenario: Nothing begins with what was typed
    When I type "/zebra" in a terminal of 100 columns
    Then the overlay is empty

  Scenario: The commands of extensions are described too
    Given the extension "notes" is installed
    When I run `agents slash list notes`
    Then it prints
      """
      notes:add  Add a note.
      notes:check  Check the notes.
      """

  Scenario: Those of a disabled extension are not
    Given the extension "notes" is installed
    And I ran `agents ext disable notes`
    When I run `agents slash list notes`
    Then it prints nothing

  Scenario: Every command has a description that ends
    Then every slash command has a description that ends with a full stop
