// SPDX-License-Identifier: Apache-2.0
#include "box/show_plan.hpp"

#include <nlohmann/json.hpp>

#include "box.hpp"

using namespace agentbox;
using namespace agentbox::box;
using namespace agentbox::boxes;
using namespace agentbox::session_test;
using nlohmann::json;

TEST_CASE("the JSON form has every step with all its details") {
  const auto wanted = fields();
  const policy::Policy policy = policy_of(wanted);
  const Plan plan = make_plan(policy, host_of(wanted));
  const json shown = json::parse(plan_json(plan, policy));
  REQUIRE(shown.at("steps").size() == plan.steps.size());
  REQUIRE(shown.at("teardown").size() == plan.teardown.size());
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const json& step = shown.at("steps").at(i);
    if (const auto* file = std::get_if<WriteFile>(&plan.steps[i])) {
      CHECK(step.at("path") == file->path.string());
      CHECK(step.at("content") == file->content);
    }
    if (const auto* attach = std::get_if<Attach>(&plan.steps[i])) {
      CHECK(step.at("argv") == json(attach->command.argv));
      CHECK(step.at("env") == json(attach->command.env));
    }
  }
}

TEST_CASE("what is labelled for SELinux is shown") {
  const auto wanted = fields();
  const policy::Policy policy = policy_of(wanted);
  Plan plan = make_plan(policy, host_of(wanted));
  plan.steps.insert(plan.steps.begin(), LabelPaths{{{"/home/user/project", {"container_file_t", "s0:c1,c2"}, true},
                                                    {"/run/x/hosts", {"container_ro_file_t", "s0"}}}});
  const json step = json::parse(plan_json(plan, policy)).at("steps").at(0);
  CHECK(step.at("paths") ==
        json{{"/home/user/project/**", "container_file_t:s0:c1,c2"}, {"/run/x/hosts", "container_ro_file_t:s0"}});
  CHECK(plan_text(plan, policy).find("label /home/user/project/** as container_file_t:s0:c1,c2\n") !=
        std::string::npos);
}

TEST_CASE("the text form names the same steps") {
  const auto wanted = fields();
  const policy::Policy policy = policy_of(wanted);
  const Plan plan = make_plan(policy, host_of(wanted));
  const std::string text = plan_text(plan, policy);
  for (const Step& step : plan.steps) {
    if (const auto* file = std::get_if<WriteFile>(&step)) {
      CHECK(text.find("write " + file->path.string()) != std::string::npos);
      CHECK(text.find(file->content) != std::string::npos);
    }
    if (const auto* attach = std::get_if<Attach>(&step)) {
      CHECK(text.find("$ " + support::shell_quote(attach->command.argv) + " &\nwait for: create the pod\nwrite to ") !=
            std::string::npos);
    }
  }
}

TEST_CASE("values that were passed into the box are not shown") {
  auto wanted = fields();
  wanted.env["API_KEY"] = "s3cr3t-value";
  const policy::Policy policy = policy_of(wanted);
  const Plan plan = make_plan(policy, host_of(wanted));
  for (const std::string& shown : {plan_text(plan, policy), plan_json(plan, policy)}) {
    CHECK(shown.find("s3cr3t-value") == std::string::npos);
    CHECK(shown.find("API_KEY=(not shown)") != std::string::npos);
  }
}
