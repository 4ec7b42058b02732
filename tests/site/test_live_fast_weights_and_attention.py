"""Pairs of letters are written by hand: Hebb mixes old and new, delta answers the new one, softmax keeps both in a list."""

MODEL, BOARD = "fast-weights-and-attention", "Keys, synapses and values"
OVERLAP, SUBTRACTED, RECENCY = "keys overlap", "subtracted, g", "recency"
SET = "(name, value) => { const input = figure.querySelector(name); input.value = value; input.dispatchEvent(new Event('input')); }"
NOW = "() => model.now()"
WRITE = "pairs => pairs.forEach(pair => model.write(...pair))"
READ = {
    "Hebb": "its sender and what its cell should do.",
    "Decay": "and its own weight.",
    "Pre-gated": "and its own weight.",
    "Delta": "and what that cell expected.",
}
A, B, C, D = range(4)
W, X, Y, Z = range(4)


def board(x, y):
    """Return a point of the board in shares of its width and height."""
    return x / 340, y / 340


def key(k):
    return board(26, 83 + 50 * k)


def value(v):
    return board(111 + 50 * v, 25)


def off(answer, wanted):
    return max(abs(part - want) for part, want in zip(answer, wanted, strict=True))


def test_where_keys_overlap_hebb_answers_a_mixture_and_delta_the_new_letter(played):
    letters = played(MODEL)
    letters.run(WRITE, [[A, Y]])
    assert off(letters.run(NOW)["after"][A], [1, 0.5, 1, 0]) < 1e-9
    assert "A answers 1.00 W, 1.00 Y, 0.50 X" in letters.verdict()
    assert "0 of 2 keys" in letters.verdict()
    letters.press("Delta")
    assert off(letters.run(NOW)["after"][A], [0, 0, 1, 0]) < 1e-9
    assert "the old letter is gone" in letters.verdict()
    before, after = (letters.run(NOW)[which][B] for which in ("before", "after"))
    assert off(before, [0, 1, 0, 0]) < 1e-9
    assert after[X] < 0.8
    for _ in range(12):  # what one write spoils, more of them mend
        letters.press("Write all pairs once more")
    now = letters.run(NOW)
    assert off(now["after"][A], [0, 0, 1, 0]) < 0.01
    assert off(now["after"][B], [0, 1, 0, 0]) < 0.01
    assert "2 of 2 keys" in letters.verdict()


def test_keys_that_do_not_overlap_are_all_answered_until_one_is_bound_again(played):
    letters = played(MODEL)
    letters.run(SET, letters.named(OVERLAP), 0)
    letters.run(WRITE, [[C, Y], [D, Z]])
    for rule in ("Hebb", "Decay", "Delta", "Softmax"):
        letters.press(rule)
        answers = letters.run(NOW)["after"]
        for k, answer in enumerate(answers):
            assert max(range(4), key=lambda v, told=answer: told[v]) == k
            assert max(abs(part) for v, part in enumerate(answer) if v != k) < 0.01, rule
    letters.run(WRITE, [[A, Z]])
    letters.press("Hebb")
    assert off(letters.run(NOW)["after"][A], [1, 0, 0, 1]) < 1e-9
    letters.press("Delta")
    assert off(letters.run(NOW)["after"][A], [0, 0, 0, 1]) < 1e-9
    assert "No other key's answer moved" in letters.verdict()


def test_what_is_subtracted_leads_from_hebb_to_delta(played):
    letters = played(MODEL)
    letters.run(WRITE, [[A, Y]])
    hebb = letters.run(NOW)["after"]
    letters.press("Delta")
    old = []
    for g in (0, 0.5, 1):
        letters.run(SET, letters.named(SUBTRACTED), g)
        now = letters.run(NOW)["after"]
        old.append(now[A][W])
        assert g or all(off(*both) < 1e-9 for both in zip(now, hebb, strict=True))
    assert old[0] > old[1] > old[2]
    assert abs(old[2]) < 1e-9


def test_softmax_keeps_all_pairs_in_a_list_that_grows_and_needs_an_order(played):
    letters = played(MODEL)
    letters.press("Softmax")
    letters.run(WRITE, [[A, Y]])
    answer = letters.run(NOW)["after"][A]
    assert abs(answer[W] - answer[Y]) < 1e-9
    assert "nothing says which is newer" in letters.verdict()
    assert "3 pairs, 48 numbers" in letters.run(NOW)["account"]
    letters.run(SET, letters.named(RECENCY), 3)
    answer = letters.run(NOW)["after"][A]
    assert answer[Y] > 0.8
    assert answer[W] < 0.1
    letters.run(WRITE, [[k, v] for v in range(4) for k in range(4)])
    assert "19 pairs" in letters.run(NOW)["account"]


def test_a_synapse_tells_what_it_read(played):
    letters = played(MODEL)
    for rule, says in READ.items():
        letters.press(rule)
        assert says in letters.run(NOW)["account"]
        letters.drag(BOARD, board(86 + 25 * 4.5, 58 + 25 * 2.5))
        now = letters.run(NOW)
        assert now["seen"] == [2, 4]
        assert now["account"].startswith("Line 3 to cell 5: sender 0.74, cell should do +1")
    letters.type(BOARD, "d", "s")
    assert letters.run(NOW)["seen"] == [3, 5]


def test_pairs_are_written_by_mouse_by_finger_and_by_keys(played):
    letters = played(MODEL, 390)
    letters.drag(BOARD, key(C), board(150, 60), value(Z))
    assert letters.run(NOW)["pairs"][2:] == [[C, Z]]
    letters.drag(BOARD, key(A), board(150, 60), value(Y), finger=True)
    assert letters.run(NOW)["pairs"][3:] == [[A, Y]]
    assert letters.run("() => scrollY") == 0
    letters.drag(BOARD, key(D))  # asks
    assert letters.run(NOW)["asked"] == D
    assert letters.verdict().startswith("D answers")
    assert len(letters.run(NOW)["pairs"]) == 4
    letters.drag(BOARD, value(X))
    assert letters.run(NOW)["pairs"][4:] == [[D, X]]
    letters.type(BOARD, "ArrowUp", "ArrowRight", "Enter")
    assert letters.run(NOW)["pairs"][5:] == [[C, Y]]
    letters.press("Undo the last write")
    assert len(letters.run(NOW)["pairs"]) == 5
    letters.press("Forget all")
    assert letters.run(NOW)["pairs"] == []
    assert "Nothing is written" in letters.verdict()
