Feature: The JSON envelope

  With `--format json` every answer and every error has one shape: schema, ok, command,
  data, error and meta. A program reads standard output and nothing else.

  A field that has no value is null; none is ever left out.

  Scenario: An answer
    When I run `agents --format json version`
    Then it succeeds
    And there is no error
    And the answer is this JSON
      """
      {
        "schema": 1, "ok": true, "command": "version",
        "data": {"name": "agents", "version": "1.4.0"},
        "error": null, "meta": {}
      }
      """

  @cli
  Scenario: An error is an envelope too
    When I run `agents --format json session show ghost`
    Then it ends with exit code 3
    And there is no error
    And the answer is this JSON
      """
      {
        "schema": 1, "ok": false, "command": "session show", "data": null,
        "error": {
          "code": "not_found",
          "message": "there is no session \"ghost\"",
          "hint": "see: agents session list",
          "exit": 3
        },
        "meta": {}
      }
      """

  Scenario: An error without a hint
    Given I ran `agents session create alpha`
    And I ran `agents session close alpha`
    When I run `agents --format json session close alpha`
    Then it ends with exit code 4
    And there is no error
    And `error.message` of the envelope is "session alpha is closed already"
    And `error.hint` of the envelope is null
    And `data` of the envelope is null

  Scenario: A text
    Given the extension "notes" is installed
    When I run `agents --format json ext run notes add milk`
    Then it succeeds
    And `data` of the envelope is "noted: milk"
    And `ok` of the envelope is true
    And `error` of the envelope is null
    And `meta` of the envelope is {}
    And `command` of the envelope is "ext run"

  @cli
  Scenario: The records of a list are counted
    Given I ran `agents session create alpha`
    And I ran `agents session create beta`
    When I run `agents --format json session list`
    Then `meta.count` of the envelope is 2
    And `data.1.name` of the envelope is "beta"

  Scenario: An empty list
    When I run `agents --format json session list`
    Then it succeeds
    And `data` of the envelope is []

  Scenario Outline: The command is named: <command>
    When I run `agents --format json <command>`
    Then `command` of the envelope is "<command>"
    And `schema` of the envelope is 1

    Examples:
      | command      |
      | profile list |
      | slash list   |
      | db status    |

  Scenario: A job that fails
    When I run `agents --format json job run fail "no luck"`
    Then it ends with exit code 1
    And the output has "job fail has failed: RuntimeError: no luck"
