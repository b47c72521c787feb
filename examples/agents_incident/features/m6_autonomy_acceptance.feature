Feature: Milestone 6: an agent does by itself what its profile allows

  A profile answers allow, ask or deny for each kind of action: read, write, execute,
  network and publish. Above its limit of risk, and once its budget of steps is used up,
  what is allowed has to be asked for.

  Rule: The built-in profiles

    Scenario Outline: <profile> answers <answer> to <kind>
      Given an agent with the profile "<profile>"
      When it wants to <kind>
      Then the answer is "<answer>"

      Examples:
        | profile    | kind    | answer |
        | manual     | read    | ask    |
        | manual     | publish | ask    |
        | review     | read    | allow  |
        | review     | write   | ask    |
        | supervised | write   | allow  |
        | supervised | execute | ask    |
        | supervised | publish | deny   |
        | trusted    | execute | allow  |
        | trusted    | publish | deny   |
        | autonomous | publish | allow  |

    Scenario: They are listed, the most careful first
      When I run `agents --format table profile list`
      Then it prints
        """
        NAME        RISK_LIMIT  STEPS
        ----------  ----------  -----
        manual      0.0         20
        review      0.3         50
        supervised  0.5         50
        trusted     0.8         200
        autonomous  1.0         1000
        """

    Scenario: One is shown with what it inherits
      When I run `agents profile show supervised`
      Then it prints
        """
        name: supervised
        risk_limit: 0.5
        steps: 50
        read: allow
        write: allow
        execute: ask
        network: ask
        publish: deny
        """

  Rule: Risk has a limit

    Scenario: Up to the limit it is allowed
      Given an agent with the profile "supervised"
      When it wants to write with a risk of 0.5
      Then the answer is "allow"

    Scenario: Above it, it is asked for
      Given an agent with the profile "supervised"
      When it wants to write with a risk of 0.6
      Then the answer is "ask"
      And the reason is "risk 0.6 is above the limit of 0.5"

    Scenario: No risk is low enough for what is denied
      Given an agent with the profile "supervised"
      When it wants to publish with a risk of 0
      Then the answer is "deny"

    Scenario: A risk is from 0 to 1
      When I run `agents profile decide trusted read --risk 1.5`
      Then it ends with exit code 2
      And the error is "a risk is from 0 to 1"

  Rule: Steps have a budget

    Scenario: Each action takes a step
      Given an agent with the profile "review"
      When it reads 3 times
      Then it has 47 steps left

    Scenario: A question takes none
      Given an agent with the profile "review"
      When it wants to read
      Then it has 50 steps left

    Scenario: Without steps it has to ask
      Given an agent with the profile "review"
      When it reads 50 times
      And it wants to read
      Then the answer is "ask"
      And the reason is "the budget of 50 steps is used up"

    Scenario: An approval goes beyond the budget
      Given an agent with the profile "review"
      When it reads 50 times
      Then it may read with an approval

  Rule: What is asked for needs an approval

    Scenario: Without one it is refused
      Given an agent with the profile "manual"
      Then it may not write: "profile manual: write is ask"

    Scenario: With one it is done
      Given an agent with the profile "manual"
      Then it may write with an approval
      And it has 19 steps left

    Scenario: What is denied is refused with one too
      Given an agent with the profile "trusted"
      Then it may not publish, not with an approval: "profile trusted: publish is deny"

    Scenario: An approval is for one action
      Given an agent with the profile "manual"
      Then it may write with an approval
      But it may not write: "profile manual: write is ask"

    Scenario: An unknown kind of action
      When I run `agents profile decide trusted teleport`
      Then it ends with exit code 2
      And the error is "there is no kind "teleport""
      And the hint is "known: read, write, execute, network, publish"

  Rule: Profiles extend each other

    A profile says only what is different. The rest comes from the one that it extends, and
    from what that one extends.

    Scenario: The budget is inherited over two profiles
      Given the profile "careful" that extends "trusted" with a risk limit of 0.1
      And the profile "timid" that extends "careful" with a risk limit of 0
      And an agent with the profile "timid"
      Then it has 200 steps left
      When it wants to read with a risk of 0.05
      Then the answer is "ask"

    Scenario: A risk limit of its own may be higher
      Given the profile "daring" that extends "supervised" with a risk limit of 0.9
      And an agent with the profile "daring"
      When it wants to write with a risk of 0.9
      Then the answer is "allow"

    Scenario: What is not said is inherited
      Given the profile "careful" that extends "trusted" with a risk limit of 0.1
      And an agent with the profile "careful"
      When it wants to execute with a risk of 0.2
      Then the answer is "ask"
      And the reason is "risk 0.2 is above the limit of 0.1"

    Scenario: A rule of its own is stronger than an inherited one
      Given the profile "offline" that extends "trusted" and says "deny" to network
      And an agent with the profile "offline"
      When it wants to network
      Then the answer is "deny"
      And the reason is "profile offline: network is deny"
      When it wants to execute
      Then the answer is "allow"

    Scenario: A question may be loosened
      Given the profile "writer" that extends "review" and says "allow" to write
      And an agent with the profile "writer"
      When it wants to write
      Then the answer is "allow"
      And it has 50 steps left

    @acceptance
    Scenario: A denial is not loosened by who extends it
      Given the profile "bold" that extends "supervised" and says "allow" to publish
      And an agent with the profile "bold"
      When it wants to publish
      Then the answer is "deny"

    Scenario: A profile that extends nothing that is there
      Then the profile "lost" that extends "nobody" is refused: "there is no profile "nobody""

    Scenario: A name is taken once
      Given the profile "careful" that extends "trusted" with a risk limit of 0.1
      Then the profile "careful" that extends "trusted" is refused: "there is a profile careful already"

  Rule: A session has a profile

    Scenario: It decides for the session
      Given I ran `agents session create alpha --profile supervised`
      When the session "alpha" wants to publish
      Then the answer is "deny"

    Scenario: A profile that is not known
      When I run `agents session create alpha --profile reckless`
      Then it ends with exit code 3
      And the error is "there is no profile "reckless""
      And the hint is "known: manual, review, supervised, trusted, autonomous"

    Scenario Outline: The command line answers <answer> for <profile>
      When I run `agents profile decide <profile> <kind> --risk <risk>`
      Then it succeeds
      And the output has "answer: <answer>"

      Examples:
        | profile    | kind    | risk | answer |
        | review     | read    | 0.3  | allow  |
        | review     | read    | 0.4  | ask    |
        | supervised | publish | 0    | deny   |
