"""The order of candidates."""

from engine.rank import ranked


def test_the_best_score_comes_first() -> None:
    assert ranked({0: 0.1, 1: 0.9, 2: -0.5}) == (1, 0, 2)


def test_without_scores_the_order_is_the_candidates_own() -> None:
    assert ranked({2: None, 0: None, 1: None}) == (0, 1, 2)


def test_ties_and_missing_scores_keep_the_candidates_order_behind() -> None:
    assert ranked({3: 0.5, 0: None, 1: 0.5, 2: 0.7}) == (2, 1, 3, 0)


def test_nothing_is_ranked_to_nothing() -> None:
    assert ranked({}) == ()
