"""Letters of a name in one memory: typed, rubbed away, and stored in other ways."""

GIVEN = "Half of each letter."
WRONG = """() => model.now().tiles.map(({ letter, answer }) => answer.filter((bit, i) => bit !== model.letters[letter][i]).length)"""
ERASED = "() => model.now().tiles.map(tile => tile.erased.filter(gone => gone).length)"
SET = "(name, value) => { const input = figure.querySelector(name); input.value = value; input.dispatchEvent(new Event('input')); }"


def wrong(memory):
    """Return how many pixels of each letter are wrong, once all have come back."""
    return memory.run(WRONG)


def test_a_name_is_typed_lost_and_saved_by_writing_only_what_is_new(played):
    memory = played("associative-memory")
    assert memory.run("() => model.now().tiles.map(tile => tile.letter).join('')") == "OLIVER"
    assert [count == 0 for count in wrong(memory)] == [False, False, True, False, False, False]
    assert "O, L, V, E and R are lost" in memory.verdict()
    memory.press("only what is new")
    assert wrong(memory) == [0] * 6
    assert "All come back whole" in memory.verdict()
    memory.press("all: Hebb's rule")
    memory.run(SET, ".field input", "Änn-a")
    assert memory.run("() => model.now().tiles.map(tile => tile.letter).join('')") == "ANNA"
    assert wrong(memory) == [0] * 4
    memory.run(SET, ".field input", "")
    assert "Type a name" in memory.verdict()


def test_ninety_nine_of_dots_are_harmless_and_two_hundred_are_not(played):
    memory = played("associative-memory")
    memory.press("A and 99 of dots")
    assert wrong(memory) == [0]
    amount = memory.named("pictures of dots beside them")
    memory.run(SET, amount, 200)
    assert wrong(memory)[0] > 200
    assert "a load of 0.20" in memory.verdict()
    memory.run(SET, memory.named("a pattern pulls with"), 4)
    assert wrong(memory) == [0]
    assert "one head of attention" in memory.verdict()
    memory.press("A to H")
    memory.run(SET, memory.named("a pattern pulls with"), 0)
    assert memory.run("() => model.now().how.dots") == 0
    assert min(wrong(memory)) > 0


def test_letters_are_rubbed_away_by_mouse_by_finger_and_by_keys(played):
    memory = played("associative-memory", 390)
    memory.press("Whole letters")
    assert memory.run(ERASED) == [0] * 6
    memory.drag(GIVEN, (0.03, 0.2), (0.03, 0.8))
    memory.drag(GIVEN, (0.2, 0.2), (0.2, 0.8), finger=True)
    assert memory.run("() => scrollY") == 0
    rubbed = memory.run(ERASED)
    assert [count > 100 for count in rubbed] == [True, True, False, False, False, False]
    memory.type(GIVEN, "ArrowRight", "Delete", "Delete")
    assert memory.run(ERASED) == [*rubbed[:2], 256, 0, 0, 0]
    memory.type(GIVEN, "ArrowLeft", "Enter")
    assert memory.run(ERASED) == [rubbed[0], 0, 256, 0, 0, 0]
    memory.type(GIVEN, *["Delete"] * 8)
    assert "Nothing is left of the L" in memory.verdict()
    memory.press("Other halves")
    assert all(400 < count < 620 for count in memory.run(ERASED))
