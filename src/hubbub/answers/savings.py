"""Count about how many tokens were saved by stopping answers that nobody watched any more."""

SMOOTHING = 0.1
FIRST_GUESS_TOKENS = 250


class Savings:
    """Knows how long answers usually get, by deployment, and adds up what was left out of them."""

    def __init__(self) -> None:
        self._usual_tokens: dict[str, float] = {}
        self.tokens = 0
        """About how many tokens were saved so far."""
        self.answers = 0
        """How many answers were stopped because nobody watched."""

    def complete(self, deployment: str, tokens: int) -> None:
        """Take how long an answer got that came to its end."""
        usual = self._usual_tokens.get(deployment)
        self._usual_tokens[deployment] = tokens if usual is None else usual + SMOOTHING * (tokens - usual)

    def stopped(self, deployment: str, tokens: int) -> int:
        """Take how long an answer had got when it was stopped; returns about how many tokens that saved."""
        saved = max(0, round(self._usual_tokens.get(deployment, FIRST_GUESS_TOKENS) - tokens))
        self.tokens += saved
        self.answers += 1
        return saved
