"""AzureOpenAI: OpenAI's client in Python at Azure's addresses, the older and the newer ones."""

import asyncio

import openai
from pydantic import BaseModel

from cells import FLAT, KEY, MODEL, OVER_DOCUMENTS, PDF, PNG, SERVER, WEATHER, holds, run, same

client = openai.AzureOpenAI(azure_endpoint=SERVER, api_key=KEY, api_version="2024-10-21")
newer = openai.OpenAI(base_url=f"{SERVER}/openai/v1/", api_key=KEY)


class Form(BaseModel):
    city: str
    degrees: int


def chat(text, one=client, **more):
    return one.chat.completions.create(**{"model": MODEL, "messages": [{"role": "user", "content": text}], **more})


def two_turns():
    first = chat("Hi").choices[0].message
    messages = [{"role": "user", "content": "Hi"}, first, {"role": "user", "content": "And?"}]
    holds(client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content, "Question 2")
    for one in (client, newer):
        holds(one.responses.create(model=MODEL, input="Hi").output_text, "Question 1")


def streamed():
    for one in (client, newer):
        holds("".join(chunk.choices[0].delta.content or "" for chunk in chat("Hi", one, stream=True)), "Question 1")


def loop_of_three():
    items = [{"role": "user", "content": "Look THRICE."}]
    for _ in range(3):
        response = client.responses.create(model=MODEL, input=items, tools=[FLAT])
        [call] = response.output
        items += [call, {"type": "function_call_output", "call_id": call.call_id, "output": "21"}]
    same(client.responses.create(model=MODEL, input=items, tools=[FLAT]).output_text, "Results: 21, 21, 21.")


def parallel():
    same(len(chat("Both TOGETHER.", tools=[WEATHER]).choices[0].message.tool_calls), 2)


def structured():
    asked = [{"role": "user", "content": "A FORM"}]
    parsed = client.chat.completions.parse(model=MODEL, messages=asked, response_format=Form)
    same(parsed.choices[0].message.parsed.city, "Oslo")


def refusal():
    holds(chat("REFUSE").choices[0].message.refusal, "can't")


def documents():
    same(chat("Days of leave?", model=OVER_DOCUMENTS).choices[0].message.content, "Thirty days [1].")


def picture():
    parts = [{"type": "image_url", "image_url": {"url": PNG}}]
    for one in (client, newer):
        same(chat(parts, one).choices[0].message.content, "Pictures: 1.")


def pdf():
    items = [{"role": "user", "content": [{"type": "input_file", "filename": "wombat.pdf", "file_data": PDF}]}]
    for one in (client, newer):
        same(one.responses.create(model=MODEL, input=items).output_text, "The wombat digs.")


def file_search():
    tools = [{"type": "file_search", "vector_store_ids": ["Rules"]}, FLAT]
    for one in (client, newer):
        called = one.responses.create(model=MODEL, input="Days of leave? Both TOGETHER.", tools=tools)
        same([item.type for item in called.output], ["file_search_call", "function_call", "function_call"])


def background():
    response = client.responses.create(model=MODEL, input="SLOWLY", background=True)
    *_, last = client.responses.retrieve(response.id, stream=True)
    same(last.type, "response.completed")


async def batch():
    async with openai.AsyncAzureOpenAI(azure_endpoint=SERVER, api_key=KEY, api_version="2024-10-21") as many:
        asked = [
            many.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": f"Number {number}"}])
            for number in range(100)
        ]
        said = [reply.choices[0].message.content for reply in await asyncio.gather(*asked)]
    same(len(set(said)), 100)


def cancel():
    response = newer.responses.create(model=MODEL, input="SLOWLY", background=True)
    same(newer.responses.cancel(response.id).status, "cancelled")


def errors():
    holds(chat("BUSY azure").choices[0].message.content, "Question 1")
    try:
        chat("Hi", model="none")
    except openai.NotFoundError:
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
            "cancel": cancel,
            "errors": errors,
        }
    )
