"""instructor: forms by tools, by schemas and by Responses; whole and while they come."""

import instructor
import openai
from pydantic import BaseModel

from cells import BASE_URL, KEY, MODEL, run, same

ASKED = [{"role": "user", "content": "A FORM"}]


class Form(BaseModel):
    city: str
    degrees: int


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


if __name__ == "__main__":
    run({"structured": structured, "streamed": streamed})
