// SPDX-License-Identifier: Apache-2.0
#include "conversations/messages.hpp"

#include "catch.hpp"

using namespace agentbox::conversations;

TEST_CASE("what the user and Claude Code wrote is found") {
  const auto found = messages(R"({"type":"queue-operation","content":"fix it"}
{"type":"user","message":{"role":"user","content":"fix it"},"cwd":"/workspace"}
{"type":"user","isMeta":true,"message":{"role":"user","content":"a reminder"}}
{"type":"assistant","message":{"role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"Done."},{"type":"tool_use","name":"Bash"}]}}
{"type":"user","message":{"role":"user","content":[{"type":"tool_result","content":"ok"}]}}
{"type":"assistant","isSidechain":true,"message":{"content":[{"type":"text","text":"from a helper"}]}}
)",
                              100);
  REQUIRE(found.size() == 2);
  CHECK(found[0].by_user);
  CHECK(found[0].text == "fix it");
  CHECK_FALSE(found[1].by_user);
  CHECK(found[1].text == "Done.");
}

TEST_CASE("what the user and Codex wrote is found") {
  const auto found = messages(R"({"type":"session_meta","payload":{"id":"x","base_instructions":{"text":"You are"}}}
{"type":"event_msg","payload":{"type":"user_message","message":"fix it"}}
{"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"fix it"}]}}
{"type":"event_msg","payload":{"type":"agent_message","message":"Done."}}
{"type":"event_msg","payload":{"type":"item_completed","item":{"type":"UserMessage","content":[{"type":"text","text":"and test it"}]}}}
{"type":"event_msg","payload":{"type":"item_completed","item":{"type":"CommandExecution","id":"exec"}}}
{"type":"event_msg","payload":{"type":"item_completed","item":{"type":"AgentMessage","content":[{"type":"Text","text":"Tested."}]}}}
)",
                              100);
  REQUIRE(found.size() == 4);
  CHECK(found[0].by_user);
  CHECK(found[1].text == "Done.");
  CHECK(found[2].by_user);
  CHECK(found[2].text == "and test it");
  CHECK_FALSE(found[3].by_user);
  CHECK(found[3].text == "Tested.");
}

TEST_CASE("what the user, Qwen Code and Copilot wrote is found") {
  const auto found = messages(
      R"({"type":"user","message":{"role":"user","parts":[{"text":"say hello"}]}})"
      "\n"
      R"({"type":"assistant","message":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"Hello."}]}})"
      "\n"
      R"({"type":"system","message":{"parts":[{"text":"no"}]}})"
      "\n"
      R"({"type":"user.message","data":{"content":"and again","transformedContent":"<x>and again"}})"
      "\n"
      R"({"type":"system.message","data":{"content":"no"}})"
      "\n"
      R"({"type":"assistant.message","data":{"content":"Hello again."}})"
      "\n",
      10);
  REQUIRE(found.size() == 4);
  CHECK((found[0].by_user && found[0].text == "say hello"));
  CHECK((!found[1].by_user && found[1].text == "Hello."));
  CHECK((found[2].by_user && found[2].text == "and again"));
  CHECK((!found[3].by_user && found[3].text == "Hello again."));
}

TEST_CASE("messages of Gemini CLI are read, without its context and thoughts") {
  const auto found =
      messages(R"({"sessionId":"e01be573-61cf-4bb5-81bc-507976793f9d","kind":"main"})"
               "\n"
               R"({"$set":{"messages":[{"id":"1","type":"user","content":[{"text":"<session_context>"}]}]}})"
               "\n"
               R"({"id":"2","type":"user","content":[{"text":"say hello"}]})"
               "\n"
               R"({"id":"3","type":"gemini","content":"Hello.","thoughts":[{"subject":"no"}]})"
               "\n"
               R"({"id":"4","type":"info","content":"no"})"
               "\n",
               10);
  REQUIRE(found.size() == 2);
  CHECK((found[0].by_user && found[0].text == "say hello"));
  CHECK((!found[1].by_user && found[1].text == "Hello."));
}

TEST_CASE("damaged lines are skipped, and no more than the maximum is read") {
  const std::string good = R"({"type":"user","message":{"content":"x"}})";
  CHECK(messages("", 10).empty());
  CHECK(
      messages("{\"type\":\"user\"}\n[]\n7\n{\"type\":7}\n\xff\n{\"type\":\"user\",\"message\":\"m\"}\n", 10).empty());
  CHECK(messages(good + "\n{broken\n" + good + "\n" + good, 2).size() == 2);
  CHECK(messages(std::string(100'000, '[') + "\n" + good, 10).size() == 1);
}

TEST_CASE("a line with more values than agents write, or nested deeper, is skipped") {
  const auto with = [](const std::string& more) {
    return messages(R"({"type":"user","more":)" + more + R"(,"message":{"content":"x"}})", 10).size();
  };
  const auto many = [](std::size_t count, const std::string& text) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
      all += text;
    }
    return all;
  };
  CHECK(with("[" + many(40'000, "[],") + "1]") == 1);
  CHECK(with("[" + many(400'000, "[],") + "1]") == 0);
  CHECK(with("[" + many(400'000, "1,") + "1]") == 0);
  CHECK(with(many(20, "[") + many(20, "]")) == 1);
  CHECK(with(many(200, "[") + many(200, "]")) == 0);
  CHECK(with(many(200, R"({"a":)") + "1" + many(200, "}")) == 0);
}
