"""llm, the tool of the command line, from Python: a chat model at an address of its own."""

from llm.default_plugins.openai_models import Chat

from cells import BASE_URL, KEY, LOOPED, MODEL, holds, run


def model():
    made = Chat(MODEL, model_name=MODEL, api_base=BASE_URL, supports_tools=True, supports_schema=True)
    made.key = KEY
    return made


def weather(city: str) -> str:
    """Weather."""
    return f"{city} 21"


def two_turns():
    conversation = model().conversation()
    for number in (1, 2):
        holds(conversation.prompt("Hi", stream=False).text(), f"Question {number}")


def streamed():
    holds("".join(model().prompt("Hi", stream=True)), "Question 1")


def loop_of_three():
    for is_streamed in (False, True):
        holds(model().chain("Look THRICE.", tools=[weather], stream=is_streamed).text(), LOOPED)


if __name__ == "__main__":
    run({"two turns": two_turns, "streamed": streamed, "loop of three": loop_of_three})
