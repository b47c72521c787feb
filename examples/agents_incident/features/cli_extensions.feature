Feature: Commands that extensions bring

  An extension is a manifest of commands. It runs no code: a command prints a template, or
  fails with a message and an exit code of its own.

  Rule: An extension is installed from its manifest

    Scenario: Installing tells what was installed
      Given the file "hello.yaml"
        """
        name: hello
        version: 0.1.0
        commands:
          - name: world
            template: Hello, world!
        """
      When I run `agents ext install {folder}/hello.yaml`
      Then it succeeds
      And it prints
        """
        name: hello
        version: 0.1.0
        enabled: yes
        commands: world
        """

    Scenario: Installing again is refused
      Given the extension "notes" is installed
      When I run `agents ext install {folder}/notes.yaml`
      Then it ends with exit code 4
      And the error is "notes 1.2.0 is installed already"
      And the hint is "see: ext upgrade"

    Scenario: A manifest that is not there
      When I run `agents ext install {folder}/none.yaml`
      Then it ends with exit code 2
      And the output lacks "none"

    Scenario: A manifest that is no YAML
      Given the file "bad.yaml"
        """
        name: [
        """
      When I run `agents ext install {folder}/bad.yaml`
      Then it ends with exit code 2
      And it prints nothing

    Scenario Outline: A manifest with <fault>
      Given the file "bad.yaml"
        """
        <manifest>
        """
      When I run `agents ext install {folder}/bad.yaml`
      Then it ends with exit code 2
      And the error is "<message>"

      Examples: Faults of the head
        | fault             | manifest                                     | message                              |
        | no mapping        | hello                                        | the manifest is no mapping           |
        | no name           | {version: 1.0.0}                             | the manifest lacks "name"            |
        | a bad name        | {name: Hello World}                          | "Hello World" is no name             |
        | a reserved name   | {name: session, version: 1.0.0}              | "session" is a command of agents itself |
        | no version        | {name: hello}                                | the manifest lacks "version"         |
        | half a version    | {name: hello, version: "1.0"}                | "1.0" is no version                  |
        | no commands       | {name: hello, version: 1.0.0}                | hello has no commands                |
        | a bad requirement | {name: hello, version: 1.0.0, requires: new} | hello: requires is not like ">=1.2.0" |

      Examples: Faults of a command
        | fault                | manifest                                                                      | message                                |
        | a command of nothing | {name: a, version: 1.0.0, commands: [{name: b}]}                              | a b: give either template or fail      |
        | both ways to end     | {name: a, version: 1.0.0, commands: [{name: b, template: x, fail: y}]}        | a b: give either template or fail      |
        | an unknown parameter | {name: a, version: 1.0.0, commands: [{name: b, template: "{c}"}]}             | a b: "c" is no parameter               |
        | a high exit code     | {name: a, version: 1.0.0, commands: [{name: b, fail: x, exit: 300}]}          | a b: exit is not from 0 to 125         |
        | a command twice      | {name: a, version: 1.0.0, commands: [{name: b, fail: x}, {name: b, fail: y}]} | a has two commands "b"                 |

    Scenario: An extension may require a version of agents
      Given the file "old.yaml"
        """
        name: old
        version: 1.0.0
        requires: ">=1.4.0"
        commands: [{name: run, template: ran}]
        """
      When I run `agents ext install {folder}/old.yaml`
      Then it succeeds

    Scenario: A newer version of agents is required
      Given the file "new.yaml"
        """
        name: new
        version: 1.0.0
        requires: ">=9.0.0"
        commands: [{name: run, template: ran}]
        """
      When I run `agents ext install {folder}/new.yaml`
      Then it ends with exit code 2
      And the error is "new requires agents 9.0.0; this is 1.4.0"

  Rule: A newer version replaces an older one

    Background:
      Given the extension "notes" is installed

    Scenario: An upgrade
      Given the file "newer.yaml"
        """
        name: notes
        version: 1.10.0
        commands: [{name: count, template: "3 notes"}]
        """
      When I run `agents ext upgrade {folder}/newer.yaml`
      Then it succeeds
      And the output has "version: 1.10.0"
      And the output has "commands: count"

    Scenario: The same version is no upgrade
      When I run `agents ext upgrade {folder}/notes.yaml`
      Then it ends with exit code 4
      And the error is "1.2.0 is not newer than 1.2.0, which is installed"

    Scenario: An older version is no upgrade
      Given the file "older.yaml"
        """
        name: notes
        version: 1.1.9
        commands: [{name: count, template: "3 notes"}]
        """
      When I run `agents ext upgrade {folder}/older.yaml`
      Then it ends with exit code 4
      And the error is "1.1.9 is not newer than 1.2.0, which is installed"

    Scenario: Upgrading keeps an extension disabled
      Given I ran `agents ext disable notes`
      And the file "newer.yaml"
        """
        name: notes
        version: 2.0.0
        commands: [{name: count, template: "3 notes"}]
        """
      When I run `agents ext upgrade {folder}/newer.yaml`
      Then it succeeds
      And the output has "enabled: no"

    Scenario: What is not installed cannot be upgraded
      Given the file "other.yaml"
        """
        name: other
        version: 2.0.0
        commands: [{name: count, template: "3 notes"}]
        """
      When I run `agents ext upgrade {folder}/other.yaml`
      Then it ends with exit code 3
      And the error is "other is not installed"

  Rule: Extensions are listed

    Scenario: Without any
      When I run `agents --format table ext list`
      Then it succeeds
      And it prints "(none)"

    Scenario: By name, not by age
      Given the extension "notes" is installed
      And the file "hello.yaml"
        """
        name: hello
        version: 0.1.0
        commands: [{name: world, template: "Hello, world!"}]
        """
      And I ran `agents ext install {folder}/hello.yaml`
      When I run `agents ext list`
      Then it prints
        """
        hello  0.1.0  yes  world
        notes  1.2.0  yes  add, check
        """

    Scenario: The disabled ones are left out
      Given the extension "notes" is installed
      And I ran `agents ext disable notes`
      When I run `agents ext list`
      Then it succeeds
      And it prints nothing

    Scenario: The disabled ones are listed with --all
      Given the extension "notes" is installed
      And I ran `agents ext disable notes`
      When I run `agents ext list --all`
      Then it prints "notes  1.2.0  no  add, check"

    Scenario: An enabled one is listed again
      Given the extension "notes" is installed
      And I ran `agents ext disable notes`
      And I ran `agents ext enable notes`
      When I run `agents ext list`
      Then it prints "notes  1.2.0  yes  add, check"

    Scenario: Disabling twice is no error
      Given the extension "notes" is installed
      And I ran `agents ext disable notes`
      When I run `agents ext disable notes`
      Then it succeeds
      And the output has "enabled: no"

    Scenario: As YAML, for programs
      Given the extension "notes" is installed
      When I run `agents --format yaml ext list`
      Then the answer is this YAML
        """
        - name: notes
          version: 1.2.0
          enabled: true
          commands: [add, check]
        """

    Scenario: The commands of an extension
      Given the extension "notes" is installed
      When I run `agents --format table ext info notes`
      Then it prints
        """
        COMMAND  PARAMETERS  HELP
        -------  ----------  ----------------
        add      text        Add a note.
        check    -           Check the notes.
        """

  Rule: What is not there is said

    Scenario Outline: <command> of what is not installed
      When I run `agents ext <command> ghost`
      Then it ends with exit code 3
      And the error is "there is no extension "ghost""
      And the hint is "see: agents ext list"

      Examples:
        | command |
        | info    |
        | enable  |
        | disable |
        | remove  |

  Rule: A command of an extension is run

    Background:
      Given the extension "notes" is installed

    Scenario: It prints its template
      When I run `agents ext run notes add milk`
      Then it succeeds
      And it prints "noted: milk"

    Scenario: An argument may be of several words
      When I run `agents ext run notes add "milk and honey"`
      Then it prints "noted: milk and honey"

    Scenario: An argument may look like an option
      When I run `agents ext run notes add -- --format`
      Then it prints "noted: --format"

    Scenario: An argument may hold braces
      When I run `agents ext run notes add {text}`
      Then it prints "noted: {text}"

    Scenario: Arguments are counted
      When I run `agents ext run notes add`
      Then it ends with exit code 2
      And the error is "add needs TEXT"

    Scenario: An unknown command
      When I run `agents ext run notes burn`
      Then it ends with exit code 3
      And the error is "notes has no command "burn""
      And the hint is "its commands: add, check"

    Scenario: A command without parameters takes no argument
      Given the file "hello.yaml"
        """
        name: hello
        version: 0.1.0
        commands: [{name: world, template: "Hello, world!"}]
        """
      And I ran `agents ext install {folder}/hello.yaml`
      When I run `agents ext run hello world twice`
      Then it ends with exit code 2
      And the error is "world needs no arguments"
      And the hint is "1 were given"

    Scenario: Its help stands among the slash commands
      When I run `agents slash list notes:a`
      Then it succeeds
      And it prints "notes:add  Add a note."

    Scenario: It answers in JSON too
      When I run `agents --format json ext run notes add milk`
      Then `data` of the envelope is "noted: milk"
      And `command` of the envelope is "ext run"

  Rule: What is taken away is away

    Removing forgets an extension and all its versions. Disabling keeps it, and nothing of
    it can be run until it is enabled again.

    Background:
      Given the extension "notes" is installed

    @cli
    Scenario: A removed extension can be installed again
      Given I ran `agents ext remove notes`
      And the file "again.yaml"
        """
        name: notes
        version: 1.0.0
        commands:
          - {name: count, template: "3 notes"}
        """
      When I run `agents ext install {folder}/again.yaml`
      Then it succeeds
      And the output has "commands: count"

    @cli
    Scenario: A disabled extension cannot be run
      Given I ran `agents ext disable notes`
      When I run `agents ext run notes add milk`
      Then it ends with exit code 4
      And the error is "notes is disabled"
      And the hint is "see: agents ext enable notes"
      And it prints nothing
      When I run `agents ext enable notes`
      Then it succeeds
      And the output has "enabled: yes"
      When I run `agents ext run notes add milk`
      Then it succeeds
      And it prints "noted: milk"

    @cli
    Scenario: A command that fails ends with its own exit code
      When I run `agents ext run notes check`
      Then it ends with exit code 9
      And the error is "2 notes are too long"

    Scenario: A failure is an envelope in JSON
      When I run `agents --format json ext run notes check`
      Then `error.code` of the envelope is "extension_failed"
      And there is no error
