*** Settings ***
Documentation     The command line, as a process of its own.
Library           OperatingSystem
Library           Process
Test Setup        Use A New Database
Test Template     Prints

*** Test Cases ***
Version
    version    name: agents
Profiles Are Listed
    profile list    autonomous
A Profile Is Shown
    profile show supervised    publish: deny
Levels Of A Document
    context levels document    title
Levels Of Python
    context levels python    docstrings
A New Database Is Empty
    db status    pending: 4
Migrations Are Applied
    db migrate    version: 4
A Session Is Created
    session create alpha    alpha

*** Keywords ***
Use A New Database
    ${folder}=    Evaluate    tempfile.mkdtemp()    modules=tempfile
    Set Environment Variable    AGENTS_DATABASE    sqlite:///${folder}/agents.db

Prints
    [Arguments]    ${arguments}    ${text}
    ${words}=    Evaluate    $arguments.split()
    ${done}=    Run Process    python    -m    agents    @{words}
    Should Be Equal As Integers    ${done.rc}    0    ${done.stderr}
    Should Contain    ${done.stdout}    ${text}
