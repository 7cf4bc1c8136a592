"""LangChain: its chat model by chat completions and by Responses, its older one by completions, batches."""

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAI
from pydantic import BaseModel

from cells import BASE_URL, KEY, LOOPED, MODEL, OVER_DOCUMENTS, PDF, PNG, holds, run, same

AT = {"base_url": BASE_URL, "api_key": KEY}


class Form(BaseModel):
    """A form."""

    city: str
    degrees: int


@tool
def weather(city: str) -> str:
    """Weather."""
    return f"{city} 21"


def models(name=MODEL, **more):
    return [ChatOpenAI(model=name, use_responses_api=one, **AT, **more) for one in (False, True)]


def two_turns():
    for model in models():
        first = model.invoke([HumanMessage("Hi")])
        holds(first.text, "Question 1")
        holds(model.invoke([HumanMessage("Hi"), first, HumanMessage("And?")]).text, "Question 2")
    chained = models(use_previous_response_id=True)[1]
    first = chained.invoke([HumanMessage("Hi")])
    holds(chained.invoke([HumanMessage("Hi"), first, HumanMessage("And?")]).text, "Question 2")
    holds(OpenAI(model=MODEL, **AT).invoke("Hi"), "Question 1")


def streamed():
    for model in models():
        holds("".join(piece.text for piece in model.stream("Hi")), "Question 1")
    holds("".join(OpenAI(model=MODEL, **AT).stream("Hi")), "Question 1")


def loop_of_three():
    for model in models():
        for is_streamed in (False, True):
            messages, able = [HumanMessage("Look THRICE.")], model.bind_tools([weather])
            while True:
                if is_streamed:
                    pieces = list(able.stream(messages))
                    said = pieces[0]
                    for piece in pieces[1:]:
                        said += piece
                else:
                    said = able.invoke(messages)
                messages.append(said)
                if not said.tool_calls:
                    break
                messages += [
                    ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"]) for call in said.tool_calls
                ]
            same(said.text, LOOPED)


def parallel():
    for model in models():
        same(
            [call["args"]["city"] for call in model.bind_tools([weather]).invoke("Both TOGETHER.").tool_calls],
            ["Oslo", "Rome"],
        )


def structured():
    for model in models():
        for method in ("json_schema", "function_calling"):
            same(model.with_structured_output(Form, method=method).invoke("A FORM"), Form(city="Oslo", degrees=21))


def refusal():
    holds(models()[0].invoke("REFUSE").additional_kwargs.get("refusal"), "can't")


def picture():
    for model in models():
        same(model.invoke([HumanMessage([{"type": "image_url", "image_url": {"url": PNG}}])]).text, "Pictures: 1.")


def pdf():
    part = {"type": "file", "base64": PDF.partition(",")[2], "mime_type": "application/pdf", "filename": "wombat.pdf"}
    for model in models():
        same(model.invoke([HumanMessage([part])]).text, "The wombat digs.")


def documents():
    for model in models(OVER_DOCUMENTS):
        same(model.invoke("Days of leave?").text, "Thirty days [1].")


def file_search():
    search = {"type": "file_search", "vector_store_ids": ["Rules"]}
    able = models()[1].bind_tools([search, weather])
    same(able.invoke("Days of leave?").text, "Thirty days [1].")
    same(len(able.invoke("Days of leave? Both TOGETHER.").tool_calls), 2)


async def batch():
    said = await models()[0].abatch([f"Number {number}" for number in range(100)])
    same(len({one.text for one in said}), 100)


def errors():
    for number, model in enumerate(models()):
        holds(model.invoke(f"BUSY langchain {number}").text, "Question 1")


def cancel():
    for model in models():
        for _ in model.stream("SLOWLY"):
            break
        holds(model.invoke("Hi").text, "Question 1")


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
            "batch of 100": batch,
            "errors": errors,
            "cancel": cancel,
        }
    )
