"""instructor: forms by tools, by schemas and by Responses; whole and while they come."""

import asyncio
from collections.abc import Iterable

import instructor
import openai
from instructor.processing import multimodal
from pydantic import BaseModel

from cells import BASE_URL, KEY, MODEL, OVER_DOCUMENTS, PDF, PNG, holds, run, same

ASKED = [{"role": "user", "content": "A FORM"}]


class Form(BaseModel):
    city: str
    degrees: int


class weather(BaseModel):  # noqa: N801 the model server knows the function by this name
    """Weather."""

    city: str


def clients():
    plain = openai.OpenAI(base_url=BASE_URL, api_key=KEY)
    for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA, instructor.Mode.JSON, instructor.Mode.MD_JSON):
        yield instructor.from_openai(plain, mode=mode)


def structured():
    for client in clients():
        form = client.chat.completions.create(model=MODEL, response_model=Form, messages=ASKED)
        same(form.model_dump(), {"city": "Oslo", "degrees": 21})


def streamed():
    for client in clients():
        *_, form = client.chat.completions.create_partial(model=MODEL, response_model=Form, messages=ASKED)
        same((form.city, form.degrees), ("Oslo", 21))


def filled(messages=ASKED, model=MODEL, client=None, **more):
    client = client or next(clients())
    return client.chat.completions.create(model=model, response_model=Form, messages=messages, **more)


def two_turns():
    first = filled()
    said = [*ASKED, {"role": "assistant", "content": first.model_dump_json()}, *ASKED]
    for client in clients():
        same(filled(said, client=client).city, "Oslo")


def parallel():
    plain = openai.OpenAI(base_url=BASE_URL, api_key=KEY)
    client = instructor.from_openai(plain, mode=instructor.Mode.PARALLEL_TOOLS)
    asked = [{"role": "user", "content": "Both TOGETHER."}]
    found = client.chat.completions.create(model=MODEL, response_model=Iterable[weather], messages=asked)
    same([one.city for one in found], ["Oslo", "Rome"])


def refusal():
    refused = [{"role": "user", "content": "REFUSE"}]
    try:
        filled(refused, max_retries=1)
    except Exception as error:
        holds(f"{type(error).__name__} {error}".lower(), "can't")
    else:
        raise AssertionError("a form was made of a refusal")


def picture():
    for client in clients():
        same(
            filled([{"role": "user", "content": ["A FORM", multimodal.Image.from_base64(PNG)]}], client=client).city,
            "Oslo",
        )


def pdf():
    for client in clients():
        same(
            filled([{"role": "user", "content": ["A FORM", multimodal.PDF.from_base64(PDF)]}], client=client).city,
            "Oslo",
        )


def documents():
    asked = [{"role": "user", "content": "Days of leave? A FORM"}]
    for client in clients():
        same(filled(asked, OVER_DOCUMENTS, client).city, "Oslo")


async def batch():
    client = instructor.from_openai(openai.AsyncOpenAI(base_url=BASE_URL, api_key=KEY))
    asked = [
        client.chat.completions.create(
            model=MODEL, response_model=Form, messages=[{"role": "user", "content": f"A FORM, number {number}"}]
        )
        for number in range(100)
    ]
    same([one.degrees for one in await asyncio.gather(*asked)], [21] * 100)


def errors():
    same(filled([{"role": "user", "content": "A FORM when BUSY instructor"}]).city, "Oslo")
    try:
        filled(model="none", max_retries=1)
    except Exception as error:
        holds(str(error), "404")
    else:
        raise AssertionError("it was found")


def cancel():
    for client in clients():
        for _ in client.chat.completions.create_partial(model=MODEL, response_model=Form, messages=ASKED):
            break
        same(filled(client=client).city, "Oslo")


if __name__ == "__main__":
    run(
        {
            "two turns": two_turns,
            "streamed": streamed,
            "parallel calls": parallel,
            "structured": structured,
            "refusal": refusal,
            "picture": picture,
            "pdf": pdf,
            "documents": documents,
            "batch of 100": batch,
            "errors": errors,
            "cancel": cancel,
        }
    )
