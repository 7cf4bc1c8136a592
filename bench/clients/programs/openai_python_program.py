"""OpenAI's own client in Python: chat completions, completions and Responses."""

import asyncio
import json

import openai
from pydantic import BaseModel

from cells import BASE_URL, FLAT, KEY, LOOPED, MODEL, OVER_DOCUMENTS, PDF, PNG, WEATHER, holds, run, same

client = openai.OpenAI(base_url=BASE_URL, api_key=KEY)


class Form(BaseModel):
    city: str
    degrees: int


def chat(messages, **more):
    return client.chat.completions.create(model=MODEL, messages=messages, **more).choices[0].message


def two_turns():
    messages = [{"role": "user", "content": "Hi"}]
    for number in (1, 2):
        message = chat(messages)
        holds(message.content, f"Question {number}, first 'Hi'")
        messages += [message, {"role": "user", "content": "And?"}]
    same(client.completions.create(model=MODEL, prompt="Hi").choices[0].text, "Question 1, first 'Hi'.")
    first = client.responses.create(model=MODEL, input="Hi")
    kept = [{"role": "user", "content": "Hi"}, *first.output, {"role": "user", "content": "And?"}]
    for second in (
        client.responses.create(model=MODEL, input="And?", previous_response_id=first.id),
        client.responses.create(model=MODEL, input=kept),
        client.responses.create(model=MODEL, input=kept, store=False),
    ):
        holds(second.output_text, "Question 2, first 'Hi'")
    conversation = client.conversations.create()
    for number in (1, 2):
        there = client.responses.create(model=MODEL, input="Hi", conversation=conversation.id)
        holds(there.output_text, f"Question {number}")


def streamed():
    stream = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi"}], stream=True)
    holds("".join(chunk.choices[0].delta.content or "" for chunk in stream), "Question 1")
    with client.responses.stream(model=MODEL, input="Hi") as stream:
        holds("".join(event.delta for event in stream if event.type == "response.output_text.delta"), "Question 1")
    holds(
        "".join(one.choices[0].text for one in client.completions.create(model=MODEL, prompt="Hi", stream=True)), "Que"
    )


def looped(is_streamed):
    messages = [{"role": "user", "content": "Look THRICE."}]
    while True:
        if is_streamed:
            with client.chat.completions.stream(model=MODEL, messages=messages, tools=[WEATHER]) as stream:
                message = stream.get_final_completion().choices[0].message
        else:
            message = chat(messages, tools=[WEATHER])
        messages.append(message)
        if not message.tool_calls:
            return same(message.content, LOOPED)
        for call in message.tool_calls:
            city = json.loads(call.function.arguments)["city"]
            messages.append({"role": "tool", "tool_call_id": call.id, "content": f"{city} 21"})


def responded(is_chained, **more):
    items, previous = [{"role": "user", "content": "Look THRICE."}], {}
    while True:
        response = client.responses.create(model=MODEL, input=items, tools=[FLAT], **previous, **more)
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return same(response.output_text, LOOPED)
        outputs = [
            {
                "type": "function_call_output",
                "call_id": call.call_id,
                "output": f"{json.loads(call.arguments)['city']} 21",
            }
            for call in calls
        ]
        if is_chained:
            items, previous = outputs, {"previous_response_id": response.id}
        else:
            items = [*items, *response.output, *outputs]


def loop_of_three():
    looped(False)
    looped(True)
    responded(True)
    responded(False)
    responded(False, store=False, include=["reasoning.encrypted_content"])


def parallel():
    message = chat([{"role": "user", "content": "Both TOGETHER."}], tools=[WEATHER])
    same([json.loads(call.function.arguments)["city"] for call in message.tool_calls], ["Oslo", "Rome"])
    response = client.responses.create(model=MODEL, input="Both TOGETHER.", tools=[FLAT])
    same([json.loads(item.arguments)["city"] for item in response.output], ["Oslo", "Rome"])


