Feature: The formats of an answer

  The same answer, for people (plain and table) and for programs (JSON and YAML).

  Rule: A record

    Background:
      Given I ran `agents session create alpha --profile trusted`

    Scenario: Plain is a line for each field
      When I run `agents --format plain session show alpha`
      Then it prints
        """
        name: alpha
        profile: trusted
        state: open
        notes: 0
        """

    Scenario: A table of one row
      When I run `agents --format table session show alpha`
      Then it prints
        """
        NAME   PROFILE  STATE  NOTES
        -----  -------  -----  -----
        alpha  trusted  open   0
        """

    Scenario: JSON
      When I run `agents --format json session show alpha`
      Then `data` of the envelope is {"name": "alpha", "profile": "trusted", "state": "open", "notes": 0}

    Scenario: YAML keeps the order of the fields
      When I run `agents --format yaml session show alpha`
      Then it prints
        """
        name: alpha
        profile: trusted
        state: open
        notes: 0
        """

  Rule: A list

    Background:
      Given I ran `agents session create alpha`
      And I ran `agents session create beta-with-a-long-name --profile autonomous`

    Scenario: Plain is a line for each record
      When I run `agents --format plain session list`
      Then it prints
        """
        alpha  review  open  0
        beta-with-a-long-name  autonomous  open  0
        """

    Scenario: A table is as wide as its widest cells
      When I run `agents --format table session list`
      Then it prints
        """
        NAME                   PROFILE     STATE  NOTES
        ---------------------  ----------  -----  -----
        alpha                  review      open   0
        beta-with-a-long-name  autonomous  open   0
        """

    Scenario: YAML is a list
      When I run `agents --format yaml session list`
      Then the answer is this YAML
        """
        - {name: alpha, profile: review, state: open, notes: 0}
        - {name: beta-with-a-long-name, profile: autonomous, state: open, notes: 0}
        """

    Scenario: JSON is a list
      When I run `agents --format json session list`
      Then `data.0.name` of the envelope is "alpha"
      And `data.1.profile` of the envelope is "autonomous"

  Rule: A text

    Scenario Outline: It stands alone, as <format>
      Given the extension "notes" is installed
      When I run `agents --format <format> ext run notes add milk`
      Then it prints "noted: milk"

      Examples:
        | format |
        | plain  |
        | table  |

  Rule: Values keep what they are

    @cli
    Scenario: Letters of all alphabets stand as they are in YAML
      When I run `agents --format yaml job run echo "Grüße, 世界"`
      Then it succeeds
      And the output has "Grüße, 世界"

    Scenario Outline: And so they do in <format>
      When I run `agents --format <format> job run echo "Grüße, 世界"`
      Then the output has "Grüße, 世界"

      Examples:
        | format |
        | plain  |
        | table  |
        | json   |

    Scenario: A yes is a word for people
      Given the extension "notes" is installed
      When I run `agents --format plain ext list`
      Then it prints "notes  1.2.0  yes  add, check"

    Scenario: A yes is a value for programs
      Given the extension "notes" is installed
      When I run `agents --format json ext list`
      Then `data.0.enabled` of the envelope is true

    Scenario: Nothing is a dash for people
      Given the extension "notes" is installed
      When I run `agents --format plain ext info notes`
      Then the output has "check  -  Check the notes."

  Rule: Errors go to the error output

    Scenario Outline: As <format>
      When I run `agents --format <format> session show ghost`
      Then it ends with exit code 3
      And it prints nothing
      And the error is "there is no session "ghost""

      Examples:
        | format |
        | plain  |
        | table  |
        | yaml   |
