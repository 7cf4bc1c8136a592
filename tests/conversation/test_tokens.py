from hubbub.conversation.tokens import LEARNED_FROM_TOKENS, TOKENS_PER_TURN, Rates, estimate_tokens
from hubbub.core.messages import Turn

ENGLISH = "The heron waits in the reeds for the perch. " * 60
CHINESE = "苍鹭在芦苇丛中等待着鲈鱼游过浅浅的水边。" * 120


def test_a_script_that_takes_more_tokens_is_counted_with_more() -> None:
    assert len(CHINESE) == 2400
    assert 5440 <= estimate_tokens(CHINESE) <= 6000
    assert 0.25 * len(ENGLISH) <= estimate_tokens(ENGLISH) <= 0.3 * len(ENGLISH)
    assert estimate_tokens("") == TOKENS_PER_TURN


def test_what_a_model_counts_is_learned_too_many_at_once_too_few_bit_by_bit() -> None:
    rates = Rates()
    rates.learn([Turn("user", ENGLISH)], len(ENGLISH) // 2)
    assert rates.tokens(ENGLISH) >= len(ENGLISH) // 2
    for _ in range(20):
        rates.learn([Turn("user", CHINESE)], 1800)
    assert 1800 <= rates.tokens(CHINESE) <= 2200
    assert rates.tokens(ENGLISH) >= len(ENGLISH) // 2, "what is learned of one script is not of another"


def test_what_says_little_of_the_text_teaches_nothing() -> None:
    rates = Rates()
    rates.learn([Turn("user", "Hi")], LEARNED_FROM_TOKENS - 1)
    rates.learn([Turn("user", "Hi", images=("data:image/png;base64,",))], 5000)
    assert rates.tokens(ENGLISH) == estimate_tokens(ENGLISH)


def test_a_part_of_a_text_is_as_long_as_so_many_tokens() -> None:
    for text in (ENGLISH, CHINESE):
        part = text[: Rates().characters(text, 300)]
        assert 280 <= estimate_tokens(part) <= 301
