# language: de
Funktionalität: Äpfel zählen

  Grundlage:
    Angenommen ich habe 3 Äpfel

  Szenario: Einen essen
    Wenn ich 1 esse
    Dann habe ich 2

  Szenariogrundriss: Mehrere essen
    Wenn ich <zahl> esse
    Dann habe ich <rest>

    Beispiele: Größen
      | zahl | rest |
      | 2    | 1    |
      | 3    | 1    |
