Feature: The global format flag

  `--format` says how an answer is written: plain, table, json or yaml. It belongs to no
  command and may stand anywhere.

  Background:
    Given I ran `agents session create alpha`

  Rule: The flag says how an answer is written

    Scenario Outline: Before the command, as <format>
      When I run `agents --format <format> session list`
      Then it succeeds
      And the output has "<sign>"

      Examples:
        | format | sign                    |
        | plain  | alpha  review  open  0  |
        | table  | NAME   PROFILE          |
        | json   | "name": "alpha"         |
        | yaml   | - name: alpha           |

    Scenario: With an equals sign
      When I run `agents --format=yaml session show alpha`
      Then the output has "name: alpha"
      And the output has "state: open"

    Scenario: Plain is what is written without it
      When I run `agents session list`
      Then it prints "alpha  review  open  0"

    Scenario: An empty value is no format
      When I run `agents --format= session list`
      Then it succeeds
      And it prints "alpha  review  open  0"

    Scenario: The last one wins
      When I run `agents --format json --format yaml version`
      Then it prints
        """
        name: agents
        version: 1.4.0
        """

  Rule: It is global, so it may stand behind the command too

    One who types a command and sees that it is hard to read adds the flag at the
    end.

    @cli
    Scenario: Behind the command
      When I run `agents session list --format table`
      Then it prints
        """
        NAME   PROFILE  STATE  NOTES
        -----  -------  -----  -----
        alpha  review   open   0
        """

    Scenario: After two dashes it is an argument
      When I run `agents session note alpha -- --format`
      Then it succeeds
      And the output has "notes: 1"

  Rule: The environment gives the default

    Scenario: AGENTS_FORMAT
      Given the environment variable "AGENTS_FORMAT" is "table"
      When I run `agents session list`
      Then the output has "NAME   PROFILE"

    Scenario: The flag is stronger
      Given the environment variable "AGENTS_FORMAT" is "table"
      When I run `agents --format plain session list`
      Then it prints "alpha  review  open  0"

  Rule: A format that is not known is refused

    Scenario Outline: <where>
      Given the environment variable "AGENTS_FORMAT" is "<variable>"
      When I run `agents <flag> session list`
      Then it ends with exit code 2
      And the error is "format "xml" is not known"
      And the hint is "known: plain, table, json, yaml"

      Examples:
        | where              | variable | flag         |
        | By the flag        | plain    | --format xml |
        | In the environment | xml      |              |

    Scenario: Without a value
      When I run `agents --format`
      Then it ends with exit code 2
      And the error is "--format needs a value"
