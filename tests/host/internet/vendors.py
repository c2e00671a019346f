# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for the two vendors' APIs: just enough of OpenAI's Responses API and Anthropic's Messages API, streaming,
to make the real `codex exec` and `claude -p` run one shell command and say that they are done.

The command is the text between <run> and </run> in the prompt, so that a test decides what "the model" does."""
import json
import re

RUN = re.compile(r"<run>(.*?)</run>", re.S)
DONE = "The stand-in is done."


def _texts(value):
    """Returns every string inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _command(conversation):
    """Returns the command that the last prompt asks to run, or None."""
    found = None
    for text in _texts(conversation):
        for match in RUN.finditer(text):
            found = match.group(1)
    return found


def sse(events):
    """Server-sent events from dicts that name their event in "type"."""
    for event in events:
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


# --- OpenAI: POST /v1/responses ---------------------------------------------------------------------------------

def _openai_tools(request):
    """Returns the names of all tools that a request offers; newer versions send them as an input item, in namespaces."""
    pending = list(request.get("tools", []))
    for item in request.get("input", []):
        pending += item.get("tools", []) if item.get("type") == "additional_tools" else []
    names = set()
    while pending:
        tool = pending.pop()
        pending += tool.get("tools", [])
        names.add(tool.get("name") or tool.get("type"))
    return names


def _openai_call(names, command):
    """Returns a call of the shell tool that this version of Codex offers."""
    if "exec" in names:
        script = f"const result = await tools.exec_command({json.dumps({'cmd': command})}); text(result);"
        return {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "exec", "namespace": "functions",
                "input": script}
    calls = {
        "exec_command": {"cmd": command},
        "shell_command": {"command": command},
        "shell": {"command": ["bash", "-c", command]},
    }
    name = next(name for name in calls if name in names)
    return {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": name, "arguments": json.dumps(calls[name])}


def openai(request):
    """Returns the events that answer one POST /v1/responses."""
    history = request.get("input", [])
    answered = any(item.get("type", "").endswith("_call_output") for item in history)
    command = _command(history)
    if command and not answered:
        item = _openai_call(_openai_tools(request), command)
    else:
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": DONE, "annotations": []}]}
    usage = {"input_tokens": 1, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 1,
             "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2}
    response = {"id": "resp_1", "object": "response", "model": request.get("model", "stand-in")}
    return [
        {"type": "response.created", "response": {**response, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "status": "in_progress"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {**response, "status": "completed", "output": [item], "usage": usage}},
    ]


# --- Anthropic: POST /v1/messages -------------------------------------------------------------------------------

def anthropic(request):
    """Returns the events that answer one POST /v1/messages."""
    messages = request.get("messages", [])
    blocks = [block for message in messages if isinstance(message.get("content"), list) for block in message["content"]]
    answered = any(block.get("type") == "tool_result" for block in blocks)
    command = _command(messages)
    has_bash = any(tool.get("name") == "Bash" for tool in request.get("tools", []))
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": request.get("model", "stand-in"),
               "content": [], "stop_reason": None, "stop_sequence": None,
               "usage": {"input_tokens": 1, "output_tokens": 1}}
    if command and has_bash and not answered:
        start = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps({"command": command, "description": "Runs it"})}
        stop_reason = "tool_use"
    else:
        start, delta, stop_reason = {"type": "text", "text": ""}, {"type": "text_delta", "text": DONE}, "end_turn"
    return message, [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": start},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": None},
         "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]