def structured():
    parsed = client.chat.completions.parse(
        model=MODEL, messages=[{"role": "user", "content": "A FORM"}], response_format=Form
    )
    same(parsed.choices[0].message.parsed, Form(city="Oslo", degrees=21))
    same(client.responses.parse(model=MODEL, input="A FORM", text_format=Form).output_parsed.city, "Oslo")


def refusal():
    parsed = client.chat.completions.parse(
        model=MODEL, messages=[{"role": "user", "content": "REFUSE"}], response_format=Form
    )
    holds(parsed.choices[0].message.refusal, "can't")
    response = client.responses.parse(model=MODEL, input="REFUSE", text_format=Form)
    holds(response.output[0].content[0].refusal, "can't")


def picture():
    parts = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}]
    same(chat([{"role": "user", "content": parts}]).content, "Pictures: 1.")
    items = [{"type": "input_text", "text": "What?"}, {"type": "input_image", "image_url": PNG, "detail": "low"}]
    same(client.responses.create(model=MODEL, input=[{"role": "user", "content": items}]).output_text, "Pictures: 1.")


def pdf():
    file = {"type": "file", "file": {"filename": "wombat.pdf", "file_data": PDF}}
    same(chat([{"role": "user", "content": [{"type": "text", "text": "What?"}, file]}]).content, "The wombat digs.")
    items = [{"type": "input_file", "filename": "wombat.pdf", "file_data": PDF}]
    said = client.responses.create(model=MODEL, input=[{"role": "user", "content": items}]).output_text
    same(said, "The wombat digs.")


def documents():
    message = (
        client.chat.completions.create(
            model=OVER_DOCUMENTS, messages=[{"role": "user", "content": "How many days of leave?"}]
        )
        .choices[0]
        .message
    )
    same(message.content, "Thirty days [1].")
    same(message.annotations[0].url_citation.title.removesuffix(".md").lower(), "leave")


def file_search():
    tools = [{"type": "file_search", "vector_store_ids": ["Rules"]}, FLAT]
    first = client.responses.create(model=MODEL, input="How many days of leave?", tools=tools)
    same([item.type for item in first.output], ["file_search_call", "message"])
    called = client.responses.create(model=MODEL, input="Days of leave? Both TOGETHER.", tools=tools)
    same([item.type for item in called.output], ["file_search_call", "function_call", "function_call"])


def background():
    stream = client.responses.create(model=MODEL, input="SLOWLY", background=True, stream=True)
    text, last, response_id = "", 0, ""
    for event in stream:
        if event.type == "response.created":
            response_id = event.response.id
        if event.type == "response.output_text.delta":
            text += event.delta
        last = event.sequence_number
        if last > 8:
            break
    for event in client.responses.retrieve(response_id, stream=True, starting_after=last):
        if event.type == "response.output_text.delta":
            text += event.delta
    same(text, client.responses.retrieve(response_id).output_text)


async def batch():
    async with openai.AsyncOpenAI(base_url=BASE_URL, api_key=KEY) as many:
        asked = [
            many.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": f"Number {number}"}])
            for number in range(100)
        ]
        said = [reply.choices[0].message.content for reply in await asyncio.gather(*asked)]
    same(len(set(said)), 100)


def errors():
    holds(chat([{"role": "user", "content": "BUSY openai-python"}]).content, "Question 1")
    for call in (
        lambda: client.chat.completions.create(model="none", messages=[{"role": "user", "content": "Hi"}]),
        lambda: client.post("/nothing", cast_to=object, body={}),
    ):
        try:
            call()
        except openai.NotFoundError:
            continue
        raise AssertionError("it was found")
    try:
        chat([{"role": "user", "content": "WRONG"}])
    except openai.BadRequestError:
        return
    raise AssertionError("it was not refused")


def cancel():
    response = client.responses.create(model=MODEL, input="SLOWLY", background=True)
    same(client.responses.cancel(response.id).status, "cancelled")
    with client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "SLOWLY"}], stream=True
    ) as stream:
        next(iter(stream))
    holds(chat([{"role": "user", "content": "Hi"}]).content, "Question 1")


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
