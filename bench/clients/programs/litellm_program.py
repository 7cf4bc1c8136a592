"""litellm: completion and responses."""

import asyncio
import json
import time

import litellm
from pydantic import BaseModel

from cells import BASE_URL, FLAT, KEY, LOOPED, MODEL, OVER_DOCUMENTS, PDF, PNG, WEATHER, holds, run, same

AT = {"api_base": BASE_URL, "api_key": KEY}
litellm.suppress_debug_info = True


class Form(BaseModel):
    city: str
    degrees: int


def chat(messages, name=MODEL, **more):
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    return litellm.completion(model=f"openai/{name}", messages=messages, **AT, **more)


def said(messages, **more):
    return chat(messages, **more).choices[0].message


def two_turns():
    first = said("Hi")
    messages = [{"role": "user", "content": "Hi"}, first.model_dump(), {"role": "user", "content": "And?"}]
    holds(said(messages).content, "Question 2")
    response = litellm.responses(model=f"openai/{MODEL}", input="Hi", **AT)
    holds(response.output[-1].content[0].text, "Question 1")


def streamed():
    holds("".join(chunk.choices[0].delta.content or "" for chunk in chat("Hi", stream=True)), "Question 1")


def loop_of_three():
    for is_streamed in (False, True):
        messages = [{"role": "user", "content": "Look THRICE."}]
        while True:
            if is_streamed:
                chunks = list(chat(messages, tools=[WEATHER], stream=True))
                message = litellm.stream_chunk_builder(chunks, messages=messages).choices[0].message
            else:
                message = said(messages, tools=[WEATHER])
            messages.append(message.model_dump())
            if not message.tool_calls:
                break
            for call in message.tool_calls:
                city = json.loads(call.function.arguments)["city"]
                messages.append({"role": "tool", "tool_call_id": call.id, "content": f"{city} 21"})
        same(message.content, LOOPED)


def parallel():
    same(len(said("Both TOGETHER.", tools=[WEATHER]).tool_calls), 2)


def structured():
    same(Form.model_validate_json(said("A FORM", response_format=Form).content).city, "Oslo")


def refusal():
    message = said("REFUSE")
    holds(str(message.model_dump()), "can't")


def picture():
    same(
        said([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}]).content, "Pictures: 1."
    )


def pdf():
    part = {"type": "file", "file": {"filename": "wombat.pdf", "file_data": PDF}}
    same(said([{"role": "user", "content": [part]}]).content, "The wombat digs.")


def documents():
    same(said("Days of leave?", name=OVER_DOCUMENTS).content, "Thirty days [1].")


def responded(words, **more):
    return litellm.responses(model=f"openai/{MODEL}", input=words, **AT, **more)


def file_search():
    tools = [{"type": "file_search", "vector_store_ids": ["Rules"]}, FLAT]
    first = responded("Days of leave?", tools=tools)
    same([item.type for item in first.output], ["file_search_call", "message"])
    called = responded("Days of leave? Both TOGETHER.", tools=tools)
    same([item.type for item in called.output], ["file_search_call", "function_call", "function_call"])


def background():
    made = responded("SLOWLY", background=True)
    while (now := litellm.get_responses(made.id, custom_llm_provider="openai", **AT)).status != "completed":
        assert now.status in ("queued", "in_progress"), now.status
        time.sleep(0.2)
    holds(now.output[-1].content[0].text, "word39")


async def batch():
    asked = [
        litellm.acompletion(
            model=f"openai/{MODEL}", messages=[{"role": "user", "content": f"Number {number}"}], num_retries=8, **AT
        )
        for number in range(100)
    ]
    same(len({reply.choices[0].message.content for reply in await asyncio.gather(*asked)}), 100)


def cancel():
    made = responded("SLOWLY", background=True)
    stopped = litellm.cancel_responses(made.id, custom_llm_provider="openai", **AT)
    same(stopped.status, "cancelled")
    for _ in chat("SLOWLY", stream=True):
        break
    holds(said("Hi").content, "Question 1")


def errors():
    holds(said("BUSY litellm", num_retries=2).content, "Question 1")
    try:
        said("Hi", name="none")
    except litellm.NotFoundError:
        return
    raise AssertionError("it was found")


if __name__ == "__main__":
    run(
        {
            "two turns": two_turns,
            "streamed": streamed,
            "loop of three": loop_of_three,
            "parallel calls": parallel,
            "structured": structured,
            "refusal": refusal,
            "picture": picture,
            "pdf": pdf,
            "documents": documents,
            "file_search and functions": file_search,
            "background": background,
            "batch of 100": batch,
            "errors": errors,
            "cancel": cancel,
        }
    )
