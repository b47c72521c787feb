# language: fr
Fonctionnalité: Compter les pommes

  Scénario: En manger une
    Etant donné que j'ai 3 pommes
    Quand j'en mange 1
    Alors il m'en reste 2
