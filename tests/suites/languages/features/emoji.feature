# language: em
📚: 🍎

  📕: 😋
    😐 3 🍎
    🎬 1 😋
    🙏 2 🍏
